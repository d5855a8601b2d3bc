import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as db
from dagster._core.events import AssetMaterializationPlannedData, StepMaterializationData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fti_assets.assets.instance.event_log import PooledSqliteEventLogStorage

DAILY = dg.DailyPartitionsDefinition("2013-01-01", end_date="2013-01-04")
DAYS = DAILY.get_partition_keys()
WEATHER = dg.AssetKey("weather")
POOLED = """
telemetry: {{enabled: false}}
storage:
  custom:
    module: fti_assets.assets.instance.storage
    class: HomeStorage
    config: {{base_dir: {home}}}
"""


def daily_assets() -> list[dg.AssetsDefinition]:
    @dg.asset(
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec("valid", asset="weather")],
    )
    def weather(context) -> dg.MaterializeResult:
        for number, day in enumerate(context.partition_keys):
            context.add_asset_metadata({"rows": number}, partition_key=day)
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, metadata={"cases": 0})])

    @dg.asset(partitions_def=DAILY, backfill_policy=dg.BackfillPolicy.single_run(), deps=[weather])
    def carriers() -> None:
        pass

    return [weather, carriers]


def instance(home: Path, config: str) -> dg.DagsterInstance:
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text(config.format(home=home))
    return dg.DagsterInstance.from_config(str(home))


def range_run(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    tags = {"dagster/asset_partition_range_start": DAYS[0], "dagster/asset_partition_range_end": DAYS[-1]}
    job = dg.Definitions(assets=daily_assets()).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, tags=tags)


def history(instance: dg.DagsterInstance, run_id: str) -> dict[str, object]:
    """Everything a reader of the event log sees of a range run, without ids and times."""
    storage = instance.event_log_storage
    checks = storage.get_asset_check_execution_history(dg.AssetCheckKey(WEATHER, "valid"), limit=10)
    materializations = instance.fetch_materializations(WEATHER, limit=100, ascending=True).records
    return {
        "events": [record.event_log_entry.dagster_event_type for record in storage.get_records_for_run(run_id).records],
        "partitions": {
            key.to_user_string(): storage.get_materialized_partitions(key) for key in storage.all_asset_keys()
        },
        "rows": {m.partition_key: m.asset_materialization.metadata["rows"].value for m in materializations},
        "last run": [record.asset_entry.last_run_id == run_id for record in storage.get_asset_records()],
        "last day": storage.get_latest_materialization_events([WEATHER])[WEATHER].asset_materialization.partition,
        "checks": [(check.status, check.partition, check.event.dagster_event.event_type) for check in checks],
        "successes": len(instance.fetch_run_status_changes(dg.DagsterEventType.RUN_SUCCESS, limit=10).records),
        "steps": [(step.step_key, step.status) for step in storage.get_step_stats_for_run(run_id)],
    }


def event(
    number: int,
    of_type: dg.DagsterEventType = dg.DagsterEventType.ASSET_MATERIALIZATION,
    run_id: str = "run",
    timestamp: float | None = None,
) -> dg.EventLogEntry:
    """The materialization of one partition, as a run would report it."""
    materialization = dg.AssetMaterialization("weather", partition=str(number))
    data = StepMaterializationData(materialization)
    if of_type == dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED:
        data = AssetMaterializationPlannedData(WEATHER, partition=str(number))
    return dg.EventLogEntry(
        error_info=None,
        level=10,
        user_message="",
        run_id=run_id,
        timestamp=1.0e9 + number if timestamp is None else timestamp,
        dagster_event=dg.DagsterEvent(of_type.value, "job", event_specific_data=data),
    )


def partitions(storage: PooledSqliteEventLogStorage) -> set[int]:
    return {int(partition) for partition in storage.get_materialized_partitions(WEATHER)}


