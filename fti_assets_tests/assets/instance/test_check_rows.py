from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as db

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.checks import check_results
from fti_assets.assets.instance.event_log import PooledSqliteEventLogStorage
from fti_assets_tests.assets.instance.test_event_log import DAILY, DAYS, POOLED, WEATHER, instance

STEADY = dg.AssetCheckKey(WEATHER, "steady")
RANGE = {"dagster/asset_partition_range_start": DAYS[0], "dagster/asset_partition_range_end": DAYS[-1]}
FOUND = {DAYS[0]: True, DAYS[1]: False, DAYS[2]: True}


@accepting_beta
def checked(seen: list[dict]) -> dg.AssetsDefinition:
    """An asset that evaluates its check for each partition, and before it ends reads what is stored of that."""

    @dg.asset(
        name="weather",
        partitions_def=DAILY,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec("steady", asset=WEATHER)],
    )
    def weather(context: dg.AssetExecutionContext):
        yield dg.MaterializeResult()
        results = list(check_results(context, WEATHER, "steady", FOUND, {"rows": 7}))
        yield from results[:-1]
        seen.append(statuses(context.instance))
        yield results[-1]

    return weather


def statuses(instance: dg.DagsterInstance) -> dict[str | None, str]:
    history = instance.event_log_storage.get_asset_check_execution_history(STEADY, limit=100)
    return {record.partition: record.status.value for record in history}


def evaluations(instance: dg.DagsterInstance) -> list[tuple[object, ...]]:
    """All that is stored of the check, and of the events of its run, without ids and times."""
    history = instance.event_log_storage.get_asset_check_execution_history(STEADY, limit=100)
    stored = [
        (r.partition, r.status.value, r.evaluation.passed, dict(r.evaluation.metadata), r.event.step_key)
        for r in history
        if r.evaluation is not None
    ]
    events = instance.event_log_storage.get_records_for_run(history[0].run_id).records
    kinds = [(e.event_log_entry.dagster_event_type, e.event_log_entry.step_key) for e in events]
    return [*sorted(stored, key=str), *kinds]


def run(instance: dg.DagsterInstance) -> list[dict]:
    seen: list[dict] = []
    job = dg.Definitions(assets=[checked(seen)]).resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=instance, tags=RANGE).success
    return seen


def test_evaluations_of_partitions_are_stored_as_dagsters_default_storage_stores_them(tmp_path: Path) -> None:
    with instance(tmp_path / "default", "telemetry: {{enabled: false}}") as default:
        run(default)
        expected = evaluations(default)
    with instance(tmp_path / "pooled", POOLED) as pooled:
        seen = run(pooled)
        assert evaluations(pooled) == expected
        expected_statuses = {**{day: "SUCCEEDED" if ok else "FAILED" for day, ok in FOUND.items()}, None: "FAILED"}
        assert statuses(pooled) == expected_statuses
    assert seen == [{day: status for day, status in expected_statuses.items() if day}], "a reader sees what waits"


def evaluation(partition: str | None, run_id: str = "run") -> dg.EventLogEntry:
    found = dg.AssetCheckEvaluation(
        asset_key=WEATHER, check_name="steady", passed=True, partition=partition, metadata={}, blocking=False
    )
    dagster_event = dg.DagsterEvent(dg.DagsterEventType.ASSET_CHECK_EVALUATION.value, "job", event_specific_data=found)
    return dg.EventLogEntry(
        error_info=None, level=10, user_message="", run_id=run_id, timestamp=1.0e9, dagster_event=dagster_event
    )


@pytest.fixture
def storage(tmp_path: Path):
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    yield storage
    storage.dispose()


def stored(storage: PooledSqliteEventLogStorage) -> list[str | None]:
    history = storage.get_asset_check_execution_history(STEADY, limit=1000)
    return [record.partition for record in reversed(history)]


def test_the_evaluations_of_a_step_cost_one_commit(storage):
    commits: list[str] = []
    db.event.listen(storage._engine, "commit", lambda _: commits.append("commit"))
    for day in DAYS:
        storage.store_event(evaluation(day))
    assert commits == []

    storage.store_event(evaluation(None))

    assert commits == ["commit", "commit"]
    assert stored(storage) == [*DAYS, None], "evaluations that nobody planned are stored too"


def test_what_waits_is_stored_when_it_is_much_and_when_the_storage_closes(tmp_path):
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    for number in range(501):
        storage.store_event(evaluation(str(number)))
    other = PooledSqliteEventLogStorage(str(tmp_path))
    assert len(stored(other)) == 500
    storage.dispose()
    assert len(stored(other)) == 501
    other.dispose()


def test_an_evaluation_outside_a_run_waits_for_nothing(tmp_path, storage):
    storage.store_event(evaluation(DAYS[0], run_id=""))
    other = PooledSqliteEventLogStorage(str(tmp_path))
    assert stored(other) == [DAYS[0]]
    other.dispose()


def test_a_batch_is_stored_whole_or_not_at_all(storage, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(storage, "_update_asset_check_evaluation", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            storage.store_event_batch([evaluation(day) for day in DAYS])
    assert stored(storage) == []
    assert storage.get_records_for_run("run").records == []
    storage.store_event_batch([])
    storage.store_event_batch([evaluation(day) for day in DAYS])
    assert stored(storage) == DAYS


def test_an_evaluation_that_cannot_be_stored_is_kept_for_the_next_try(storage, monkeypatch):
    storage.store_event(evaluation(DAYS[0]))
    with monkeypatch.context() as broken:
        broken.setattr(storage, "_update_asset_check_evaluation", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            storage.store_waiting()
    assert stored(storage) == [DAYS[0]]
