"""Prices and promotions that are announced before they are in force: offline, online and against a plain twin."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from attrs import evolve

import fti_assets as fti
from fti_assets.audit.feature_groups import audit_binding
from fti_assets.audit.views import audit_view
from fti_assets.contracts.feature_group import as_binding
from fti_assets.contracts.time import midnight
from fti_assets.features.materialize import materialize
from fti_assets.inference.online import load_online, online_features
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.views.assemble import assemble
from fti_assets.views.inputs import read_inputs
from fti_assets.views.reading import read_view
from fti_assets_tests.metamorphic import changes_of_the_past, rebuild_with_altered_future, same_bits

FIRST, LAST = "2024-01-01", "2024-02-20"
WINDOW = fti.Window.of_days(FIRST, LAST)
SERVED = fti.Window.of_days("2024-02-19", LAST)
DAY = timedelta(days=1)


class Order(pa.DataFrameModel):
    """An order, for which a delivery was agreed upon, perhaps; the offer was made days before."""

    order_id: str
    product: str
    store: str
    placed_at: fti.UTC
    delivery_at: fti.UTC = pa.Field(nullable=True)
    offered_at: fti.UTC


class Price(pa.DataFrameModel):
    """A price from an instant on, announced up to two weeks before, and corrected now and then."""

    product: str
    store: str
    valid_from: fti.UTC
    announced_at: fti.UTC
    price: float = pa.Field(nullable=True)


def _orders() -> pd.DataFrame:
    random, n = np.random.default_rng(1), 400
    placed = np.sort(random.integers(0, 51 * 24 * 60, n))
    delivery = placed + random.integers(0, 12 * 24 * 60, n)
    frame = pd.DataFrame({"order_id": [f"o{i}" for i in range(n)], "product": random.choice(["tea", "rum"], n)})
    times = {"placed_at": placed, "delivery_at": delivery, "offered_at": placed - random.integers(0, 9 * 24 * 60, n)}
    frame = frame.assign(store=random.choice(["A", "B"], n), **{name: _instants(at) for name, at in times.items()})
    frame.loc[::17, "delivery_at"] = pd.NaT
    return frame


def _prices() -> pd.DataFrame:
    """Some of them are corrected twice, once after they came into force; a third of the rows are known late."""
    random, n = np.random.default_rng(2), 300
    valid = random.integers(0, 60 * 24, n) * 60
    announced = np.where(
        random.random(n) < 0.3, valid + random.integers(0, 4000, n), valid - random.integers(0, 14 * 24 * 60, n)
    )
    frame = pd.DataFrame({"product": random.choice(["tea", "rum"], n), "store": random.choice(["A", "B"], n)})
    frame = frame.assign(valid_from=_instants(valid), announced_at=_instants(announced), price=random.normal(9, 3, n))
    frame.loc[::23, "price"] = None
    corrected = frame.iloc[::3].assign(price=lambda rows: rows["price"] + 100)
    corrected["announced_at"] += pd.Timedelta(hours=30)
    again = frame.iloc[::6].assign(price=lambda rows: rows["price"] + 200)
    again["announced_at"] = again["valid_from"] + pd.Timedelta(hours=50)
    return pd.concat([frame, corrected, again], ignore_index=True)


def _instants(minutes: np.ndarray) -> pd.Series:
    return pd.Series(pd.Timestamp(FIRST, tz="UTC") + pd.to_timedelta(minutes, unit="min")).astype("datetime64[us, UTC]")


ORDERS, PRICES = _orders(), _prices()


def _known(frame: pd.DataFrame, known_at: str) -> Any:
    return lambda start, end: frame[(frame[known_at] >= start) & (frame[known_at] < end)].reset_index(drop=True)


def as_it_is(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a source."""
    return rows


orders = fti.FeatureGroup(Order, keys="order_id", event_time="placed_at", name="orders")
prices = fti.FeatureGroup(
    Price, keys=("product", "store"), event_time="valid_from", known_at="announced_at", ahead="14d", lookback="5d"
)
demand = orders.windows("product", {"order_id": "count"}, over="2d", name="demand", every="6h", lookback="1d")
order_source = fti.Source(Order, _known(ORDERS, "placed_at"), name="order_source")
price_source = fti.Source(Price, _known(PRICES, "announced_at"), name="price_source")
BINDINGS = (orders.computed(as_it_is, order_source), prices.computed(as_it_is, price_source), as_binding(demand))
VIEW = fti.FeatureView(
    spine=orders,
    label=prices["price"].within(days=1),
    features=[
        prices["price"].at("delivery_at"),
        prices["price"].at("offered_at").prefixed("offered_"),
        prices["price"].prefixed("present_"),
        prices["price"].by("product").at("delivery_at").lookback("20d").prefixed("any_store_"),
        demand.select().at("offered_at"),
    ],
)
FEATURES = list(VIEW.columns)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """All groups, the prices also of the weeks before the first order and after the last one."""
    home = Home(tmp_path_factory.mktemp("prices"))
    for binding in BINDINGS:
        materialize(binding, WINDOW.widened(before=30 * DAY, after=20 * DAY), home.features)
    for group in VIEW.groups[1:]:
        load_online(group, [VIEW], home)
    with home.online.held_open():
        yield home


