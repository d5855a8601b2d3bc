"""Late and corrected rows, lived through Dagster: where they land, what becomes stale by them, and what stays."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pandas as pd
import pandera.pandas as pa
import pytest
from attrs import evolve
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC as UTC_TIME
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.views.reading import read_view
from fti_assets_tests.assets.living_shop import (
    DATASET,
    MODEL,
    MONITORING,
    ORDERS,
    OUTCOMES,
    PREDICTIONS,
    PRODUCTS,
    LivingShop,
    definitions,
    opened,
)
from fti_assets_tests.worlds import ALL_ORDERS, BINDINGS, Outcome, amount, as_given, orders, outcomes, products, returns


class Complaint(pa.DataFrameModel):
    """An order that was sent back."""

    order_id: str
    settled_at: UTC_TIME


class Feed:
    """The shop's outcomes as its system knows them, which may be corrected, or told late."""

    def __init__(self) -> None:
        self.rows = ALL_ORDERS[list(Outcome.to_schema().columns)].copy()

    def __call__(self, start: datetime, end: datetime) -> pd.DataFrame:
        known = (self.rows["settled_at"] >= start) & (self.rows["settled_at"] < end)
        return self.rows[known].reset_index(drop=True)

    def correct(self, order_id: str) -> None:
        """What became of the order is the other way round."""
        row = self.rows["order_id"] == order_id
        self.rows.loc[row, "is_returned"] = ~self.rows.loc[row, "is_returned"]

    def tell_late(self, order_id: str, settled_at: datetime) -> None:
        """The order's outcome becomes known then, and not when it should have."""
        self.rows.loc[self.rows["order_id"] == order_id, "settled_at"] = settled_at


