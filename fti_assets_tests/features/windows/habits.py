"""What the shop's customers order, by windows of all kinds, for tests of what is read and kept."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import polars as pl

from fti_assets.contracts.aggregated import Aggregated
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import UTC, Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets_tests.worlds import orders

FIELDS: dict[str, Any] = {"int": int, "float": float, "str": str, "Int64": pd.Int64Dtype}
STATISTICS = {
    "quantity": {"sum": "float", "std": "float", "last": "Int64", "count_gift": "int", "distinct": "int"},
    "product": {"first": "str", "last_gift": "str", "distinct": "int"},
}


def windows(name: str, lengths: tuple[str, ...], partitions: str = "daily", **ends: Any) -> Aggregated:
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
        type("Habits", (pa.DataFrameModel,), namespace),
        keys="customer",
        event_time="as_of",
        name=name,
        partitions=partitions,
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


def kept(store: FeatureStore, group: str) -> dict[str, Path]:
    """The files of a group's tiles, by their month or day."""
    return {path.name.split(".")[0]: path for path in sorted((store.tiles.root / group).rglob("*.arrows"))}


def same(frame: pd.DataFrame, expected: pd.DataFrame) -> bool:
    return pl.from_pandas(frame).equals(pl.from_pandas(expected))