def milliseconds(storage: PooledSqliteEventLogStorage, run_id: str = "run") -> list[int]:
    """The times of the run's events as the UI has them, in the order in which they were stored."""
    return [int(entry.timestamp * 1000) for entry in storage.get_logs_for_run(run_id)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*backfill_policy:dagster.BetaWarning")
def test_a_range_run_reads_the_same_as_from_dagsters_default_storage(tmp_path: Path) -> None:
    with instance(tmp_path / "default", "telemetry: {{enabled: false}}") as default:
        expected = history(default, range_run(default).run_id)
    with instance(tmp_path / "pooled", POOLED) as pooled:
        assert isinstance(pooled.event_log_storage, PooledSqliteEventLogStorage)
        run_id = range_run(pooled).run_id
        assert history(pooled, run_id) == expected
    with instance(tmp_path / "pooled", POOLED) as reopened:
        assert history(reopened, run_id) == expected
    assert expected["partitions"] == {"weather": set(DAYS), "carriers": set(DAYS)}
    assert expected["rows"] == dict(zip(DAYS, range(3), strict=True))


@pytest.mark.parametrize("of_type", ["ASSET_MATERIALIZATION", "ASSET_MATERIALIZATION_PLANNED"])
def test_an_asset_event_costs_one_commit_and_no_new_connection(tmp_path: Path, of_type: str) -> None:
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    storage.store_event(event(0))
    happened: list[str] = []
    db.event.listen(storage._engine, "commit", lambda _: happened.append("commit"))
    db.event.listen(storage._engine, "connect", lambda *_: happened.append("connect"))
    storage.store_event(event(1, dg.DagsterEventType(of_type)))
    storage.dispose()
    assert happened == ["commit"]


def test_an_event_is_stored_with_its_asset_row_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    with monkeypatch.context() as broken:
        broken.setattr(storage, "_store_asset_event", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            storage.store_event(event(1))
    assert partitions(storage) == set()
    storage.store_event(event(2))
    assert partitions(storage) == {2}
    storage.dispose()


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[PooledSqliteEventLogStorage]:
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    yield storage
    storage.dispose()


def test_events_of_one_moment_are_stored_a_millisecond_apart_in_their_order(
    storage: PooledSqliteEventLogStorage,
) -> None:
    now = time.time()
    storage.store_event_batch([event(number, timestamp=now) for number in range(500)])

    first = int(now * 1000)
    assert milliseconds(storage) == list(range(first, first + 500))
    found = storage.fetch_materializations(WEATHER, limit=1000, ascending=True).records
    assert [int(record.timestamp * 1000) for record in found] == list(range(first, first + 500))
    assert [record.partition_key for record in found] == [str(number) for number in range(500)]


def test_times_that_differ_enough_stay_to_the_digit(storage: PooledSqliteEventLogStorage) -> None:
    times = [1.7e9, 1.7e9 + 0.0015, 1.7e9 + 0.25]
    storage.store_event_batch([event(number, timestamp=moment) for number, moment in enumerate(times)])
    assert [entry.timestamp for entry in storage.get_logs_for_run("run")] == times


def test_the_next_batch_of_a_run_goes_on_where_the_last_one_ended(storage: PooledSqliteEventLogStorage) -> None:
    for batch in range(3):
        storage.store_event_batch([event(number, timestamp=1.7e9) for number in range(4 * batch, 4 * batch + 4)])
    storage.store_event_batch([event(number, run_id="another", timestamp=1.7e9) for number in range(2)])

    assert milliseconds(storage) == [1_700_000_000_000 + n for n in range(12)]
    assert milliseconds(storage, "another") == [1_700_000_000_000, 1_700_000_000_001]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.sampled_from([0.0, 0.0004, 0.0009])), max_size=12)
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_times_are_moved_only_on_and_only_as_far_as_they_must(
    storage: PooledSqliteEventLogStorage, happened: list[tuple[str, int, float]]
) -> None:
    example = uuid.uuid4().hex
    events = [
        event(number, run_id=run + example, timestamp=1.7e9 + millisecond / 1000 + part)
        for number, (run, millisecond, part) in enumerate(sorted(happened))
    ]
    storage.store_event_batch(events)
    for run_id in ("a" + example, "b" + example):
        free, expected = 0, []
        for entry in events:
            if entry.run_id == run_id:
                free = max(free, int(entry.timestamp * 1000))
                expected.append(free)
                free += 1
        assert milliseconds(storage, run_id) == expected


def test_the_file_is_in_write_ahead_mode_and_synchronised_at_checkpoints(tmp_path: Path) -> None:
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    with storage.index_connection() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    storage.dispose()


def test_threads_write_and_read_at_the_same_time(tmp_path: Path) -> None:
    storage = PooledSqliteEventLogStorage(str(tmp_path))

    def write(first: int) -> None:
        for number in range(first, first + 10):
            storage.store_event(event(number))
            assert number in partitions(storage)

    threads = [threading.Thread(target=write, args=(first,)) for first in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert partitions(storage) == set(range(80))
    storage.dispose()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_processes_write_the_file_their_parent_is_writing(tmp_path: Path) -> None:
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    storage.store_event(event(1000))
    children = []
    for first in range(0, 60, 20):
        child = os.fork()
        if child == 0:
            inherited = [
                name for name in map(os.path.realpath, Path("/proc/self/fd").glob("*")) if "event_log.db" in name
            ]
            for number in range(first, first + 20):
                storage.store_event(event(number))
            os._exit(1 if inherited else 0)
        children.append(child)
    for number in range(60, 80):
        storage.store_event(event(number))
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert partitions(storage) == {*range(80), 1000}
    with storage.index_connection() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    storage.dispose()


def test_a_watcher_hears_what_another_process_stores_after_its_cursor(tmp_path: Path) -> None:
    reader, writer = PooledSqliteEventLogStorage(str(tmp_path)), PooledSqliteEventLogStorage(str(tmp_path))
    writer.store_event(event(1))
    cursor = reader.get_records_for_run("run").cursor
    heard, third = [], threading.Event()

    def hear(entry: dg.EventLogEntry, _cursor: str) -> None:
        heard.append(entry.dagster_event.partition)
        if len(heard) == 2:
            third.set()

    reader.watch("run", cursor, hear)
    writer.store_event(event(2))
    writer.store_event(event(3))
    assert third.wait(timeout=10)
    reader.end_watch("run", hear)
    assert heard == ["2", "3"]
    reader.dispose()
    writer.dispose()


def test_processes_that_start_together_share_one_file(tmp_path: Path) -> None:
    opened: list[PooledSqliteEventLogStorage] = []
    threads = [
        threading.Thread(target=lambda: opened.append(PooledSqliteEventLogStorage(str(tmp_path / "new"))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, storage in enumerate(opened):
        storage.store_event(event(number))
    assert [partitions(storage) for storage in opened] == [{0, 1, 2, 3}] * 4
    for storage in opened:
        storage.dispose()
