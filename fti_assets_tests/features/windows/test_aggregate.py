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
from fti_assets.stores.storage import Storage
from fti_assets.stores.tiles import Days, TileStore
from fti_assets_tests.worlds import ALL_ORDERS, customer_history, order_source, orders, outcomes

FIELDS: dict[str, Any] = {"int": int, "float": float, "str": str, "Int64": pd.Int64Dtype}
STATISTICS = {
    "quantity": {"sum": "float", "std": "float", "last": "Int64", "count_gift": "int", "distinct": "int"},
    "product": {"first": "str", "last_gift": "str", "distinct": "int"},
}
DAY = timedelta(days=1)


def windows(name: str, lengths: tuple[str, ...], without: str = "", **given: Any) -> Aggregated:
    """All kinds of statistics of the shop's orders by customer, perhaps without one of them."""
    statistics = {
        column: {s: kind for s, kind in asked.items() if s != without} for column, asked in STATISTICS.items()
    }
    columns = {
        f"{column}_{statistic}_{length}": kind
        for column, asked in statistics.items()
        for statistic, kind in asked.items()
        for length in lengths
    }
    annotations = {"customer": str, "as_of": UTC, **{name: FIELDS[kind] for name, kind in columns.items()}}
    fields = {column: pa.Field(nullable=kind != "int") for column, kind in columns.items()}
    namespace = {"__annotations__": annotations, "__doc__": "What a customer orders.", "__module__": __name__, **fields}
    group = FeatureGroup(
        type("Habits", (pa.DataFrameModel,), namespace), keys="customer", event_time="as_of", name=name
    )
    asked = {column: list(each) for column, each in statistics.items()}
    return group.aggregated(orders, "customer", asked, lengths, where={"gift": "is_gift"}, **given)


DAILY = windows("daily_habits", ("7d", "9d"))
MONTHLY = windows("monthly_habits", ("7d", "36d"), without="distinct")
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
        (HOURLY, ["2024-01-24"]),
        (SAWTOOTH, ["2024-01-24"]),
        (EXACT, ["2024-01-15", "2024-01-17", "2024-01-22", "2024-01-23", "2024-01-24"]),  # those that a window cuts
    ],
    ids=lambda given: given.group.name if isinstance(given, Aggregated) else "",
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


def test_only_the_days_that_a_later_refresh_reads_are_kept(own_shop: Home) -> None:
    aggregate(DAILY, Window.of_days("2024-01-05", "2024-02-05"), own_shop.features)
    kept = sorted(path.name[:10] for path in (own_shop.features.tiles.root / "daily_habits").iterdir())
    assert kept == [str(day) for day in shop_days("2024-01-28", "2024-02-04")]
    short = customer_history.aggregated(
        outcomes, by="customer", columns={"is_returned": ["count", "mean"]}, windows=["7d"]
    )
    aggregate(short, DAYS, own_shop.features)
    assert (own_shop.features.tiles.root / "customer_history").exists()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Days]:
    """The days whose kept tiles were read."""
    found: list[Days] = []
    original = TileStore.get

    def spy(self: TileStore, group: str, names: Mapping[Days, str]) -> dict[Days, pl.DataFrame]:
        kept = original(self, group, names)
        found.extend(kept)
        return kept

    monkeypatch.setattr(TileStore, "get", spy)
    return found


FEBRUARY = Window.of_days("2024-02-01", "2024-02-14")


def same(given: pd.DataFrame, expected: pd.DataFrame) -> bool:
    return pl.from_pandas(given).equals(pl.from_pandas(expected))


def test_a_day_of_36_days_reads_a_few_runs_and_no_others_days(own_shop: Home, opened: list[Days]) -> None:
    binding, store = windows("month", ("36d",), without="distinct"), own_shop.features
    aggregate(binding, Window.of_days("2024-01-31", "2024-02-01"), store)
    opened.clear()
    aggregate(binding, a_day("2024-02-02"), store)  # the day before it is new
    assert sorted(map(str, opened)) == ["2023-12-29x8", "2024-01-06x16", "2024-01-22x8", "2024-01-30x2"]
    for day in FEBRUARY.split(1):
        opened.clear()
        aggregate(binding, day, store)
        assert len(opened) <= 8


def test_windows_have_the_same_bits_from_runs_from_days_and_from_rows(own_shop: Home, opened: list[Days]) -> None:
    store = own_shop.features
    folder = store.tiles.root / "monthly_habits"
    aggregate(MONTHLY, FEBRUARY, store)
    day = a_day("2024-02-14")
    from_runs = aggregate(MONTHLY, day, store)
    assert max(days.number for days in opened) == 16
    for run in folder.glob("*x*"):
        run.unlink()
    opened.clear()
    from_days = aggregate(MONTHLY, day, store)
    assert (len(opened), {days.number for days in opened}) == (35, {1})  # the oldest is of no later use
    shutil.rmtree(folder)
    opened.clear()
    from_rows = aggregate(MONTHLY, day, store)
    assert opened == []
    assert same(from_runs, from_rows)
    assert same(from_days, from_rows)


def test_runs_and_days_deleted_at_random_cost_time_only(own_shop: Home) -> None:
    store, random = own_shop.features, np.random.default_rng(2)
    expected = [
        aggregate(MONTHLY, day, store) for day in FEBRUARY.split(1) if not shutil.rmtree(store.tiles.root, True)
    ]
    for day, frame in zip(FEBRUARY.split(1), expected, strict=True):
        for path in sorted((store.tiles.root / "monthly_habits").iterdir()):
            if random.random() < 0.3:
                path.unlink()
        assert same(aggregate(MONTHLY, day, store), frame)


def test_a_corrected_day_makes_its_runs_anew_and_those_of_before_are_gone(own_shop: Home, opened: list[Days]) -> None:
    store, day, corrected = own_shop.features, a_day("2024-02-14"), date(2024, 1, 26)
    aggregate(MONTHLY, FEBRUARY, store)
    before = {path.name for path in (store.tiles.root / "monthly_habits").iterdir()}
    materialize(orders.computed(lambda rows: rows.assign(quantity=9), order_source), a_day(str(corrected)), store)
    opened.clear()
    after = aggregate(MONTHLY, day, store)
    assert not any(days.first <= corrected < days.first + days.number * DAY for days in opened)
    kept = {path.name for path in (store.tiles.root / "monthly_habits").iterdir()}
    assert {name[:-32] for name in kept} == {name[:-32] for name in before}  # all but hash and suffix
    assert sorted(name[:-32] for name in before - kept) == [
        "2024-01-22x16",
        "2024-01-22x8",
        "2024-01-26",
        "2024-01-26x2",
        "2024-01-26x4",
    ]
    shutil.rmtree(store.tiles.root)
    assert same(aggregate(MONTHLY, day, store), after)


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


def test_each_day_that_windows_reach_is_needed(tmp_path: Path) -> None:
    store = FeatureStore(Storage(tmp_path / "other"))
    with pytest.raises(MissingPartitions, match="feature group order was not materialized for 2024-01-24"):
        aggregate(SAWTOOTH, a_day("2024-01-24"), store)


def test_too_many_different_values_write_nothing(own_shop: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "AT_MOST", 1)
    with pytest.raises(ContractViolation, match="quantity: has at most 1 different values a key and tile"):
        materialize(DAILY, DAYS, own_shop.features)
    assert own_shop.features.version(DAILY.group) is None
    assert not own_shop.features.tiles.root.exists() or not list(own_shop.features.tiles.root.glob("daily_habits/*"))