def sent_back(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[rows["is_returned"], ["order_id", "settled_at"]].reset_index(drop=True)


pytestmark = pytest.mark.slow
FEED = Feed()
recent = outcomes.windows("customer", {"is_returned": ["count", "mean"]}, over="2d", name="recent_returns")
complaints = FeatureGroup(Complaint, keys="order_id", event_time="settled_at")
SYSTEM = (
    BINDINGS[0],
    outcomes.computed(as_given, Source(Outcome, lambda start, end: FEED(start, end), name="shop_outcomes")),
    BINDINGS[2],
    as_binding(recent),
    complaints.computed(sent_back, outcomes),
)
returns_recently = evolve(
    returns,
    view=FeatureView(
        spine=orders,
        label=outcomes["is_returned"].within(days=2),
        features=[orders["quantity", "is_gift"], recent, products["price", "category"]],
        on_demand=[amount],
    ),
)
RECENT, COMPLAINTS = (dg.AssetKey(["features", name]) for name in ("recent_returns", "complaint"))
FEATURES = (ORDERS, OUTCOMES, RECENT, COMPLAINTS)
PREDICTED = Window.of_days("2024-01-29", "2024-02-02")


@pytest.fixture(scope="module")
def lived_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features up to 2 February, two cutoffs, predictions of the five days after the second."""
    root = tmp_path_factory.mktemp("late")
    FEED.__init__()  # type: ignore[misc]
    with opened(Home(root), definitions(SYSTEM, returns_recently)) as shop:
        runs = [
            shop.days("features", "2024-01-01", "2024-02-02", *FEATURES, PRODUCTS),
            shop.days("train_returns", "2024-01-22", "2024-01-29"),
            shop.days("predict", "2024-01-29", "2024-02-02", PREDICTIONS),
        ]
        assert all(run.success for run in runs)
        assert stale(shop) == set()
    return root


@pytest.fixture
def shop(lived_template: Path, tmp_path: Path) -> Iterator[LivingShop]:
    FEED.__init__()  # type: ignore[misc]
    shutil.copytree(lived_template, tmp_path / "home")
    (tmp_path / "home" / "dagster" / "dagster.yaml").unlink()  # it names the other home
    with opened(Home(tmp_path / "home"), definitions(SYSTEM, returns_recently)) as shop:
        yield shop


def stale(shop: LivingShop) -> set[str]:
    """The partitions that Dagster calls stale, as `recent_returns 2024-01-26`."""
    graph = shop.defs.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(shop.instance, graph, LoadingContextForTest(shop.instance))
    return {
        f"{key.path[0] if key.path[0] != 'features' else key.path[1]} {partition}"
        for key in (*FEATURES, DATASET, MODEL, PREDICTIONS, MONITORING)
        for partition in shop.partitions(key)
        if resolver.get_status(key, partition).value == "STALE"
    }


def test_a_late_row_lands_on_the_day_it_became_known_and_the_past_stays(shop: LivingShop) -> None:
    features, due, told = shop.home.features, "2024-01-31", "2024-02-03"
    before = features.read(outcomes, Window.of_days("2024-01-01", "2024-02-02"))
    issued = shop.home.prediction_log.read(returns_recently, PREDICTED)
    # the orders of 2 February settle on the 3rd from 10:00 on; one of 30 January is told an hour before, days late
    FEED.rows = pd.concat([FEED.rows, FEED.rows[FEED.rows["order_id"] == "2024-01-30-00"].assign(order_id="late")])
    FEED.tell_late("late", midnight(told) + pd.Timedelta(hours=9))

    assert shop.days("features", due, told, ORDERS, OUTCOMES, RECENT, COMPLAINTS).success

    assert "late" in features.read(outcomes, Window.of_days(told, told))["order_id"].to_list()
    assert features.read(outcomes, Window.of_days("2024-01-01", "2024-02-02")).equals(before)
    assert shop.home.prediction_log.read(returns_recently, PREDICTED).equals(issued)
    assert stale(shop) == set(), "days made again with the rows they had make nothing stale"
    late_label = features.read(outcomes, Window.of_days(told, told)).filter(order_id="late")
    assert late_label["due_at"].item().date().isoformat() == due, "though it was due days before"


def test_a_corrected_partition_makes_stale_what_was_made_of_it_and_nothing_else(shop: LivingShop) -> None:
    FEED.correct("2024-01-24-03")  # settled on the 25th: after the first cutoff, before the second

    assert shop.once("features", "2024-01-25", OUTCOMES).success

    assert stale(shop) == {
        "recent_returns 2024-01-26",
        "recent_returns 2024-01-27",
        "complaint 2024-01-25",
        "datasets 2024-01-29",
    }


def test_what_is_made_again_passes_staleness_on_as_far_as_it_reaches_and_predictions_stay(shop: LivingShop) -> None:
    issued = shop.home.prediction_log.read(returns_recently, PREDICTED)
    FEED.correct("2024-01-29-03")  # settled on 30 January
    assert shop.once("features", "2024-01-30", OUTCOMES).success
    assert stale(shop) == {"recent_returns 2024-01-31", "recent_returns 2024-02-01", "complaint 2024-01-30"}

    assert shop.days("features", "2024-01-30", "2024-02-01", RECENT, COMPLAINTS).success

    # predictions look a day back: those of 2 February may have used the row of the 1st
    affected = {"predictions 2024-01-31", "predictions 2024-02-01", "predictions 2024-02-02"}
    assert stale(shop) == affected, "of the three days that were made again, 30 January is what it was"

    assert shop.days("predict", "2024-01-29", "2024-02-02", PREDICTIONS).success

    assert stale(shop) == set()
    assert shop.home.prediction_log.read(returns_recently, PREDICTED).equals(issued), "issued is issued"


def test_a_dataset_that_is_built_again_makes_its_own_model_stale(shop: LivingShop) -> None:
    FEED.correct("2024-01-24-03")
    assert shop.once("features", "2024-01-25", OUTCOMES).success

    assert shop.once("train_returns", "2024-01-29", DATASET).success

    assert {each for each in stale(shop) if each.startswith(("datasets", "models"))} == {"models 2024-01-29"}


def test_partitions_made_again_with_the_very_rows_make_nothing_stale_alone_or_in_a_range(shop: LivingShop) -> None:
    assert shop.once("features", "2024-01-25", OUTCOMES).success
    assert stale(shop) == set()
    assert shop.days("features", "2024-01-20", "2024-01-30", OUTCOMES).success
    assert stale(shop) == set()
    assert shop.once("features", None, PRODUCTS).success
    assert stale(shop) == set()


def test_a_range_of_which_one_day_is_corrected_makes_stale_what_was_made_of_that_day(shop: LivingShop) -> None:
    FEED.correct("2024-01-24-03")

    assert shop.days("features", "2024-01-20", "2024-01-30", OUTCOMES).success

    assert {each for each in stale(shop) if "datasets" not in each} == {
        "recent_returns 2024-01-26",
        "recent_returns 2024-01-27",
        "complaint 2024-01-25",
    }
    assert shop.metadata(OUTCOMES, "2024-01-22")["dagster/partition_row_count"] == 20
    FEED.correct("2024-01-24-03")
    assert shop.days("features", "2024-01-20", "2024-01-30", OUTCOMES).success
    assert "complaint 2024-01-25" in stale(shop), "corrected back is a change again"


def test_what_was_stored_then_is_answered_after_a_correction_too(shop: LivingShop) -> None:
    features, day = shop.home.features, Window.of_days("2024-01-25", "2024-01-25")
    then, before = features.version(outcomes), features.read(outcomes, day)
    FEED.correct("2024-01-24-03")
    assert shop.once("features", "2024-01-25", OUTCOMES).success

    assert not features.read(outcomes, day).equals(before)
    assert features.read(outcomes, day, version=then).equals(before)


def test_the_versions_that_a_dataset_pinned_give_its_rows_again_after_a_correction(shop: LivingShop) -> None:
    store, cutoff, since = shop.home.features, midnight("2024-01-29"), midnight("2024-01-01")
    built = build_dataset(returns_recently, cutoff, since, shop.home).dataset
    pins = built.manifest["tables"]
    before = read_view(returns_recently.view, Window(since, cutoff), store, pins)
    FEED.correct("2024-01-24-03")
    assert shop.days("features", "2024-01-25", "2024-01-27", OUTCOMES, RECENT).success

    shutil.rmtree(store.storage.at("_slices").url)
    pd.testing.assert_frame_equal(read_view(returns_recently.view, Window(since, cutoff), store, pins), before)
    assert not read_view(returns_recently.view, Window(since, cutoff), store).equals(before)
    assert build_dataset(returns_recently, cutoff, since, shop.home).dataset.id != built.id
