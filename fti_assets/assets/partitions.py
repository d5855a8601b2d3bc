"""Partitions: hours, days and weeks of knowledge, cutoffs, and how one depends on the other."""

import math
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import HOURLY, WEEKLY, Period, Window, midnight

_WEEKDAYS_FROM_SUNDAY = 7
SHORTEST_MONTH = timedelta(days=28)
DATE = "%Y-%m-%d"


def daily(since: str, until: str | None) -> dg.DailyPartitionsDefinition:
    """The UTC days from `since` up to, but without, `until`; without it, up to yesterday."""
    return dg.DailyPartitionsDefinition(start_date=since, end_date=until, timezone="UTC")


def calendar(group: Group, since: str, until: str | None) -> dg.TimeWindowPartitionsDefinition:
    """The group's partitions from `since` up to, but without, `until`; without it, up to the newest that is over.

    Raises DeclarationError where the first week of a weekly group would be cut.
    """
    if group.period == HOURLY:
        return dg.HourlyPartitionsDefinition(midnight(since), midnight(until) if until else None, timezone="UTC")
    if group.period != WEEKLY:
        return daily(since, until)
    begin, monday = midnight(since), WEEKLY.start_of(midnight(since))
    if begin != monday:
        raise DeclarationError(
            f"feature group {group.name} is weekly, and weeks begin on Monday: since={since!r} is a {begin:%A}; "
            f"expected {WEEKLY.key(monday)} or {WEEKLY.key(monday + WEEKLY.length)}"
        )
    return dg.WeeklyPartitionsDefinition(start_date=since, end_date=until, day_offset=1, timezone="UTC")


def cutoffs_until(cutoffs: Cutoffs, until: str | None) -> dg.TimeWindowPartitionsDefinition:
    """The cutoffs before `until`, a partition each.

    Without it the newest is the cutoff that has come. A week or month that `until` cuts has its cutoff, too.
    """
    first = cutoffs.first
    bounds: dict[str, Any] = {
        "start_date": str(first),
        "end_date": str(cutoffs.first_from(date.fromisoformat(until))) if until else None,
        "end_offset": 0 if until else 1,
        "timezone": "UTC",
    }
    if cutoffs.every == "daily":
        return dg.DailyPartitionsDefinition(**bounds)
    if cutoffs.every == "monthly":
        return dg.MonthlyPartitionsDefinition(day_offset=first.day, **bounds)
    return dg.WeeklyPartitionsDefinition(day_offset=first.isoweekday() % _WEEKDAYS_FROM_SUNDAY, **bounds)


@accepting_beta
def reaching_back(period: Period, halo: timedelta, with_itself: bool) -> dg.TimeWindowPartitionMapping:
    """A partition depends on all that touch the halo before it and, or not, its own time, whatever their cadence.

    Dagster measures the halo in the partition's own periods, so a day depends on whole days of an hourly group.
    """
    return dg.TimeWindowPartitionMapping(
        start_offset=-math.ceil(halo / period.length),
        end_offset=0 if with_itself else -1,
        allow_nonexistent_upstream_partitions=True,
    )


@accepting_beta
def overlapping() -> dg.TimeWindowPartitionMapping:
    """A partition depends on those of another cadence that share an instant with it: a day on its 24 hours."""
    return dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)


@accepting_beta
def days_from_to(first: int, last: int) -> dg.TimeWindowPartitionMapping:
    """Day D depends on the days D + first to D + last."""
    return dg.TimeWindowPartitionMapping(
        start_offset=first, end_offset=last, allow_nonexistent_upstream_partitions=True
    )


@accepting_beta
def days_before(cutoffs: Cutoffs, days: timedelta) -> dg.TimeWindowPartitionMapping:
    """Cutoff C depends on all days before it, so many at least, and on none from C on."""
    shortest = cutoffs.longest if cutoffs.every != "monthly" else SHORTEST_MONTH
    return dg.TimeWindowPartitionMapping(
        start_offset=-math.ceil(days / shortest), end_offset=-1, allow_nonexistent_upstream_partitions=True
    )


def window_of(context: dg.AssetExecutionContext) -> Window:
    """The instants that this run's partitions of the asset cover."""
    covered = context.partition_time_window
    return Window(covered.start, covered.end)


def cutoffs_of(context: dg.AssetExecutionContext) -> list[datetime]:
    """The cutoffs of this run's partitions, in order."""
    return [datetime.fromisoformat(f"{key}T00:00:00+00:00") for key in sorted(context.partition_keys)]
