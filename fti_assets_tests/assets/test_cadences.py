"""Hourly, daily and weekly groups of one system, through Dagster."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pandera.pandas as pa
import pytest
from attrs import evolve

from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import DeclarationError, MissingPartitions
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.model import Model
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC, Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets.views.reading import read_view
from fti_assets_tests.assets.living_shop import (
    MONITORING,
    PREDICTIONS,
    LivingShop,
    definitions,
    opened,
)
from fti_assets_tests.worlds import (
    as_given,
    catalogue_source,
    order_source,
    outcome_source,
    products,
    returns,
)
from fti_assets_tests.worlds import orders as daily_orders
from fti_assets_tests.worlds import outcomes as daily_outcomes

HOUR = timedelta(hours=1)
SINCE, UNTIL = "2024-01-01", "2024-01-22"
CONTRACT = "contract"


class Reading(pa.DataFrameModel):
    """A meter's reading: one at ten to each hour but from 5 to 6, when it sleeps."""

    meter: str
    read_at: UTC
    kwh: float


class Total(pa.DataFrameModel):
    """What the meter used in a period, known a second before its end."""

    meter: str
    known_at: UTC
    kwh: float


def readings(start: datetime, end: datetime) -> pd.DataFrame:
    at = pd.date_range(start, end, freq="1h", inclusive="left") + pd.Timedelta(minutes=50)
    at = at[at.hour != 5].as_unit("us")
    return pd.DataFrame({"meter": "m1", "read_at": at, "kwh": at.hour.astype(float)})


def total(rows: pd.DataFrame, time: str, length: str) -> pd.DataFrame:
    ends = rows[time].dt.as_unit("us") - pd.Timestamp(SINCE, tz="UTC")
    start = pd.Timestamp(SINCE, tz="UTC") + (ends // pd.Timedelta(length)) * pd.Timedelta(length)
    known_at = (start + pd.Timedelta(length) - pd.Timedelta(seconds=1)).dt.as_unit("us")
    return rows.assign(known_at=known_at).groupby(["meter", "known_at"], as_index=False)["kwh"].sum()


def by_day(rows: pd.DataFrame) -> pd.DataFrame:
    return total(rows, "read_at", "1D")


def by_week(rows: pd.DataFrame) -> pd.DataFrame:
    return total(rows, "known_at", "7D")


def total_group(name: str, partitions: str) -> FeatureGroup:
    return FeatureGroup(Total, keys="meter", event_time="known_at", name=name, partitions=partitions)


meter = FeatureGroup(Reading, keys="meter", event_time="read_at", partitions="hourly")
day, week, again = total_group("day", "daily"), total_group("week", "weekly"), total_group("hour", "hourly")
trailing = meter.windows("meter", {"kwh": "sum"}, over="6h", every="1h", name="trailing", partitions="hourly")
CHAIN = (
    meter.computed(as_given, Source(Reading, readings, name="meter")),
    as_binding(trailing),
    day.computed(by_day, meter),
    week.computed(by_week, day),
    again.computed(as_given, day),
)
METER, TRAILING, DAY, WEEK, AGAIN = (
    dg.AssetKey(["features", name]) for name in ("reading", "trailing", "day", "week", "hour")
)
A_DAY = float(sum(range(24)) - 5)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingShop]:
    """A week as ranges, and then single hours of the second."""
    defs = feature_pipeline(*CHAIN, since=SINCE, until=UNTIL)
    with opened(Home(tmp_path_factory.mktemp("chain")), defs) as shop:
        runs = [
            shop.days("features_hourly", "2024-01-01-00:00", "2024-01-07-23:00", METER),
            shop.days("features_hourly", "2024-01-03-00:00", "2024-01-03-11:00", TRAILING),
            shop.days("features", "2024-01-01", "2024-01-07"),
            shop.once("features_weekly", "2024-01-01"),
            shop.days("features_hourly", "2024-01-06-12:00", "2024-01-07-23:00", AGAIN),
            *(shop.once("features_hourly", f"2024-01-08-0{hour}:00", METER) for hour in (4, 5, 6)),
        ]
        assert all(run.success for run in runs)
        yield shop


@pytest.mark.slow
def test_a_range_of_hours_is_one_run_with_rows_and_checks_of_each_hour(chain: LivingShop) -> None:
    hours = [f"2024-01-{d:02d}-{h:02d}:00" for d in range(1, 8) for h in range(24)]
    assert chain.partitions(METER)[: len(hours)] == hours
    assert chain.metadata(METER, "2024-01-03-04:00")["dagster/partition_row_count"] == 1
    assert chain.metadata(METER, "2024-01-03-05:00")["dagster/partition_row_count"] == 0
    assert chain.metadata(METER, "2024-01-03-04:00")["rows written"] == 7 * 23
    assert set(chain.checks(METER, CONTRACT)) == {*hours, *(f"2024-01-08-0{h}:00" for h in (4, 5, 6)), None}
    assert set(chain.checks(METER, CONTRACT).values()) == {"SUCCEEDED"}


@pytest.mark.slow
def test_one_hour_is_a_run_too_and_an_empty_one_is_not_missing(chain: LivingShop) -> None:
    assert chain.metadata(METER, "2024-01-08-05:00")["rows written"] == 0
    assert chain.home.features.missing(meter, Window.of_days("2024-01-08", "2024-01-08"))[:5] == [
        *(f"2024-01-08-0{hour}:00" for hour in (0, 1, 2, 3)),
        "2024-01-08-07:00",
    ]


