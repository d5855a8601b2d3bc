from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from attrs import evolve
from dagster import TimeWindowPartitionMapping
from dagster._core.definitions.partitions.context import partition_loading_context

from fti_assets.assets.partitions import (
    calendar,
    cutoffs_of,
    cutoffs_until,
    daily,
    days_before,
    days_from_to,
    overlapping,
    reaching_back,
    window_of,
)
from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.contracts.time import DAILY, Window
from fti_assets_tests.worlds import orders

DAYS = daily("2024-01-01", "2024-03-01")
WEEKLY = Cutoffs("2024-01-20")
CUTOFFS = cutoffs_until(WEEKLY, "2024-03-01")


def upstream(
    mapping: TimeWindowPartitionMapping,
    key: str,
    of: dg.TimeWindowPartitionsDefinition = DAYS,
    on: dg.TimeWindowPartitionsDefinition = DAYS,
) -> list[str]:
    """The partitions of `on` that partition `key` of `of` depends on."""
    subset = of.subset_with_partition_keys([key])
    mapped = mapping.get_upstream_mapped_partitions_result_for_partitions(subset, of, on)
    return sorted(mapped.partitions_subset.get_partition_keys())


def test_days_end_before_until():
    keys = daily("2024-01-30", "2024-02-02").get_partition_keys()

    assert list(keys) == ["2024-01-30", "2024-01-31", "2024-02-01"]


def test_without_until_yesterday_is_the_newest_day_and_today_the_newest_cutoff():
    saturday_noon = datetime(2024, 2, 3, 12, tzinfo=UTC)

    with partition_loading_context(effective_dt=saturday_noon):
        assert daily("2024-01-01", None).get_last_partition_key() == "2024-02-02"
        assert cutoffs_until(WEEKLY, None).get_last_partition_key() == "2024-02-03"
    with partition_loading_context(effective_dt=saturday_noon - timedelta(days=1)):
        assert cutoffs_until(WEEKLY, None).get_last_partition_key() == "2024-01-27"


@pytest.mark.parametrize("weekday", range(7))
def test_cutoffs_keep_the_weekday_of_the_first(weekday):
    first = datetime(2024, 1, 21, tzinfo=UTC) + timedelta(days=weekday)

    keys = list(cutoffs_until(Cutoffs(f"{first:%Y-%m-%d}"), "2024-03-01").get_partition_keys())

    assert keys[:2] == [f"{first:%Y-%m-%d}", f"{first + timedelta(weeks=1):%Y-%m-%d}"]
    assert all(datetime.fromisoformat(key).weekday() == first.weekday() for key in keys)


@pytest.mark.parametrize(
    ("every", "until", "keys"),
    [
        ("daily", "2024-01-23", ["2024-01-20", "2024-01-21", "2024-01-22"]),
        ("weekly", "2024-01-28", ["2024-01-20", "2024-01-27"]),
        ("monthly", "2024-02-21", ["2024-01-20", "2024-02-20"]),
    ],
)
def test_a_partition_is_a_cutoff_of_the_calendar(every, until, keys):
    cutoffs = Cutoffs("2024-01-20", every)

    assert list(cutoffs_until(cutoffs, until).get_partition_keys()) == keys
    assert [f"{cutoff:%Y-%m-%d}" for cutoff in cutoffs.before(date.fromisoformat(until))] == keys


@pytest.mark.parametrize(("every", "first"), [("daily", "2024-02-15"), ("monthly", "2024-01-20")])
def test_a_cutoff_of_any_calendar_depends_on_days_before_it_and_on_none_from_it_on(every, first):
    cutoffs = Cutoffs("2024-01-20", every)

    keys = upstream(days_before(cutoffs, timedelta(days=5)), "2024-02-20", cutoffs_until(cutoffs, "2024-03-01"), DAYS)

    assert (keys[0], keys[-1]) == (first, "2024-02-19")


@pytest.mark.parametrize(
    ("halo", "with_same_day", "first", "last"),
    [
        (timedelta(days=30), False, "2024-01-11", "2024-02-09"),
        (timedelta(hours=12), True, "2024-02-09", "2024-02-10"),
        (timedelta(hours=36), True, "2024-02-08", "2024-02-10"),
        (timedelta(days=1), False, "2024-02-09", "2024-02-09"),
    ],
)
def test_a_day_depends_on_the_days_its_halo_touches(halo, with_same_day, first, last):
    keys = upstream(reaching_back(DAILY, halo, with_same_day), "2024-02-10")

    assert keys == [str(day) for day in Window.of_days(first, last).days]


def test_what_begins_before_the_calendar_is_left_out():
    assert upstream(reaching_back(DAILY, timedelta(days=30), with_itself=False), "2024-01-03") == [
        "2024-01-01",
        "2024-01-02",
    ]
    assert upstream(days_from_to(-3, -1), "2024-01-01") == []


def test_days_from_to_includes_both_ends():
    assert upstream(days_from_to(-3, -1), "2024-02-10") == ["2024-02-07", "2024-02-08", "2024-02-09"]


def test_a_cutoff_depends_on_the_days_before_it_alone():
    keys = upstream(days_before(WEEKLY, timedelta(weeks=520)), "2024-01-27", CUTOFFS, DAYS)

    assert keys == [str(day) for day in Window.of_days("2024-01-01", "2024-01-26").days]


def test_a_cutoff_depends_on_no_more_weeks_than_said():
    keys = upstream(days_before(WEEKLY, timedelta(days=7)), "2024-01-27", CUTOFFS, DAYS)

    assert keys == [str(day) for day in Window.of_days("2024-01-20", "2024-01-26").days]


def test_a_run_covers_its_partitions_window_and_cutoffs():
    seen = {}

    @dg.asset(partitions_def=DAYS)
    def days(context: dg.AssetExecutionContext) -> None:
        seen[str(window_of(context))] = window_of(context)

    @dg.asset(partitions_def=CUTOFFS)
    def weeks(context: dg.AssetExecutionContext) -> None:
        seen["cutoffs"] = cutoffs_of(context)

    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([days], partition_key="2024-02-10", instance=instance)
        dg.materialize([weeks], partition_key="2024-01-27", instance=instance)

    assert seen == {
        "2024-02-10": Window.of_days("2024-02-10", "2024-02-10"),
        "cutoffs": [datetime(2024, 1, 27, tzinfo=UTC)],
    }


def test_partitions_of_another_cadence_overlap_where_they_share_an_instant():
    hours, weeks = (
        calendar(evolve(orders, partitions=partitions), "2024-01-01", "2024-03-04")
        for partitions in ("hourly", "weekly")
    )
    day = upstream(overlapping(), "2024-02-10", DAYS, hours)
    assert (day[0], day[-1], len(day)) == ("2024-02-10-00:00", "2024-02-10-23:00", 24)
    assert upstream(overlapping(), "2024-02-10-07:00", hours, DAYS) == ["2024-02-10"]
    assert upstream(overlapping(), "2024-02-10", DAYS, weeks) == ["2024-02-05"]
    assert len(upstream(overlapping(), "2024-02-05", weeks, hours)) == 7 * 24


def test_a_live_calendar_ends_with_the_newest_partition_that_is_over():
    with partition_loading_context(effective_dt=datetime(2024, 2, 1, 12, 30, tzinfo=UTC)):
        newest = {
            partitions: calendar(evolve(orders, partitions=partitions), "2024-01-01", None).get_last_partition_key()
            for partitions in ("hourly", "daily", "weekly")
        }
    assert newest == {"hourly": "2024-02-01-11:00", "daily": "2024-01-31", "weekly": "2024-01-22"}
