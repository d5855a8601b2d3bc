import warnings
from collections.abc import Iterator
from datetime import datetime

import dagster as dg
import pandas as pd
import pytest

from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import ORDERS, PRODUCTS, SINCE, UNTIL, LivingShop, opened
from fti_assets_tests.worlds import Order, Product, as_given, catalogue_source, order_source

CONTRACT = "contract"
TOLERANT = FeatureGroup(Order, keys="order_id", event_time="placed_at", on_invalid="quarantine")
PRODUCT = FeatureGroup(Product, keys="product", name="products", dimension=True)


class Feed:
    """The shop's orders; those that are `empty` have no pieces, and the types are narrow when asked for."""

    def __init__(self) -> None:
        self.empty: set[str] = set()
        self.types = "int64"

    def __call__(self, start: datetime, end: datetime) -> pd.DataFrame:
        rows = order_source.read(start, end)
        pieces = rows["quantity"].mask(rows["order_id"].isin(self.empty), 0)
        return rows.assign(quantity=pieces.astype(self.types))


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def fed(feed: Feed, tmp_path) -> Iterator[LivingShop]:
    tolerant = Source(Order, feed, name="shop_orders", on_invalid="quarantine")
    bindings = [TOLERANT.computed(as_given, tolerant), PRODUCT.computed(as_given, catalogue_source)]
    with opened(Home(tmp_path), feature_pipeline(*bindings, since=SINCE, until=UNTIL)) as shop:
        yield shop


def counts(shop: LivingShop) -> list[int]:
    return [shop.metadata(ORDERS, f"2024-01-0{day}")["rows quarantined"] for day in (5, 6, 7)]


def test_each_partition_says_how_many_rows_were_set_aside_as_a_number_to_plot(fed, feed):
    feed.empty = {"2024-01-06-01", "2024-01-07-02"}
    assert fed.days("features", "2024-01-05", "2024-01-07", ORDERS).success

    assert counts(fed) == [0, 1, 1]


def test_the_check_passes_and_shows_how_many_rows_were_set_aside_and_why(fed, feed):
    feed.empty = {"2024-01-05-01", "2024-01-07-02"}
    assert fed.days("features", "2024-01-05", "2024-01-07", ORDERS).success

    assert set(fed.checks(ORDERS, CONTRACT).values()) == {"SUCCEEDED"}
    shown = fed.check_metadata(ORDERS, CONTRACT)
    assert (shown["rows"], shown["rows quarantined"]) == (58, 2)
    assert shown["reasons"].splitlines() == [
        "| of | column | check | value | rows |",
        "|---|---|---|---|---|",
        "| source/shop_orders | quantity | greater_than_or_equal_to(1) | 0 | 2 |",
    ]


def test_more_than_the_share_fails_the_check_as_any_broken_batch(fed, feed):
    feed.empty = {f"2024-01-05-{n:02d}" for n in range(5)}
    run = fed.days("features", "2024-01-05", "2024-01-05", ORDERS)

    assert not run.success
    assert set(fed.checks(ORDERS, CONTRACT).values()) == {"FAILED"}
    assert "5 of 20 rows are invalid, at most 1" in str(run.get_step_failure_events()[0].step_failure_data.error)
    assert fed.home.features.quarantine.owners() == []


def test_a_good_batch_shows_a_zero_and_a_group_that_sets_nothing_aside_shows_nothing(fed):
    assert fed.days("features", "2024-01-05", "2024-01-07", ORDERS).success
    assert fed.once("features", None, PRODUCTS).success

    assert counts(fed) == [0, 0, 0]
    assert "rows quarantined" not in fed.check_metadata(ORDERS, CONTRACT)
    assert "rows quarantined" not in fed.metadata(PRODUCTS)
    assert "widened columns" not in fed.metadata(ORDERS, "2024-01-07")


def test_columns_that_were_widened_are_shown_with_their_types(fed, feed):
    feed.types = "int32"
    assert fed.days("features", "2024-01-05", "2024-01-05", ORDERS).success

    shown = fed.metadata(ORDERS, "2024-01-05")["widened columns"]
    assert shown.splitlines()[2:] == ["| shop_orders.quantity | int32 to int64 |"]


def test_the_command_that_a_release_prints_selects_what_reads_the_source(fed):
    graph = fed.defs.resolve_asset_graph()
    for text in ('key:"source/shop_orders"+1 and not key:"source/shop_orders"', "features/order"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)
            assert dg.AssetSelection.from_string(text).resolve(graph) == {ORDERS}
