"""Which days are read as rows, and which months and days are kept as tiles, while no bit of a window changes."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fti_assets.contracts.binding import Aggregated
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import aggregate, materialize
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.sealed import unsealed_bytes
from fti_assets.stores.tiles import TileStore
from fti_assets_tests.features.windows.habits import (
    CLOSED,
    DAILY,
    DAILY_CLOSED,
    DAYS,
    EXACT,
    HOURLY,
    MONTHLY,
    SAWTOOTH,
    a_day,
    forget,
    kept,
    same,
    shop_days,
    windows,
)
from fti_assets_tests.worlds import CUSTOMERS, order_source, orders


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """The days whose rows of orders were read for windows."""
    days: list[date] = []
    original = FeatureStore.read

    def spy(self: FeatureStore, group: FeatureGroup, window: Window, columns: Any = None, *rest: Any) -> pl.DataFrame:
        if group is orders and columns and "product" in columns:
            days.extend(window.days)
        return original(self, group, window, columns, *rest)

    monkeypatch.setattr(FeatureStore, "read", spy)
    return days


BINDINGS = pytest.mark.parametrize(
    "binding", [DAILY, MONTHLY, HOURLY, EXACT, SAWTOOTH, *CLOSED], ids=lambda binding: binding.group.name
)


@BINDINGS
def test_refreshing_day_by_day_from_kept_tiles_gives_the_bits_of_a_backfill(
    own_shop: Home, binding: Aggregated
) -> None:
    store = own_shop.features
    expected = aggregate(binding, DAYS, store)
    forget(store)
    parts = [aggregate(binding, part, store) for part in DAYS.split(1)]
    assert pl.from_pandas(pd.concat(parts)).equals(pl.from_pandas(expected))
    forget(store)
    alone = [aggregate(binding, part, forget(store)) for part in DAYS.split(1)]
    assert pl.from_pandas(pd.concat(alone)).equals(pl.from_pandas(expected))


@pytest.mark.parametrize(
    ("binding", "days"),
    [
        (DAILY, ["2024-01-23"]),  # known at midnight: the day before is the newest
        (DAILY_CLOSED, ["2024-01-15", "2024-01-17", "2024-01-24"]),  # a midnight's own rows are in or out
        (HOURLY, ["2024-01-20", "2024-01-23", "2024-01-24"]),  # its windows begin within the first two
        (SAWTOOTH, ["2024-01-24"]),
        (EXACT, ["2024-01-15", "2024-01-17", "2024-01-22", "2024-01-23", "2024-01-24"]),  # those that a window cuts
    ],
    ids=lambda binding: binding.group.name if isinstance(binding, Aggregated) else "",
)
def test_one_more_day_reads_the_rows_of_no_other_than_it_must(
    own_shop: Home, read: list[date], binding: Aggregated, days: list[str]
) -> None:
    aggregate(binding, DAYS, own_shop.features)
    read.clear()
    aggregate(binding, a_day("2024-01-24"), own_shop.features)
    assert sorted(map(str, read)) == days


@BINDINGS
def test_a_corrected_day_is_read_again_and_no_other(own_shop: Home, read: list[date], binding: Aggregated) -> None:
    store, day, corrected = own_shop.features, a_day("2024-01-24"), date(2024, 1, 21)
    aggregate(binding, DAYS, store)
    before = aggregate(binding, day, store)
    read.clear()
    aggregate(binding, day, store)
    usual = list(read)
    materialize(
        orders.computed(lambda rows: rows.assign(quantity=9), order_source), a_day(str(corrected)), own_shop.features
    )
    read.clear()
    after = aggregate(binding, day, store)
    assert sorted({*usual, corrected}) == sorted(read)
    assert not after.equals(before)
    forget(store)
    assert pl.from_pandas(aggregate(binding, day, store)).equals(pl.from_pandas(after))


def test_only_the_days_that_a_later_refresh_reads_are_kept(own_shop: Home) -> None:
    store = own_shop.features
    aggregate(DAILY, Window.of_days("2024-01-05", "2024-02-05"), store)
    assert list(kept(store, "daily_habits")) == [str(day) for day in shop_days("2024-01-28", "2024-02-04")]
    short = windows("hours", ("7h", "2d"), every="1h")
    aggregate(short, DAYS, store)
    assert kept(store, "hours") == {}  # its days are read as fast as rows


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The months and days whose kept tiles were read."""
    periods: list[str] = []
    original = TileStore.get

    def spy(self: TileStore, group: str, names: Mapping[str, str]) -> dict[str, pl.DataFrame]:
        frames = original(self, group, names)
        periods.extend(frames)
        return frames

    monkeypatch.setattr(TileStore, "get", spy)
    return periods


