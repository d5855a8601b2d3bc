"""Windows computed from kept tiles are those computed from rows, also after a correction."""

import shutil
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest

from fti_assets.contracts.aggregated import Aggregated
from fti_assets.contracts.errors import ContractViolation, MissingPartitions
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import UTC, Window
from fti_assets.features.materialize import aggregate, materialize
from fti_assets.features.windows import distinct
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.tiles import TileStore
from fti_assets_tests.worlds import ALL_ORDERS, order_source, orders

FIELDS: dict[str, Any] = {"int": int, "float": float, "str": str, "Int64": pd.Int64Dtype}
STATISTICS = {
    "quantity": {"sum": "float", "std": "float", "last": "Int64", "count_gift": "int", "distinct": "int"},
    "product": {"first": "str", "last_gift": "str", "distinct": "int"},
}
DAY = timedelta(days=1)


def windows(name: str, lengths: tuple[str, ...], **ends: Any) -> Aggregated:
    """All kinds of statistics of the shop's orders by customer."""
    columns = {
        f"{column}_{statistic}_{length}": kind
        for column, asked in STATISTICS.items()
        for statistic, kind in asked.items()
        for length in lengths
    }
    annotations = {"customer": str, "as_of": UTC, **{name: FIELDS[kind] for name, kind in columns.items()}}
    fields = {column: pa.Field(nullable=kind != "int") for column, kind in columns.items()}
    namespace = {"__annotations__": annotations, "__doc__": "What a customer orders.", "__module__": __name__, **fields}
    group = FeatureGroup(
        type("Habits", (pa.DataFrameModel,), namespace), keys="customer", event_time="as_of", name=name
    )
    columns_of = {column: list(asked) for column, asked in STATISTICS.items()}
    return group.aggregated(orders, "customer", columns_of, lengths, where={"gift": "is_gift"}, **ends)


DAILY = windows("daily_habits", ("7d", "9d"))
MONTHLY = windows("monthly_habits", ("7d", "45d"))
HOURLY = windows("hourly_habits", ("7h", "4d"), every="1h")
EXACT = windows("habits_so_far", ("7d", "36h", "9d"), at=orders)
SAWTOOTH = windows("habits_by_day", ("7d", "9d"), at=orders, sawtooth=True)
DAYS = Window.of_days("2024-01-20", "2024-01-23")


def a_day(day: str) -> Window:
    return Window.of_days(day, day)


def shop_days(first: str, last: str) -> list[date]:
    return Window.of_days(first, last).days


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


BINDINGS = pytest.mark.parametrize("binding", [DAILY, MONTHLY, HOURLY, EXACT, SAWTOOTH], ids=lambda b: b.group.name)


@BINDINGS
def test_refreshing_day_by_day_from_kept_tiles_gives_the_bits_of_a_backfill(
    own_shop: Home, binding: Aggregated
) -> None:
    store = own_shop.features
    expected = aggregate(binding, DAYS, store)
    shutil.rmtree(store.tiles.root)
    parts = [aggregate(binding, part, store) for part in DAYS.split(1)]
    assert pl.from_pandas(pd.concat(parts)).equals(pl.from_pandas(expected))
    shutil.rmtree(store.tiles.root)
    alone = [aggregate(binding, part, store) for part in DAYS.split(1) if not shutil.rmtree(store.tiles.root, True)]
    assert pl.from_pandas(pd.concat(alone)).equals(pl.from_pandas(expected))


