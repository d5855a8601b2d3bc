"""Whether partitions are up to date, as a check of each: when it is made, and every hour after."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.checks import CheckResult, check_results
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.instance.dagster_private import AssetCheckEvaluationTargetMaterializationData
from fti_assets.stores.home import Home
from fti_assets.stores.out_of_date import OutOfDate

UP_TO_DATE = "up_to_date"
Told = Mapping[str, Sequence[OutOfDate]]
"""What is out of date, by the asset; none of an asset that is up to date."""


def up_to_date_key(key: dg.AssetKey) -> dg.AssetCheckKey:
    """The key of an asset's check."""
    return dg.AssetCheckKey(key, UP_TO_DATE)


@accepting_beta
def up_to_date_spec(key: dg.AssetKey, partitions: dg.PartitionsDefinition | None) -> dg.AssetCheckSpec:
    """The check that a partition would be made of the same today; it warns and blocks nothing."""
    return dg.AssetCheckSpec(
        UP_TO_DATE,
        asset=key,
        partitions_def=partitions,
        description="What it was made from, and by which code, is what there is now.",
    )


def up_to_date(context: dg.AssetExecutionContext, key: dg.AssetKey, told: Sequence[OutOfDate]) -> Iterator[CheckResult]:
    """The check's results for the partitions that a run has made, of which inputs may have changed meanwhile."""
    causes = {one.partition: list(one.causes) for one in told}
    by_partition = {partition: {"because": of_partition} for partition, of_partition in causes.items()}
    passed = not causes if "" in causes else dict.fromkeys(causes, False)
    shown = {"out of date": len(causes)}
    yield from check_results(context, key, UP_TO_DATE, passed, shown, dg.AssetCheckSeverity.WARN, by_partition)


def telling(location: str, tell: Callable[[Home], Told]) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """A job that says of every partition of a location whether it is up to date, and its schedule.

    It reports those that were not, or are not any more.
    """
    name = f"{location}_out_of_date"

    @dg.op(name=f"tell_{name}")
    def said(context: dg.OpExecutionContext, home: HomeResource) -> None:
        for asset, partitions in tell(home.open()).items():
            key = up_to_date_key(dg.AssetKey(asset.split("/")))
            now = {one.partition: one for one in partitions}
            before = _failed(context.instance, key)
            for partition in sorted(now.keys() ^ before):
                evaluation = _evaluation(context.instance, key, partition, now.get(partition))
                context.log_event(evaluation)  # type: ignore[arg-type]  # it takes them, too
            context.log.info(f"{asset}: {len(now)} out of date")

    @dg.job(name=name, executor_def=dg.in_process_executor)
    def job() -> None:
        """Say of which partitions an input, or the code, has changed since they were made."""
        said()

    schedule = dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule="17 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every hour. It reads what partitions were made from, and makes nothing.",
    )
    return job, schedule


def _failed(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> set[str]:
    """The partitions of which the check said last that they are not up to date."""
    infos = instance.event_log_storage.get_asset_check_partition_info([key])
    return {info.partition_key or "" for info in infos if info.latest_execution_status.value == "FAILED"}


def _evaluation(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, partition: str, told: OutOfDate | None
) -> dg.AssetCheckEvaluation:
    """What is said of a partition as it was made last: of one made since, conditions take it for unsaid."""
    asked = dg.AssetRecordsFilter(key.asset_key, asset_partitions=[partition] if partition else None)
    made = instance.fetch_materializations(asked, limit=1).records
    return dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=told is None,
        partition=partition or None,
        target_materialization_data=_target(made[0]) if made else None,
        metadata={"because": list(told.causes)} if told else {},
        severity=dg.AssetCheckSeverity.WARN,
        blocking=False,
    )


def _target(made: dg.EventLogRecord) -> AssetCheckEvaluationTargetMaterializationData:
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=made.storage_id, run_id=made.run_id, timestamp=made.timestamp
    )
