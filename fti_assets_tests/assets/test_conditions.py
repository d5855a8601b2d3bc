"""Conditions, evaluated by Dagster on two small assets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.conditions import SOURCES, at_first_and_daily, newest_missing, whenever_updated
from fti_assets.assets.partitions import overlapping

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-11", timezone="UTC")
NEWEST = {"2024-01-08", "2024-01-09", "2024-01-10"}


station = dg.AssetSpec("station", group_name=SOURCES)


@dg.asset(partitions_def=DAYS, deps=[station], automation_condition=newest_missing())
def soundings() -> None: ...


@dg.asset(partitions_def=DAYS)
def readings() -> None: ...


@dg.asset(partitions_def=DAYS, deps=[readings], automation_condition=newest_missing())
def weather() -> None: ...


HOURS = dg.HourlyPartitionsDefinition("2024-01-01-00:00", timezone="UTC")
LIVE_DAYS = dg.DailyPartitionsDefinition("2024-01-01", timezone="UTC")
WEEKS = dg.WeeklyPartitionsDefinition("2024-01-01", day_offset=1, timezone="UTC")
ticks = dg.AssetSpec("ticks", partitions_def=HOURS)


@dg.asset(partitions_def=HOURS, deps=[ticks], automation_condition=newest_missing())
def every_hour() -> None: ...


@dg.asset(
    partitions_def=LIVE_DAYS,
    deps=[dg.AssetDep(ticks, partition_mapping=overlapping())],
    automation_condition=newest_missing(),
)
def every_day() -> None: ...


@dg.asset(
    partitions_def=WEEKS,
    deps=[dg.AssetDep(every_day, partition_mapping=overlapping())],
    automation_condition=newest_missing(days=21),
)
def every_week() -> None: ...


@dg.asset(
    partitions_def=LIVE_DAYS,
    deps=[dg.AssetDep(every_week, partition_mapping=overlapping())],
    automation_condition=newest_missing(days=21, slower=[dg.AssetKey("every_week")]),
)
def days_of_weeks() -> None: ...


@dg.asset(deps=[readings], automation_condition=whenever_updated())
def forecaster() -> None: ...


@dg.asset(deps=[station], automation_condition=at_first_and_daily())
def stations() -> None: ...


ASSETS = [station, soundings, readings, weather, forecaster, stations, ticks]
ASSETS += [every_hour, every_day, every_week, days_of_weeks]


@dataclass
class Daemon:
    """What the daemon does: evaluate now and then, and remember."""

    instance: dg.DagsterInstance
    cursor: object = field(default=None)
    now: datetime = datetime(2024, 2, 1, 12, tzinfo=UTC)

    def requests(self, asset: dg.AssetsDefinition) -> set[str | None]:
        evaluated = accepting_beta(dg.evaluate_automation_conditions)(
            defs=dg.Definitions(assets=ASSETS),
            instance=self.instance,
            cursor=self.cursor,
            evaluation_time=self.now,
        )
        self.cursor = evaluated.cursor
        return set(evaluated.get_requested_partitions(asset.key))

    def materialized(self, asset: dg.AssetsDefinition | dg.AssetSpec, *days: str | None) -> None:
        for day in days:
            self.instance.report_runless_asset_event(dg.AssetMaterialization(asset.key, partition=day))


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Daemon(instance)


def test_a_source_that_dagster_never_sees_materialized_holds_nobody_up(daemon):
    assert daemon.requests(soundings) == NEWEST


def test_nothing_is_requested_while_inputs_are_missing(daemon):
    assert daemon.requests(weather) == set()


def test_the_newest_days_are_requested_where_their_inputs_are_there(daemon):
    daemon.materialized(readings, "2024-01-03", "2024-01-08", "2024-01-10")

    assert daemon.requests(weather) == {"2024-01-08", "2024-01-10"}, "3 January is not among the newest"


def test_exactly_those_that_are_missing_are_requested(daemon):
    daemon.materialized(readings, *NEWEST)
    daemon.materialized(weather, "2024-01-09")

    assert daemon.requests(weather) == NEWEST - {"2024-01-09"}


def test_a_day_that_is_requested_is_asked_for_until_it_is_there(daemon):
    daemon.materialized(readings, *NEWEST)
    assert daemon.requests(weather) == NEWEST
    daemon.materialized(weather, *NEWEST)

    assert daemon.requests(weather) == set()


def test_an_input_that_is_updated_does_not_make_days_again(daemon):
    daemon.materialized(readings, *NEWEST)
    daemon.materialized(weather, *NEWEST)
    assert daemon.requests(weather) == set()

    daemon.materialized(readings, *NEWEST)

    assert daemon.requests(weather) == set()


def test_whenever_an_input_is_updated_the_asset_follows_once(daemon):
    assert daemon.requests(forecaster) == set()
    daemon.materialized(readings, "2024-01-08")
    assert daemon.requests(forecaster) == {None}
    daemon.materialized(forecaster, None)
    assert daemon.requests(forecaster) == set()

    daemon.materialized(readings, "2024-01-08")

    assert daemon.requests(forecaster) == {None}


def test_what_has_no_partitions_is_made_at_first_and_after_every_midnight(daemon):
    assert daemon.requests(stations) == {None}
    assert daemon.requests(stations) == set(), "asked once, and not again while it may be failing"
    daemon.materialized(stations, None)
    daemon.now += timedelta(hours=6)
    assert daemon.requests(stations) == set()
    daemon.now += timedelta(hours=12)

    assert daemon.requests(stations) == {None}


def test_the_ui_names_the_conditions():
    assert newest_missing().get_label() == "newest partitions, once their inputs are there"
    assert whenever_updated().get_label() == "whenever an input is updated"


def test_the_newest_hours_are_requested_where_their_inputs_are_there(daemon):
    daemon.materialized(ticks, "2024-02-01-09:00", "2024-02-01-11:00", "2024-01-20-00:00")

    assert daemon.requests(every_hour) == {"2024-02-01-09:00", "2024-02-01-11:00"}


def test_a_day_is_requested_when_its_24_hours_are_there_and_a_week_when_its_7_days_are(daemon):
    hours = [f"2024-01-30-{hour:02d}:00" for hour in range(24)]
    daemon.materialized(ticks, *hours[:-1])
    assert daemon.requests(every_day) == set()
    daemon.materialized(ticks, hours[-1])
    assert daemon.requests(every_day) == {"2024-01-30"}

    daemon.materialized(every_day, *(f"2024-01-{day}" for day in range(22, 28)))
    assert daemon.requests(every_week) == set()
    daemon.materialized(every_day, "2024-01-28")
    assert daemon.requests(every_week) == {"2024-01-22"}


def test_the_days_of_a_week_that_is_not_over_are_not_requested(daemon):
    daemon.materialized(every_week, "2024-01-15", "2024-01-22")

    assert daemon.requests(days_of_weeks) == {f"2024-01-{day}" for day in range(15, 29)}, "the 29th began another week"
