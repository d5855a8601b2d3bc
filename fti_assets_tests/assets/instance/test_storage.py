"""The storage that a home's settings name, on a Dagster that the pooled event log knows and on others."""

import logging
import subprocess
import sys
from collections.abc import Iterator

import dagster as dg
import pytest

from fti_assets.assets.instance.dagster_private import ConsolidatedSqliteEventLogStorage
from fti_assets.assets.instance.event_log import PooledSqliteEventLogStorage
from fti_assets.assets.instance.settings import instance_directory, open_instance
from fti_assets.assets.instance.storage import _warn_once
from fti_assets.stores.home import Home
from fti_assets_tests.assets.instance.test_event_log import DAYS, WEATHER, history, range_run


@pytest.fixture(autouse=True)
def _warnings_are_of_this_test() -> Iterator[None]:
    _warn_once.cache_clear()
    yield
    _warn_once.cache_clear()


def add(home: Home, partition: str) -> None:
    with open_instance(home) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(WEATHER, partition=partition))


def partitions(home: Home) -> set[str]:
    with open_instance(home) as instance:
        return instance.get_materialized_partitions(WEATHER)


def test_runs_events_and_schedules_lie_where_they_always_did(tmp_path):
    add(Home(tmp_path), "2013-01-01")
    files = {str(path.relative_to(tmp_path / "dagster")) for path in tmp_path.rglob("*.db")}
    assert files == {"history/runs.db", "event_log/event_log.db", "schedules/schedules.db"}


@pytest.mark.filterwarnings("ignore:.*backfill_policy:dagster.BetaWarning")
def test_a_run_is_the_same_on_a_dagster_that_was_not_tested_and_later_on_one_that_was(tmp_path, monkeypatch, caplog):
    home = Home(tmp_path)
    with open_instance(home) as instance:
        before = history(instance, range_run(instance).run_id)
    with monkeypatch.context() as another, caplog.at_level(logging.WARNING):
        another.setattr(dg, "__version__", "1.14.2")
        for _ in range(2):
            with open_instance(home) as instance:
                assert type(instance.event_log_storage) is ConsolidatedSqliteEventLogStorage
                assert instance.get_materialized_partitions(WEATHER) == set(DAYS), "what was stored is seen"
                run_id = range_run(instance).run_id
    [warning] = [record.getMessage() for record in caplog.records if record.name.startswith("fti_assets")]
    assert warning == (
        "Dagster's own event log takes the place of the pooled one, and range runs take longer: dagster 1.14.2 is "
        "installed. Install dagster>=1.13.13,<1.14 to have the pooled one."
    )
    with open_instance(home) as instance:
        assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
        after = history(instance, run_id)
    counted = ("rows", "checks", "successes")  # these tell of all runs, three by now
    assert {name: after[name] for name in after if name not in counted} == {
        name: before[name] for name in before if name not in counted
    }
    assert after["successes"] == 3


def test_a_class_of_another_shape_gives_way_with_a_warning(tmp_path, monkeypatch, caplog):
    add(Home(tmp_path), "2013-01-01")
    monkeypatch.setattr(ConsolidatedSqliteEventLogStorage, "_event_to_row", lambda _self: {})
    with caplog.at_level(logging.WARNING):
        assert partitions(Home(tmp_path)) == {"2013-01-01"}
    assert [record.levelname for record in caplog.records if record.name.startswith("fti_assets")] == ["WARNING"]


@pytest.mark.parametrize(
    ("module", "name", "storage", "partitions"),
    [
        ("dagster._core.events", "ASSET_EVENTS", "ConsolidatedSqliteEventLogStorage", "['2013-01-01', '2013-01-02']"),
        (
            "dagster._core.storage.event_log",
            "ConsolidatedSqliteEventLogStorage",
            "SqliteEventLogStorage",
            "['2013-01-02']",
        ),
    ],
)
def test_a_dagster_without_a_private_name_opens_the_home_and_says_so_once(tmp_path, module, name, storage, partitions):
    add(Home(tmp_path), "2013-01-01")
    script = f"""
import sys
from pathlib import Path
import dagster as dg
import dagster._core.storage.sqlite_storage
import {module} as module
del module.{name}
from fti_assets.assets.instance.settings import open_instance
from fti_assets.stores.home import Home
for _ in range(2):
    with open_instance(Home(Path(sys.argv[1]))) as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("weather", partition="2013-01-02"))
        days = sorted(instance.get_materialized_partitions(dg.AssetKey("weather")))
        sys.stdout.write(f"{{type(instance.event_log_storage).__name__}} {{days}}\\n")
"""
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout == f"{storage} {partitions}\n" * 2
    assert done.stderr.count(f"has no {name}") == 1
    unseen = f"Until then the events in {tmp_path}/dagster/event_log are not seen."
    assert (unseen in done.stderr) == (storage == "SqliteEventLogStorage")


def test_every_process_of_dagster_opens_it_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(instance_directory(Home(tmp_path))))
    with dg.DagsterInstance.get() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(WEATHER, partition="2013-01-01"))
        with dg.DagsterInstance.from_ref(instance.get_ref()) as of_another_process:
            assert isinstance(of_another_process.event_log_storage, PooledSqliteEventLogStorage)
            assert of_another_process.get_materialized_partitions(WEATHER) == {"2013-01-01"}
    assert partitions(Home(tmp_path)) == {"2013-01-01"}


def test_a_home_in_the_users_folder_may_be_named_with_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    instance_directory(Home(tmp_path / "fti"))
    monkeypatch.setenv("DAGSTER_HOME", "~/fti/dagster")
    monkeypatch.chdir(tmp_path)
    with dg.DagsterInstance.get() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(WEATHER, partition="2013-01-01"))
    assert partitions(Home(tmp_path / "fti")) == {"2013-01-01"}
    assert not (tmp_path / "~").exists()


def test_dagster_migrates_and_reindexes_it(tmp_path):
    add(Home(tmp_path), "2013-01-01")
    with open_instance(Home(tmp_path)) as instance:
        instance.upgrade()
        instance.reindex()
    assert partitions(Home(tmp_path)) == {"2013-01-01"}