@pytest.mark.slow
def test_a_day_is_computed_of_its_24_hours_and_a_week_of_its_7_days(chain: LivingShop) -> None:
    days = chain.home.features.read(day, Window.of_days("2024-01-01", "2024-01-07"))
    assert days["kwh"].to_list() == [A_DAY] * 7
    weeks = chain.home.features.read(week, Window.of_days("2024-01-01", "2024-01-07"))
    assert weeks["kwh"].to_list() == [7 * A_DAY]
    assert chain.partitions(WEEK) == ["2024-01-01"]
    assert chain.metadata(WEEK, "2024-01-01")["dagster/partition_row_count"] == 1
    assert chain.checks(WEEK, CONTRACT) == {"2024-01-01": "SUCCEEDED", None: "SUCCEEDED"}


@pytest.mark.slow
def test_an_hour_of_a_daily_group_is_what_became_known_of_the_day_in_that_hour(chain: LivingShop) -> None:
    rows = {key: chain.metadata(AGAIN, key)["dagster/partition_row_count"] for key in chain.partitions(AGAIN)}
    assert [key for key, n in rows.items() if n] == ["2024-01-06-23:00", "2024-01-07-23:00"]


@pytest.mark.slow
def test_windows_by_the_hour_cover_the_hours_before(chain: LivingShop) -> None:
    at = Window(midnight("2024-01-03"), midnight("2024-01-03") + 9 * HOUR)
    found = dict(chain.home.features.read(trailing, at).select("as_of", "kwh_sum_6h").iter_rows())
    assert found[midnight("2024-01-03") + 6 * HOUR] == 0 + 1 + 2 + 3 + 4
    assert found[midnight("2024-01-03") + 8 * HOUR] == 2 + 3 + 4 + 6 + 7


def test_a_part_of_a_partition_is_refused_and_a_week_that_is_not_over_cannot_be_there(tmp_path: Path) -> None:
    store, thursday = Home(tmp_path).features, Window.of_days("2024-01-04", "2024-01-04")
    with pytest.raises(ValueError, match=r"expected whole weeks of UTC, such as 2024-01-01 .* to 2024-01-08"):
        materialize(CHAIN[3], thursday, store)
    with pytest.raises(ValueError, match="expected whole hours of UTC"):
        materialize(CHAIN[0], Window(midnight("2024-01-04"), midnight("2024-01-04") + HOUR / 2), store)
    daily_of_week = total_group("day_of_week", "daily").computed(as_given, week)
    with pytest.raises(
        MissingPartitions,
        match=r"week was not materialized for 2024-01-01: materialize it first; the week of 2024-01-01 is over at "
        r"2024-01-08 00:00 UTC and cannot be there before",
    ):
        materialize(daily_of_week, thursday, store)


def test_a_system_with_a_weekly_group_begins_on_a_monday() -> None:
    with pytest.raises(DeclarationError, match="feature group week is weekly, and weeks begin on Monday"):
        feature_pipeline(*CHAIN, since="2024-01-02", until=UNTIL)


def shop_of(spine: str, labels: str, history: str) -> tuple[tuple[Binding, ...], Model]:
    """The shop with other partitions."""
    orders = evolve(daily_orders, partitions=spine)
    outcomes = evolve(daily_outcomes, partitions=labels)
    customer_history = outcomes.windows(
        "customer",
        {"is_returned": ["count", "mean"]},
        over="7d",
        every="1h" if history == "hourly" else "1d",
        name="customer_history",
        lookback="3d",
        partitions=history,
    )
    bindings = (
        orders.computed(as_given, order_source),
        outcomes.computed(as_given, outcome_source),
        products.computed(as_given, catalogue_source),
        as_binding(customer_history),
    )
    view = evolve(
        returns.view,
        spine=orders,
        label=outcomes["is_returned"].within(days=2),
        features=[orders["quantity", "is_gift"], customer_history, products["price", "category"]],
    )
    return bindings, evolve(returns, view=view)


@pytest.mark.parametrize(
    ("spine", "labels", "history"),
    [("hourly", "daily", "daily"), ("daily", "hourly", "weekly"), ("weekly", "weekly", "daily")],
)
def test_a_view_is_the_same_whatever_the_partitions_of_its_groups(
    shop: Home, tmp_path: Path, spine: str, labels: str, history: str
) -> None:
    bindings, model = shop_of(spine, labels, history)
    home = Home(tmp_path / "other")
    for binding in bindings:
        materialize(binding, Window.of_days("2024-01-01", "2024-02-11"), home.features)
    window = Window(midnight("2024-01-18") + 3 * HOUR, midnight("2024-01-25") + 14 * HOUR)
    assert read_view(model.view, window, home.features).equals(read_view(returns.view, window, shop.features))


@pytest.mark.slow
def test_daily_predictions_of_an_hourly_spine_are_those_of_a_daily_one(tmp_path: Path) -> None:
    said = {}
    for spine in ("hourly", "daily"):
        bindings, model = shop_of(spine, "daily", "daily")
        with opened(Home(tmp_path / spine), definitions(bindings, model)) as shop:
            runs = [
                *([shop.days("features_hourly", "2024-01-01-00:00", "2024-01-25-23:00")] if spine == "hourly" else []),
                shop.days("features", "2024-01-01", "2024-01-25"),
                shop.once("train_returns", "2024-01-22"),
                shop.days("predict", "2024-01-22", "2024-01-25"),
            ]
            assert all(run.success for run in runs)
            assert len(shop.partitions(PREDICTIONS)) == len(shop.partitions(MONITORING)) == 4
            log = shop.home.prediction_log.read(model, Window.of_days("2024-01-22", "2024-01-25"))
            said[spine] = log.drop("run_id", "content_id")
    assert len(said["daily"]) == 80
    assert said["hourly"].equals(said["daily"])
