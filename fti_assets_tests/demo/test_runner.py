import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from fti_assets.assets.beta import accepting_beta
from fti_assets.contracts.errors import Conflict
from fti_assets.contracts.time import Window
from fti_assets.demo.runner import Runner, sole_runner
from fti_assets.stores.home import Home

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-11", timezone="UTC")
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


class World:
    """Readings a day, weather from readings, and a board without partitions; `ran` says what was run for what."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.is_broken = False

    @accepting_beta
    def definitions(self) -> dg.Definitions:
        single_run = dg.BackfillPolicy.single_run()

        @dg.asset(partitions_def=DAYS, backfill_policy=single_run)
        def readings(context: dg.AssetExecutionContext) -> None:
            self.ran += [("readings", key) for key in context.partition_keys]

        @dg.asset(partitions_def=DAYS, backfill_policy=single_run, deps=[readings])
        def weather(context: dg.AssetExecutionContext) -> None:
            if self.is_broken:
                raise ValueError("the weather is broken")
            self.ran += [("weather", key) for key in context.partition_keys]

        @dg.asset(deps=[dg.AssetDep(weather, partition_mapping=dg.LastPartitionMapping())])
        def board() -> None:
            self.ran.append(("board", ""))

        return dg.Definitions(
            assets=[readings, weather, board],
            jobs=[
                dg.define_asset_job("daily", dg.AssetSelection.assets(readings, weather)),
                dg.define_asset_job("all", dg.AssetSelection.assets(readings, weather, board)),
                dg.define_asset_job("boards", dg.AssetSelection.assets(board)),
            ],
            executor=dg.in_process_executor,
        )


def january(first: int, last: int) -> Window:
    """Days of January 2024."""
    return Window.of_days(f"2024-01-{first:02}", f"2024-01-{last:02}")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def runner(world) -> Iterator[Runner]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Runner(world.definitions(), instance, say=lambda _: None)


def test_a_range_is_one_run_of_every_day(runner, world):
    runner.run_window("features", "daily", january(1, 3))

    days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert world.ran == [("readings", day) for day in days] + [("weather", day) for day in days]
    [run] = runner.instance.get_runs()
    assert [run.tags[tag] for tag in RANGE] == [days[0], days[-1]]
    assert runner.seconds["features"] > 0


def test_what_is_done_is_skipped(runner, world):
    runner.run_window("features", "daily", january(1, 3))
    world.ran.clear()

    runner.run_window("features", "daily", january(1, 3))
    runner.run_partition("features", "daily", "2024-01-02")

    assert (world.ran, len(runner.instance.get_runs())) == ([], 1)


def test_a_range_that_failed_half_way_does_the_rest(runner, world):
    world.is_broken = True
    with pytest.raises(ValueError, match="the weather is broken"):
        runner.run_window("features", "daily", january(1, 2))
    world.is_broken = False
    world.ran.clear()

    runner.run_window("features", "daily", january(1, 2))

    assert world.ran == [("weather", "2024-01-01"), ("weather", "2024-01-02")]


def test_an_asset_with_one_day_missing_is_run_for_the_whole_range(runner, world):
    runner.run_partition("features", "daily", "2024-01-02")
    world.ran.clear()

    runner.run_window("features", "daily", january(2, 3))

    assert ("readings", "2024-01-02") in world.ran


def test_a_partition_runs_what_has_no_partitions_along_with_it(runner, world):
    runner.run_partition("train", "all", "2024-01-02", {"fti/trigger": "it is Tuesday"})

    assert world.ran == [("readings", "2024-01-02"), ("weather", "2024-01-02"), ("board", "")]
    assert runner.instance.get_runs()[0].tags["fti/trigger"] == "it is Tuesday"


def test_assets_without_partitions_run_again_only_after_their_inputs(runner, world):
    runner.run_window("features", "daily", january(1, 1))
    runner.run_all("load", "boards")
    runner.run_all("load", "boards")
    assert world.ran.count(("board", "")) == 1

    runner.run_window("features", "daily", january(2, 2))
    runner.run_all("load", "boards")

    assert world.ran.count(("board", "")) == 2


def test_runs_that_were_killed_are_marked_as_failed(runner):
    job = runner.defs.resolve_job_def("daily")
    killed = runner.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={"fti/runner": "true"})
    of_the_ui = runner.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    runner.run_partition("features", "daily", "2024-01-02")

    assert runner.end_dead_runs() == 1

    status = {run.run_id: run.status for run in runner.instance.get_runs()}
    assert status[killed.run_id] == dg.DagsterRunStatus.FAILURE
    assert status[of_the_ui.run_id] == dg.DagsterRunStatus.STARTED
    assert runner.end_dead_runs() == 0


def test_one_runner_at_a_time_and_a_killed_one_lets_go(tmp_path):
    code = """
import sys, time, pathlib
from fti_assets.demo.runner import sole_runner
from fti_assets.stores.home import Home
with sole_runner(Home(pathlib.Path(sys.argv[1]))):
    print("holding", flush=True)
    time.sleep(60)
"""
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "holding\n"
        lock = Path(tmp_path / "dagster" / "runner.lock")
        assert lock.read_text() == str(other.pid)
        with pytest.raises(Conflict, match="is in use by another run"), sole_runner(Home(tmp_path)):
            pass
    finally:
        other.send_signal(signal.SIGKILL)
        other.communicate()

    with sole_runner(Home(tmp_path)):
        assert lock.read_text() != str(other.pid)
    with sole_runner(Home(tmp_path)):
        assert lock.exists()