def plain(rows: pd.DataFrame, moment: str, keys: list[str], age: timedelta) -> list[float | None]:
    """The price in force at each row's moment by its definition, one row at a time."""
    answers, announced = [], PRICES.sort_values("announced_at", kind="stable").to_dict("records")
    for row in rows.to_dict("records"):
        at, then = row["placed_at"], row[moment]
        in_force = [
            (price["valid_from"], price["announced_at"], n, price["price"])
            for n, price in enumerate(announced)
            if not pd.isna(then)
            and all(price[key] == row[key] for key in keys)
            and price["announced_at"] <= at
            and timedelta(0) <= then - price["valid_from"] <= age
        ]
        answers.append(max(in_force)[-1] if in_force else None)
    return answers


def _bits(rows: pd.DataFrame) -> pl.DataFrame:
    return to_polars(rows, {**orders.columns, **VIEW.columns})


def test_each_price_is_the_one_in_force_at_its_moment_as_known_when_ordered(home: Home) -> None:
    rows = read_view(VIEW, WINDOW, home.features)
    both = ["product", "store"]
    expected = {
        "price": plain(rows, "delivery_at", both, 5 * DAY),
        "offered_price": plain(rows, "offered_at", both, 5 * DAY),
        "present_price": plain(rows, "placed_at", both, 5 * DAY),
        "any_store_price": plain(rows, "delivery_at", ["product"], 20 * DAY),
    }
    for name, prices_then in expected.items():
        pd.testing.assert_series_equal(rows[name], pd.Series(prices_then, dtype=float, name=name))
        assert 100 < rows[name].notna().sum() < len(rows)
    assert (rows["price"].fillna(0) != rows["present_price"].fillna(0)).sum() > 100


def test_windows_of_an_earlier_moment_are_those_that_were_known_by_then(home: Home) -> None:
    rows = read_view(VIEW, WINDOW, home.features)
    compared = 0
    for row in rows.to_dict("records"):
        end = row["offered_at"].floor("6h")
        placed = ORDERS.loc[ORDERS["product"] == row["product"], "placed_at"]
        count = int(((placed < end) & (placed >= end - 2 * DAY)).sum())
        if count:  # a window without rows has none of its own: the one before it is still there for a day
            assert row["order_id_count_2d"] == count
            compared += 1
    assert compared > 200


def test_a_row_has_the_same_values_whatever_days_are_read_with_it(home: Home) -> None:
    together = read_view(VIEW, WINDOW, home.features)
    days = [fti.Window.of_days(day, day) for day in WINDOW.days]
    alone = pd.concat([read_view(VIEW, day, home.features) for day in days], ignore_index=True)
    assert same_bits(_bits(alone), _bits(together))


def test_a_day_reads_what_its_moments_reach_and_reading_more_changes_nothing(home: Home) -> None:
    everything = {g.name: home.features.read(g, WINDOW.widened(30 * DAY, 20 * DAY)) for g in VIEW.groups[1:]}
    for day in WINDOW.days[::9]:
        window = fti.Window.of_days(day, day)
        spine, groups = read_inputs(VIEW, window, home.features, {})
        assert same_bits(_bits(assemble(VIEW, spine, groups)), _bits(assemble(VIEW, spine, everything)))
        # known 14 days ahead: of events 20 days before the day, and 5 days before its earliest offer
        reach = min(window.start - 34 * DAY, spine["offered_at"].min() - 19 * DAY)
        assert groups["price"]["announced_at"].min() >= midnight(reach.date())


def test_the_online_row_of_the_served_days_is_the_row_in_batch_bit_for_bit(home: Home) -> None:
    batch = read_view(VIEW, SERVED, home.features)
    requests = home.features.read(orders, SERVED)
    assert len(batch) > 10
    assert same_bits(_bits(online_features(VIEW, requests, home.online)), _bits(batch))
    for n in range(len(requests)):
        assert same_bits(_bits(online_features(VIEW, requests[n], home.online)), _bits(batch.iloc[[n]]))


def test_a_request_for_a_moment_before_the_loaded_rows_is_refused_and_for_any_later_one_answered(home: Home) -> None:
    (request, *_) = home.features.read(orders, SERVED).iter_slices(1)
    first = home.features.read(orders, SERVED)["offered_at"].min()
    early = request.with_columns(offered_at=pl.lit(first - timedelta(microseconds=1)).cast(pl.Datetime("us", "UTC")))
    with pytest.raises(fti.ContractViolation, match=rf"offered_at: {re.escape(str(first))} or later, where price"):
        online_features(VIEW, early, home.online)
    for hours in range(0, 24 * 14, 7):
        moment = pl.lit(SERVED.end + timedelta(hours=hours)).cast(pl.Datetime("us", "UTC"))
        request = request.with_columns(delivery_at=moment)
        (answer,) = online_features(VIEW, request, home.online)["price"]
        (expected,) = plain(request.to_pandas(), "delivery_at", ["product", "store"], 5 * DAY)
        assert answer == expected or (pd.isna(answer) and (expected is None or pd.isna(expected)))


