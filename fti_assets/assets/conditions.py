"""When assets materialize by themselves, with the daemon on."""

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from fti_assets.assets.beta import accepting_beta

SOURCES = "sources"
"""The group of the sources: Dagster never sees them materialized, so for it they are missing for ever."""


def _quiet() -> dg.AutomationCondition:
    return (
        ~dg.AutomationCondition.any_deps_missing().ignore(dg.AssetSelection.groups(SOURCES, include_sources=True))
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    )


@accepting_beta
def newest_missing(days: int = 3, slower: Sequence[dg.AssetKey] = ()) -> dg.AutomationCondition:
    """Materialize the newest partitions that are missing once everything they read is there.

    What exists is not made again: a new champion does not score issued days anew, as `eager()` would. `slower` are the
    inputs with longer partitions: while their newest is not over it does not exist, which Dagster calls not missing.
    """
    newest = dg.AutomationCondition.in_latest_time_window(timedelta(days=days))
    condition = newest & dg.AutomationCondition.missing() & _quiet()
    for key in slower:
        there = dg.AutomationCondition.any_deps_match(~dg.AutomationCondition.missing())
        condition &= there.allow(dg.AssetSelection.assets(key))
    return condition.with_label("newest partitions, once their inputs are there")


@accepting_beta
def out_of_date(within: timedelta, check: dg.AssetCheckKey) -> dg.AutomationCondition:
    """Materialize again those of the newest partitions of which a check says that they are out of date.

    One whose run failed waits for a person.
    """
    told = dg.AutomationCondition.any_checks_match(dg.AutomationCondition.check_failed())
    recent = dg.AutomationCondition.in_latest_time_window(within)
    condition = recent & told.allow(dg.AssetSelection.checks(check)) & ~dg.AutomationCondition.execution_failed()
    return (condition & _quiet()).with_label("out of date, and not older than that")


def at_first_and_daily() -> dg.AutomationCondition:
    """Materialize what has no partitions and no inputs to wait for: once when it is missing, and every midnight."""
    due = dg.AutomationCondition.missing().newly_true() | dg.AutomationCondition.cron_tick_passed("0 0 * * *")
    condition = due & ~dg.AutomationCondition.in_progress()
    return condition.with_label("at first, and every day")


def whenever_updated() -> dg.AutomationCondition:
    """Materialize again when an input has a newer partition."""
    condition = dg.AutomationCondition.any_deps_updated().since_last_handled() & ~dg.AutomationCondition.in_progress()
    return condition.with_label("whenever an input is updated")