FEBRUARY = Window.of_days("2024-02-01", "2024-02-14")


def test_a_month_is_read_as_one_where_no_window_cuts_it(own_shop: Home, opened: list[str]) -> None:
    store = own_shop.features
    for day in FEBRUARY.split(1):
        opened.clear()
        aggregate(MONTHLY, day, store)
        if day == a_day("2024-02-07"):
            assert opened == [str(day) for day in shop_days("2024-01-01", "2024-02-05")]  # the 6th is new
    assert opened == ["2024-01", *(str(day) for day in shop_days("2024-02-01", "2024-02-12"))]
    month = store.tiles.storage.read(kept(store, MONTHLY.group.name)["2024-01"]) or b""
    assert pl.read_ipc_stream(unsealed_bytes("2024-01", month)).height == len(CUSTOMERS)


def test_a_month_is_made_as_soon_as_no_window_at_a_row_begins_within_it(own_shop: Home) -> None:
    store, binding = own_shop.features, windows("months_so_far", ("7d", "45d"), at=orders)
    made = []
    for day in Window.of_days("2024-01-30", "2024-02-09").split(1):
        aggregate(binding, day, store)
        made.append("2024-01" in kept(store, binding.group.name))
    assert made == [False] * 9 + [True] * 2  # a window of the 7th begins on January 31


def test_a_day_is_kept_when_it_is_over(own_shop: Home) -> None:
    store, binding = own_shop.features, windows("hour_by_hour", ("9h", "4d"), partitions="hourly", at=orders)
    for hour in (22, 23):
        start = midnight("2024-01-24") + timedelta(hours=hour)
        aggregate(binding, Window(start, start + timedelta(hours=1)), store)
        assert ("2024-01-24" in kept(store, binding.group.name)) == (hour == 23)


def test_windows_have_the_same_bits_from_months_from_days_and_from_rows(own_shop: Home, opened: list[str]) -> None:
    store, day = own_shop.features, a_day("2024-02-14")
    aggregate(MONTHLY, FEBRUARY, store)
    opened.clear()
    from_months = aggregate(MONTHLY, day, store)
    assert opened[0] == "2024-01"
    store.tiles.storage.delete([kept(store, "monthly_habits")["2024-01"]])
    opened.clear()
    from_days = aggregate(MONTHLY, day, store)
    assert opened == [str(day) for day in shop_days("2024-01-01", "2024-02-13")]
    forget(store)
    opened.clear()
    from_rows = aggregate(MONTHLY, day, store)
    assert opened == []
    assert same(from_months, from_rows)
    assert same(from_days, from_rows)


def test_months_and_days_deleted_at_random_cost_time_only(own_shop: Home) -> None:
    store, random = own_shop.features, np.random.default_rng(2)
    expected = [aggregate(MONTHLY, day, forget(store)) for day in FEBRUARY.split(1)]
    for day, frame in zip(FEBRUARY.split(1), expected, strict=True):
        keys = kept(store, "monthly_habits").values()
        store.tiles.storage.delete([key for key in keys if random.random() < 0.3])
        assert same(aggregate(MONTHLY, day, store), frame)


def test_a_corrected_day_makes_its_month_anew_and_that_of_before_is_gone(own_shop: Home, opened: list[str]) -> None:
    store, day = own_shop.features, a_day("2024-02-14")
    aggregate(MONTHLY, FEBRUARY, store)
    before = kept(store, "monthly_habits")
    correction = orders.computed(lambda rows: rows.assign(quantity=9), order_source)
    materialize(correction, a_day("2024-01-26"), store)
    opened.clear()
    after = aggregate(MONTHLY, day, store)
    assert not {"2024-01", "2024-01-26"} & set(opened)
    keys = kept(store, "monthly_habits")
    assert len(store.tiles.storage.objects("monthly_habits")) == len(keys)
    assert {period for period, key in keys.items() if key != before.get(period)} == {"2024-01", "2024-01-26"}
    forget(store)
    assert same(aggregate(MONTHLY, day, store), after)


def test_a_month_with_a_day_of_no_orders_is_kept_like_others(own_shop: Home) -> None:
    store = own_shop.features
    materialize(orders.computed(lambda rows: rows.head(0), order_source), a_day("2024-01-17"), store)
    aggregate(MONTHLY, FEBRUARY, store)
    assert "2024-01" in kept(store, "monthly_habits")
    assert "2024-01-17" not in kept(store, "monthly_habits")