@pytest.mark.parametrize(
    ("binding", "days"),
    [
        (DAILY, ["2024-01-23"]),  # known at midnight: the day before is the newest
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
    shutil.rmtree(store.tiles.root)
    assert pl.from_pandas(aggregate(binding, day, store)).equals(pl.from_pandas(after))


def kept(store: FeatureStore, group: str) -> dict[str, Path]:
    """The files of a group's tiles, by their month or day."""
    return {path.name.split(".")[0]: path for path in sorted((store.tiles.root / group).rglob("*.arrows"))}


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


def same(frame: pd.DataFrame, expected: pd.DataFrame) -> bool:
    return pl.from_pandas(frame).equals(pl.from_pandas(expected))


def test_a_month_is_read_as_one_where_no_window_cuts_it(own_shop: Home, opened: list[str]) -> None:
    store = own_shop.features
    for day in FEBRUARY.split(1):
        opened.clear()
        aggregate(MONTHLY, day, store)
        if day == a_day("2024-02-07"):
            assert opened == [str(day) for day in shop_days("2024-01-01", "2024-02-05")]  # the 6th is new
    assert opened == ["2024-01", *(str(day) for day in shop_days("2024-02-01", "2024-02-12"))]


def test_windows_have_the_same_bits_from_months_from_days_and_from_rows(own_shop: Home, opened: list[str]) -> None:
    store, day = own_shop.features, a_day("2024-02-14")
    aggregate(MONTHLY, FEBRUARY, store)
    opened.clear()
    from_months = aggregate(MONTHLY, day, store)
    assert opened[0] == "2024-01"
    kept(store, "monthly_habits")["2024-01"].unlink()
    opened.clear()
    from_days = aggregate(MONTHLY, day, store)
    assert opened == [str(day) for day in shop_days("2024-01-01", "2024-02-13")]
    shutil.rmtree(store.tiles.root)
    opened.clear()
    from_rows = aggregate(MONTHLY, day, store)
    assert opened == []
    assert same(from_months, from_rows)
    assert same(from_days, from_rows)


def test_months_and_days_deleted_at_random_cost_time_only(own_shop: Home) -> None:
    store, random = own_shop.features, np.random.default_rng(2)
    expected = [
        aggregate(MONTHLY, day, store) for day in FEBRUARY.split(1) if not shutil.rmtree(store.tiles.root, True)
    ]
    for day, frame in zip(FEBRUARY.split(1), expected, strict=True):
        for path in kept(store, "monthly_habits").values():
            if random.random() < 0.3:
                path.unlink()
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
    files = kept(store, "monthly_habits")
    assert len(list((store.tiles.root / "monthly_habits").rglob("*.arrows"))) == len(files)
    assert {period for period, path in files.items() if path != before.get(period)} == {"2024-01", "2024-01-26"}
    shutil.rmtree(store.tiles.root)
    assert same(aggregate(MONTHLY, day, store), after)


def test_a_month_with_a_day_of_no_orders_is_kept_like_others(own_shop: Home) -> None:
    store = own_shop.features
    materialize(orders.computed(lambda rows: rows.head(0), order_source), a_day("2024-01-17"), store)
    aggregate(MONTHLY, FEBRUARY, store)
    assert "2024-01" in kept(store, "monthly_habits")
    assert "2024-01-17" not in kept(store, "monthly_habits")


def test_windows_at_rows_are_what_a_reader_counts(own_shop: Home) -> None:
    frame = aggregate(EXACT, a_day("2024-01-24"), own_shop.features)
    assert len(frame) == 20  # one for each order of the day
    row = frame.iloc[12]
    at_row, known = row["as_of"], ALL_ORDERS["placed_at"]
    for label, length in (("36h", timedelta(hours=36)), ("9d", 9 * DAY)):
        mine = ALL_ORDERS[(ALL_ORDERS["customer"] == row["customer"]) & (known >= at_row - length) & (known < at_row)]
        assert row[f"quantity_sum_{label}"] == mine["quantity"].sum()
        assert row[f"quantity_last_{label}"] == mine["quantity"].iloc[-1]
        assert row[f"product_first_{label}"] == mine["product"].iloc[0]
        assert row[f"product_distinct_{label}"] == mine["product"].nunique()
        assert row[f"quantity_count_gift_{label}"] == mine["is_gift"].sum()


def test_whole_numbers_stay_exact_beside_nulls_and_are_written(own_shop: Home) -> None:
    early = Window.of_days("2024-01-01", "2024-01-02")
    frame = aggregate(EXACT, early, own_shop.features)
    assert str(frame["quantity_last_7d"].dtype) == "Int64"
    assert frame["quantity_last_7d"].isna().sum() > 0
    assert materialize(EXACT, early, own_shop.features).rows == 40


def test_first_and_last_of_numbers_beyond_what_a_double_holds_are_exact(own_shop: Home) -> None:
    large = 2**60 + 1
    correction = orders.computed(lambda rows: rows.assign(quantity=large), order_source)
    materialize(correction, a_day("2024-01-22"), own_shop.features)
    for _ in ("from rows", "from tiles"):
        frame = aggregate(DAILY, a_day("2024-01-23"), own_shop.features)
        assert set(frame["quantity_last_7d"]) == {large}


def test_each_day_that_windows_reach_is_needed(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "other")
    with pytest.raises(MissingPartitions, match="feature group order was not materialized for 2024-01-24"):
        aggregate(SAWTOOTH, a_day("2024-01-24"), store)


def test_too_many_different_values_write_nothing(own_shop: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "AT_MOST", 1)
    with pytest.raises(ContractViolation, match="quantity: has at most 1 different values a key and day"):
        materialize(DAILY, DAYS, own_shop.features)
    assert own_shop.features.version(DAILY.group) is None
    assert kept(own_shop.features, "daily_habits") == {}
