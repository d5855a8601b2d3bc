"""What the shop's customers order, by windows of all kinds, for tests of what is read and kept."""

from datetime import date
from typing import Any

import pandas as pd
import polars as pl

from fti_assets.contracts.binding import Aggregated
from fti_assets.contracts.feature_group import as_binding
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets_tests.worlds import orders

STATISTICS = {
    "quantity": ["sum", "std", "last", "count_gift", "distinct"],
    "product": ["first", "last_gift", "distinct"],
}


def windows(name: str, lengths: tuple[str, ...], **ends: Any) -> Aggregated:
    """All kinds of statistics of the shop's orders by customer."""
    group = orders.windows("customer", STATISTICS, over=lengths, name=name, where={"gift": "is_gift"}, **ends)
    return as_binding(group)


DAILY = windows("daily_habits", ("7d", "9d"))
MONTHLY = windows("monthly_habits", ("7d", "45d"))
HOURLY = windows("hourly_habits", ("7h", "4d"), every="1h")
EXACT = windows("habits_so_far", ("7d", "36h", "9d"), at=orders)
SAWTOOTH = windows("habits_by_day", ("7d", "9d"), at=orders, sawtooth=True)
DAILY_CLOSED = windows("daily_habits_by_then", ("7d", "9d"), closed="right")
HOURLY_CLOSED = windows("hourly_habits_by_then", ("7h", "4d"), every="1h", closed="right")
EXACT_CLOSED = windows("habits_by_then", ("7d", "36h", "9d"), at=orders, closed="right")
SAWTOOTH_CLOSED = windows("habits_by_day_by_then", ("7d", "9d"), at=orders, sawtooth=True, closed="right")
CLOSED = (DAILY_CLOSED, HOURLY_CLOSED, EXACT_CLOSED, SAWTOOTH_CLOSED)
DAYS = Window.of_days("2024-01-20", "2024-01-23")


def a_day(day: str) -> Window:
    return Window.of_days(day, day)


def shop_days(first: str, last: str) -> list[date]:
    return Window.of_days(first, last).days


def kept(store: FeatureStore, group: str) -> dict[str, str]:
    """The keys of a group's tiles, by their month or day."""
    return {key.rpartition("/")[2].partition(".")[0]: key for key in store.tiles.storage.objects(group)}


def forget(store: FeatureStore) -> FeatureStore:
    """The store without any tiles."""
    store.tiles.storage.delete(store.tiles.storage.objects())
    return store


def same(frame: pd.DataFrame, expected: pd.DataFrame) -> bool:
    return pl.from_pandas(frame).equals(pl.from_pandas(expected))
