from collections.abc import Iterator
from datetime import datetime

import dagster as dg
import pandas as pd
import pytest

from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.assets.feature_statistics import AS_USUAL
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import ORDERS, PRODUCTS, SINCE, UNTIL, LivingShop, opened
from fti_assets_tests.worlds import (
    Order,
    Product,
    as_given,
    catalogue_source,
    order_source,
    orders,
    products,
)


class Feed:
    """The shop's orders, without those from 10:00 on of `short` days, and the first `shown` products."""

    def __init__(self) -> None:
        self.short: set[str] = set()
        self.shown = 5

    def orders(self, start: datetime, end: datetime) -> pd.DataFrame:
        rows = order_source.read(start, end)
        late = rows["placed_at"].dt.hour >= 10
        return rows[~(late & rows["placed_at"].dt.strftime("%Y-%m-%d").isin(self.short))]

    def catalogue(self, start: datetime, end: datetime) -> pd.DataFrame:
        return catalogue_source.read(start, end).iloc[: self.shown]


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def fed(feed, tmp_path) -> Iterator[LivingShop]:
    bindings = [
        orders.computed(as_given, Source(Order, feed.orders, name="shop_orders")),
        products.computed(as_given, Source(Product, feed.catalogue, name="catalogue")),
    ]
    with opened(Home(tmp_path), feature_pipeline(*bindings, since=SINCE, until=UNTIL)) as shop:
        yield shop


def days(first: str, last: str) -> list[str]:
    return [str(day) for day in Window.of_days(first, last).days]


def test_each_partition_of_a_range_is_judged_by_those_before_it(fed, feed):
    feed.short = {"2024-01-10"}

    assert fed.days("features", "2024-01-01", "2024-01-12", ORDERS).success

    found = fed.checks(ORDERS, AS_USUAL)
    expected = dict.fromkeys([*days("2024-01-01", "2024-01-12"), None], "SUCCEEDED")
    assert found == expected | {"2024-01-10": "FAILED", None: "FAILED"}


def test_a_warning_names_partition_column_figure_and_expectation_and_blocks_nothing(fed, feed):
    feed.short = {"2024-01-10"}
    run = fed.days("features", "2024-01-01", "2024-01-12", ORDERS)

    assert run.success
    by_partition = {e.partition: e for e in run.get_asset_check_evaluations() if e.check_name == AS_USUAL}
    assert {e.severity for e in by_partition.values()} == {dg.AssetCheckSeverity.WARN}
    assert by_partition["2024-01-10"].metadata["unusual"].value == 2
    assert by_partition["2024-01-09"].metadata == {}
    shown = fed.check_metadata(ORDERS, AS_USUAL)
    assert shown["unusual"] == 2
    header, _, volume, freshness = shown["cases"].splitlines()
    assert header == "| partition | check | column | found | expected |"
    assert volume == "| 2024-01-10 | volume |  | 4 rows | 10 to 40, usually 20 |"
    assert freshness == "| 2024-01-10 | freshness | placed_at | last row 14h 30min before the end | up to 13h |"


def test_a_single_partition_is_judged_by_what_earlier_runs_stored(fed, feed):
    assert fed.days("features", "2024-01-01", "2024-01-09", ORDERS).success
    feed.short = {"2024-01-10"}

    assert fed.once("features", "2024-01-10", ORDERS).success
    assert fed.checks(ORDERS, AS_USUAL)["2024-01-10"] == "FAILED"
    assert "| 2024-01-10 | volume |" in fed.check_metadata(ORDERS, AS_USUAL)["cases"]

    feed.short = set()
    assert fed.once("features", "2024-01-10", ORDERS).success
    assert fed.checks(ORDERS, AS_USUAL)["2024-01-10"] == "SUCCEEDED"


def test_a_dimension_is_judged_by_what_it_replaces(fed, feed):
    assert fed.once("features", None, PRODUCTS).success
    assert fed.checks(PRODUCTS, AS_USUAL) == {None: "SUCCEEDED"}
    feed.shown = 0

    assert fed.once("features", None, PRODUCTS).success

    assert fed.checks(PRODUCTS, AS_USUAL) == {None: "FAILED"}
    assert "no rows" in fed.check_metadata(PRODUCTS, AS_USUAL)["cases"]


def test_each_partition_says_its_rows_and_missing_values_and_the_last_one_shows_all(fed):
    assert fed.days("features", "2024-01-01", "2024-01-12", ORDERS).success

    first, last = fed.metadata(ORDERS, "2024-01-01"), fed.metadata(ORDERS, "2024-01-12")
    assert (first["dagster/partition_row_count"], first["missing values"]) == (20, 0.0)
    assert "statistics" not in first
    assert last["statistics"].startswith("12 partitions, 2024-01-01 00:00 to 2024-01-12 00:00. Rows: ")
    assert "| quantity | 0.0% | 2 (1 to 3) | ▄▄▄▄▄▄▄▄▄▄▄▄ 2 |" in last["statistics"]


def test_a_single_partition_shows_the_statistics_of_the_days_up_to_it(fed):
    assert fed.days("features", "2024-01-01", "2024-02-10", ORDERS).success
    assert fed.metadata(ORDERS, "2024-02-10")["statistics"].startswith("41 partitions, 2024-01-01 00:00 to 2024-02-10")

    assert fed.once("features", "2024-02-11", ORDERS).success

    assert fed.metadata(ORDERS, "2024-02-11")["statistics"].startswith("28 partitions, 2024-01-15 00:00 to 2024-02-11")


def test_a_dimension_shows_its_columns(fed):
    assert fed.once("features", None, PRODUCTS).success
    assert "| price | 0.0% | 30 (" in fed.metadata(PRODUCTS)["statistics"]
