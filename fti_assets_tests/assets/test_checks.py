import dagster as dg
import pytest

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.checks import check_results

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")
KEY = dg.AssetKey("weather")
CHECK = dg.AssetCheckKey(KEY, "steady")
JANUARY_3_TO_5 = {
    "dagster/asset_partition_range_start": "2024-01-03",
    "dagster/asset_partition_range_end": "2024-01-05",
}


@accepting_beta
def weather(passed, partitions=DAYS, severity=dg.AssetCheckSeverity.ERROR):
    """An asset whose check has one answer for all partitions, or one for each."""

    @dg.asset(
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec("steady", asset=KEY)],
    )
    def weather(context: dg.AssetExecutionContext):
        yield dg.MaterializeResult()
        yield from check_results(context, KEY, "steady", passed, {"rows": 7}, severity)

    return weather


def evaluations(asset, partition=None, tags=None):
    """Every evaluation that a run leaves behind, as (partition, status); and the run's own result."""
    job = dg.Definitions(assets=[asset]).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        ran = job.execute_in_process(instance=instance, partition_key=partition, tags=tags)
        history = instance.event_log_storage.get_asset_check_execution_history(CHECK, 100)
        last = [e for e in ran.get_asset_check_evaluations() if e.partition is None]
        return {(record.partition, record.status.value) for record in history}, last[-1]


def test_each_partition_of_a_range_has_its_own_evaluation():
    found, whole = evaluations(weather({"2024-01-03": True, "2024-01-04": False}), tags=JANUARY_3_TO_5)

    assert found == {
        ("2024-01-03", "SUCCEEDED"),
        ("2024-01-04", "FAILED"),
        ("2024-01-05", "SUCCEEDED"),
        (None, "FAILED"),
    }
    assert whole.metadata["rows"].value == 7


@pytest.mark.parametrize(("passed", "status"), [(True, "SUCCEEDED"), (False, "FAILED")])
def test_one_answer_holds_for_every_partition(passed, status):
    found, _ = evaluations(weather(passed), tags=JANUARY_3_TO_5)

    assert found == {(day, status) for day in ("2024-01-03", "2024-01-04", "2024-01-05", None)}


def test_a_single_partition_is_evaluated_by_name_too():
    assert evaluations(weather(True), "2024-01-03")[0] == {("2024-01-03", "SUCCEEDED"), (None, "SUCCEEDED")}


def test_without_partitions_there_is_one_evaluation():
    assert evaluations(weather(True, partitions=None))[0] == {(None, "SUCCEEDED")}


def test_an_unpartitioned_asset_in_the_run_of_a_partition_leaves_nothing_planned():
    @dg.asset(partitions_def=DAYS)
    def readings() -> None: ...

    job = dg.Definitions(assets=[readings, weather(True, partitions=None)]).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, partition_key="2024-01-03")
        history = instance.event_log_storage.get_asset_check_execution_history(CHECK, 100)

    assert {record.status.value for record in history} == {"SUCCEEDED"}


def test_the_severity_is_kept():
    _, whole = evaluations(weather(False, severity=dg.AssetCheckSeverity.WARN), "2024-01-03")

    assert (whole.passed, whole.severity) == (False, dg.AssetCheckSeverity.WARN)
