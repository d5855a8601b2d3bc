"""The weekly maintenance of a home, as a Dagster job."""

import dagster as dg

from fti_assets.assets.home_resource import HomeResource
from fti_assets.stores.home_maintenance import maintain_home


@dg.op
def maintain(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Make one file of each table's month, summarize logs, and delete what nothing needs any more."""
    for place, done in maintain_home(home.open()).items():
        context.log.info(
            f"{place}: {len(done.compacted)} months made one file, log summarized to {done.summarized}, "
            f"{len(done.deleted)} objects deleted"
        )


@dg.job(executor_def=dg.in_process_executor)
def maintenance() -> None:
    """What `fti maintain` does."""
    maintain()


every_week = dg.ScheduleDefinition(
    name="maintenance",
    job=maintenance,
    cron_schedule="0 4 * * 0",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Sundays at 4:00 UTC. It deletes, and knows nothing of other homes on the same features: turn it on.",
)
"""Stopped until somebody turns it on: what deletes for good is a person's decision."""
