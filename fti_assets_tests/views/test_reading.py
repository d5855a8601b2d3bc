"""Reading a view: point in time, in slices, at any version of its tables."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest
from attrs import evolve
from pandas.testing import assert_frame_equal

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC, Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets.views.inputs import known_window, table_versions
from fti_assets.views.reading import read_view
from fti_assets_tests.worlds import (
    ALL_ORDERS,
    BINDINGS,
    CATALOGUE,
    FIRST_DAY,
    LAST_DAY,
    at,
    customer_history,
    order_source,
    orders,
    outcomes,
    returns,
)

ORDERS, OUTCOMES, PRODUCTS, HISTORY = BINDINGS
EVERYTHING = Window.of_days(FIRST_DAY, LAST_DAY)
VIEW = returns.view


def test_each_order_has_what_was_known_when_it_was_placed(shop: Home) -> None:
    frame = read_view(VIEW, EVERYTHING, shop.features)
    expected = ALL_ORDERS.merge(CATALOGUE, on="product")
    expected = expected.set_index("order_id").loc[frame["order_id"]]
    assert len(frame) == 900
    assert (frame["price"].to_numpy() == expected["price"].to_numpy()).all()
    assert (frame["amount"].to_numpy() == (expected["price"] * expected["quantity"]).to_numpy()).all()
    for row in frame.iloc[::97].itertuples():
        midnight = row.placed_at.floor("D")
        week = ALL_ORDERS["settled_at"].between(midnight - timedelta(days=7), midnight, inclusive="left")
        settled = ALL_ORDERS[week & (ALL_ORDERS["customer"] == row.customer)]["is_returned"]
        assert (0 if pd.isna(row.is_returned_count_7d) else row.is_returned_count_7d) == len(settled)
        assert row.is_returned_mean_7d == pytest.approx(settled.mean(), nan_ok=True)


@pytest.mark.parametrize("days", [3, 44])
def test_parts_of_a_window_give_the_rows_of_the_whole(shop: Home, days: int) -> None:
    parts = [read_view(VIEW, part, shop.features) for part in EVERYTHING.split(days)]
    whole = read_view(VIEW, EVERYTHING, shop.features)
    assert_frame_equal(pd.concat(parts, ignore_index=True), whole, check_exact=True)


def test_a_window_may_begin_and_end_within_a_day(shop: Home) -> None:
    whole = read_view(VIEW, EVERYTHING, shop.features)
    window = Window(at(date(2024, 1, 10), 12), at(date(2024, 1, 12), 9, 30))
    expected = whole[(whole["placed_at"] >= window.start) & (whole["placed_at"] < window.end)]
    assert_frame_equal(read_view(VIEW, window, shop.features), expected.reset_index(drop=True), check_exact=True)


def test_pins_to_old_versions_reproduce_the_old_frame_after_a_correction(own_shop: Home) -> None:
    pins = table_versions(VIEW, own_shop.features)
    assert sorted(pins) == ["customer_history", "order", "outcome", "products"]
    before = read_view(VIEW, EVERYTHING, own_shop.features)
    days = Window.of_days("2024-01-05", "2024-01-09")
    materialize(orders.computed(lambda rows: rows.assign(quantity=9), order_source), days, own_shop.features)
    materialize(
        PRODUCTS.group.computed(lambda rows: rows.assign(price=1.0), PRODUCTS.inputs[0]), days, own_shop.features
    )
    assert read_view(VIEW, EVERYTHING, own_shop.features)["amount"].max() == 9
    assert_frame_equal(read_view(VIEW, EVERYTHING, own_shop.features, pins), before, check_exact=True)


def test_a_view_of_no_orders_has_its_columns_and_types(shop: Home) -> None:
    whole = read_view(VIEW, EVERYTHING, shop.features)
    night = read_view(VIEW, Window(at(FIRST_DAY), at(FIRST_DAY, 1)), shop.features)
    assert len(night) == 0
    assert night.dtypes.to_dict() == whole.dtypes.to_dict()


def _without(binding: object, day: str, home: Home) -> None:
    for part in Window.of_days("2024-01-01", "2024-01-12").split(1):
        if part != Window.of_days(day, day):
            materialize(binding, part, home.features)


@pytest.mark.parametrize(
    ("missing", "name", "day"),
    [
        (ORDERS, "order", "2024-01-11"),
        (HISTORY, "customer_history", "2024-01-10"),
        (HISTORY, "customer_history", "2024-01-07"),  # three days of lookback before the window
    ],
)
def test_a_day_that_was_never_written_is_named(tmp_path: Path, missing: object, name: str, day: str) -> None:
    home = Home(tmp_path)
    for binding in BINDINGS:
        if binding is missing:
            _without(binding, day, home)
        else:
            materialize(binding, Window.of_days("2024-01-01", "2024-01-12"), home.features)
    window = Window.of_days("2024-01-10", "2024-01-12")
    with pytest.raises(MissingPartitions, match=f"{name} was not materialized for {day}: "):
        read_view(VIEW, window, home.features)


def test_a_day_before_the_lookback_is_not_needed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for binding in BINDINGS[:3]:
        materialize(binding, Window.of_days("2024-01-01", "2024-01-12"), home.features)
    _without(HISTORY, "2024-01-06", home)
    assert len(read_view(VIEW, Window.of_days("2024-01-10", "2024-01-12"), home.features)) == 60


def test_a_dimension_that_was_never_written_is_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for binding in (ORDERS, OUTCOMES, HISTORY):
        materialize(binding, Window.of_days("2024-01-01", "2024-01-05"), home.features)
    with pytest.raises(MissingPartitions, match="products was not materialized: "):
        read_view(VIEW, Window.of_days("2024-01-05", "2024-01-05"), home.features)


class Reputation(pa.DataFrameModel):
    """What is said of a customer on a day: known up to a day before it, as a forecast is."""

    customer: str
    of: UTC
    said_at: UTC
    stars: int


REPUTATIONS = pd.DataFrame(
    {
        "customer": ["ada", "ada", "ben"],
        "of": ["2024-01-04 12:00", "2024-01-07 12:00", "2024-01-05 12:00"],
        "said_at": ["2024-01-03 18:00", "2024-01-07 18:00", "2024-01-04 18:00"],
        "stars": [3, 5, 1],
    }
).astype({"of": "datetime64[us, UTC]", "said_at": "datetime64[us, UTC]"})
reputations = FeatureGroup(Reputation, keys="customer", event_time="of", known_at="said_at", lookback="2d")
reputation_view = FeatureView(orders, outcomes["is_returned"].within(days=2), [reputations])


def _said(start: datetime, end: datetime) -> pd.DataFrame:
    return REPUTATIONS[(REPUTATIONS["said_at"] >= start) & (REPUTATIONS["said_at"] < end)].reset_index(drop=True)


def _with_reputations(home: Home, *windows: Window) -> None:
    for window in windows:
        materialize(
            reputations.computed(lambda rows: rows, Source(Reputation, _said, name="said")), window, home.features
        )


@pytest.mark.parametrize("days", [1, 2, 31])
def test_a_row_known_a_day_before_its_event_is_found_from_any_slice(own_shop: Home, days: int) -> None:
    _with_reputations(own_shop, Window.of_days("2024-01-02", "2024-01-08"))
    parts = Window.of_days("2024-01-03", "2024-01-08").split(days)
    frame = pd.concat([read_view(reputation_view, part, own_shop.features) for part in parts], ignore_index=True)
    ada = frame[frame["customer"] == "ada"].set_index("placed_at")["stars"]
    is_known = (ada.index >= at(date(2024, 1, 3), 18)) & (ada.index <= at(date(2024, 1, 6), 12))
    assert ada[is_known].eq(3).all()
    assert is_known.sum() == 7  # three on the 4th, three on the 5th, one by noon of the 6th
    rest = ada[~is_known]
    assert rest[rest.index < at(date(2024, 1, 7), 18)].isna().all()
    assert rest[rest.index >= at(date(2024, 1, 7), 18)].eq(5).all()


def test_the_day_before_the_lookback_is_needed_where_a_row_may_be_known_before_its_event(own_shop: Home) -> None:
    _with_reputations(own_shop, Window.of_days("2024-01-01", "2024-01-03"), Window.of_days("2024-01-05", "2024-01-08"))
    materialize(
        reputations.computed(lambda rows: rows.assign(said_at=rows["of"]), Source(Reputation, _said, name="said")),
        Window.of_days("2024-01-01", "2024-01-02"),
        own_shop.features,
    )
    # the row of the 5th was known on the 4th, and can be two days old on the 7th
    with pytest.raises(MissingPartitions, match="reputation was not materialized for 2024-01-04"):
        read_view(reputation_view, Window.of_days("2024-01-07", "2024-01-07"), own_shop.features)


def test_the_days_on_which_rows_became_known_reach_a_day_further_only_if_that_can_be() -> None:
    day, age = Window.of_days("2024-01-05", "2024-01-05"), timedelta(days=2)
    assert known_window(customer_history, day, age) == Window.of_days("2024-01-03", "2024-01-05")
    assert known_window(reputations, day, age) == Window.of_days("2024-01-02", "2024-01-05")


class Pair(pa.DataFrameModel):
    """How many of a product a customer ordered last."""

    customer: str
    product: str
    ordered_at: UTC
    pieces: int


pairs = FeatureGroup(Pair, keys=("customer", "product"), event_time="ordered_at", lookback="30d")


def test_composite_keys_are_looked_up_all_together_and_a_lookback_may_be_the_views_own(own_shop: Home) -> None:
    def of_orders(rows: pd.DataFrame) -> pd.DataFrame:
        known = rows.assign(ordered_at=rows["placed_at"] + timedelta(minutes=1), pieces=rows["quantity"])
        return known[list(pairs.columns)].astype({"ordered_at": "datetime64[us, UTC]"})

    materialize(pairs.computed(of_orders, orders), EVERYTHING, own_shop.features)
    features = [pairs, pairs.select().lookback(hours=36).prefixed("recent_")]
    frame = read_view(evolve(VIEW, features=features, on_demand=()), EVERYTHING, own_shop.features)
    for row in frame.iloc[::53].itertuples():
        same = (ALL_ORDERS["customer"] == row.customer) & (ALL_ORDERS["product"] == row.product)
        earlier = ALL_ORDERS[same & (ALL_ORDERS["placed_at"] < row.placed_at)]
        recent = earlier[earlier["placed_at"] + timedelta(minutes=1) >= row.placed_at - timedelta(hours=36)]
        for found, expected in ((row.pieces, earlier), (row.recent_pieces, recent)):
            assert (None if pd.isna(found) else found) == (expected["quantity"].iloc[-1] if len(expected) else None)
    assert 0 < frame["recent_pieces"].notna().sum() < frame["pieces"].notna().sum() < len(frame)