def test_features_for_rows_of_ones_own_reach_back_from_their_own_moments(home: Home) -> None:
    batch = read_view(VIEW, WINDOW, home.features)
    own = batch[list(orders.columns)].iloc[200:230]
    features = fti.Home(home.features.storage.folder.parent).features_for(VIEW, own)
    assert same_bits(_bits(features), _bits(batch.iloc[200:230]))


def test_a_row_known_too_far_ahead_is_refused(tmp_path: Path) -> None:
    early = PRICES.iloc[[0]].assign(
        valid_from=midnight("2024-01-15"), announced_at=datetime(2023, 12, 31, 23, tzinfo=UTC)
    )
    source = fti.Source(
        Price,
        lambda _start, _end: early.astype({"valid_from": "datetime64[us, UTC]", "announced_at": "datetime64[us, UTC]"}),
    )
    day = fti.Window.of_days("2023-12-31", "2023-12-31")
    with pytest.raises(fti.ContractViolation, match="announced_at: known at most 14d before the event"):
        materialize(prices.computed(as_it_is, source), day, Home(tmp_path).features)
    within = evolve(prices, ahead="15d")
    assert materialize(within.computed(as_it_is, source), day, Home(tmp_path).features).rows == 1


def test_days_that_values_known_ahead_reach_back_to_and_that_were_not_written_are_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for binding in BINDINGS[:2]:
        materialize(binding, fti.Window.of_days("2024-01-01", "2024-01-02"), home.features)
        materialize(binding, fti.Window.of_days("2024-01-18", "2024-02-01"), home.features)
    day = fti.Window.of_days("2024-01-30", "2024-01-30")
    ahead = evolve(VIEW, features=[prices["price"].at("delivery_at")])
    # five days of lookback and fourteen ahead: the eleventh
    with pytest.raises(fti.MissingPartitions, match="price was not materialized for 2024-01-11, 2024-01-12"):
        read_view(ahead, day, home.features)


@pytest.mark.parametrize(
    "moment", [datetime(2024, 1, 20, tzinfo=UTC), datetime(2024, 2, 1, 12, 30, tzinfo=UTC)], ids=str
)
def test_what_becomes_known_later_changes_no_value_however_far_ahead_it_is_wanted(
    moment: datetime, home: Home, tmp_path: Path
) -> None:
    def another_future(source: fti.Source, rows: pd.DataFrame) -> pd.DataFrame:
        kept = rows[rows.index % 3 > 0]
        if source.name == price_source.name:
            earlier = kept.assign(valid_from=kept["announced_at"] - pd.Timedelta(days=1), price=-2.0)
            return pd.concat([kept.assign(price=-1.0), earlier], ignore_index=True).drop_duplicates(
                ["product", "store", "valid_from", "announced_at"]
            )
        return kept.assign(
            product="tea", delivery_at=kept["placed_at"], offered_at=kept["placed_at"] - pd.Timedelta(days=30)
        )

    altered = Home(tmp_path / "altered")
    rebuild_with_altered_future(
        BINDINGS, another_future, moment, WINDOW.widened(before=30 * DAY, after=20 * DAY), altered, days=10
    )
    homes = (home, altered)
    assert changes_of_the_past([orders, prices, demand], [VIEW], moment, WINDOW, homes) == []
    assert changes_of_the_past([orders, prices], [VIEW], WINDOW.end, WINDOW, homes) != []


def test_a_function_of_prices_is_given_those_in_force_however_far_ahead_they_were_known(home: Home) -> None:
    class Dearest(pa.DataFrameModel):
        """The highest price of a product that is in force when a day begins."""

        product: str
        as_of: fti.UTC
        highest: float

    def highest(announced: pd.DataFrame, window: fti.Window) -> pd.DataFrame:
        events = announced["valid_from"]
        in_force = (
            (events <= window.start) & (events > window.start - 5 * DAY) & (announced["announced_at"] < window.start)
        )
        rows = announced[in_force].groupby("product", as_index=False)["price"].max().dropna()
        return rows.rename(columns={"price": "highest"}).assign(as_of=pd.Timestamp(window.start).as_unit("us"))

    group = fti.FeatureGroup(Dearest, keys="product", event_time="as_of", name="dearest")
    days = fti.Window.of_days("2024-01-20", "2024-01-25")
    materialize(group.computed(highest, prices["price"]), days, home.features)
    for row in home.features.read(group, days).iter_rows(named=True):
        age = row["as_of"] - PRICES["valid_from"]
        known = (PRICES["announced_at"] < row["as_of"]) & (PRICES["product"] == row["product"])
        assert row["highest"] == PRICES.loc[known & (age >= timedelta(0)) & (age < 5 * DAY), "price"].max()


def test_the_audit_finds_nothing_in_a_view_of_values_known_ahead(home: Home) -> None:
    assert audit_view(VIEW, fti.Window.of_days("2024-02-01", "2024-02-03"), home) == []
    assert [finding for binding in BINDINGS for finding in audit_binding(binding, SERVED, home.features)] == []
