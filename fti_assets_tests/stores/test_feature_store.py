from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from attrs import evolve

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.feature_store import WHOLE, FeatureStore
from fti_assets.stores.storage import Storage
from fti_assets_tests.contracts.shop import customers, orders


def days(first: int, last: int) -> Window:
    return Window.of_days(date(2024, 1, first), date(2024, 1, last))


def placed(*times: str) -> pd.DataFrame:
    """Orders placed at times of January 2024, numbered as given."""
    at = pd.to_datetime([f"2024-01-{time}" for time in times], utc=True).as_unit("us")
    numbers = [str(n) for n in range(len(times))]
    return pd.DataFrame({"order_id": numbers, "customer": "ada", "placed_at": at, "quantity": 1, "is_gift": False})


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(Storage(tmp_path))


def test_rows_are_read_in_the_order_they_became_known_and_those_of_one_moment_as_written(store: FeatureStore) -> None:
    store.write(orders, placed("02 12:00", "01 09:00", "02 08:00", "01 09:00"), days(1, 2))
    assert store.read(orders, days(1, 2))["order_id"].to_list() == ["1", "3", "2", "0"]
    assert store.read(orders, days(2, 2), ["order_id"]).rows() == [("2",), ("0",)]


def test_a_version_reads_what_was_there_then(store: FeatureStore) -> None:
    assert store.version(orders) is None
    first = store.write(orders, placed("01 09:00", "02 09:00"), days(1, 2)).version
    assert store.version(orders) == first
    store.write(orders, placed("02 10:00", "02 11:00"), days(2, 2))
    assert (len(store.read(orders, days(1, 2))), len(store.read(orders, days(1, 2), version=first))) == (3, 2)
    assert store.known_until(orders) == midnight("2024-01-03")


def test_missing_days_are_named_with_what_to_do(store: FeatureStore) -> None:
    store.write(orders, placed("03 09:00"), days(3, 3))
    store.require(orders, days(3, 3))
    assert store.missing(orders, days(2, 4)) == ["2024-01-02", "2024-01-04"]
    with pytest.raises(
        MissingPartitions,
        match=r"order was not materialized for 2024-01-01, 2024-01-02, 2024-01-04 and 5 more: materialize",
    ):
        store.require(orders, days(1, 9))


def test_days_before_the_first_rows_cannot_be_missed_but_later_ones_can(store: FeatureStore) -> None:
    store.write(orders, placed("03 09:00"), days(2, 4))
    store.require_history(orders, Window(days(1, 1).start - timedelta(days=30), days(4, 4).end))
    with pytest.raises(MissingPartitions, match="for 2024-01-05: "):
        store.require_history(orders, days(1, 5))


def test_a_group_without_any_rows_has_no_history_to_begin(store: FeatureStore) -> None:
    with pytest.raises(MissingPartitions, match="for 2024-01-01, 2024-01-02: "):
        store.require_history(orders, days(1, 2))
    store.write(orders, placed().astype(placed("01 09:00").dtypes), days(2, 2))
    store.require_history(orders, days(1, 2))


def test_a_dimension_is_read_and_replaced_whole(store: FeatureStore) -> None:
    for require in (store.require, store.require_history):
        with pytest.raises(MissingPartitions, match="feature group customers was not materialized: "):
            require(customers, days(1, 1))
    store.write(customers, pd.DataFrame({"customer": ["ada", "ben"], "country": ["uk", "at"]}), WHOLE)
    store.write(customers, pd.DataFrame({"customer": ["cleo"], "country": ["gr"]}), days(1, 1))
    store.require(customers, days(1, 1))
    store.require_history(customers, days(5, 9))
    assert store.read(customers, days(7, 7)).rows() == [("cleo", "gr")]


def test_a_week_that_is_not_over_is_named_with_when_it_will_be(store: FeatureStore) -> None:
    weekly = evolve(orders, partitions="weekly")
    with pytest.raises(
        MissingPartitions,
        match="for 2024-01-08: materialize it first; the week of 2024-01-08 is over at 2024-01-15 00:00 UTC and cannot",
    ):
        store.require(weekly, days(10, 10))
    store.write(weekly, placed("08 09:00", "14 23:00"), days(8, 14))
    store.require(weekly, days(10, 10))
    assert len(store.read(weekly, days(10, 10))) == 2, "a window that cuts a week reads the week"
    assert store.known_until(weekly) == midnight("2024-01-15")


def test_hours_are_required_and_named_one_by_one(store: FeatureStore) -> None:
    hourly = evolve(orders, partitions="hourly")
    morning = Window(midnight("2024-01-01") + timedelta(hours=6), midnight("2024-01-01") + timedelta(hours=9))
    store.write(hourly, placed("01 07:30"), morning)
    store.require(hourly, morning)
    assert store.missing(hourly, morning.widened(after=timedelta(hours=1))) == ["2024-01-01-09:00"]
    store.require_history(hourly, Window(midnight("2023-12-01"), morning.end))
    with pytest.raises(MissingPartitions, match="for 2024-01-01-09:00, 2024-01-01-10:00, 2024-01-01-11:00 and 12 more"):
        store.require_history(hourly, days(1, 1))
    assert store.contents(hourly, morning)[0].startswith("2024-01-01-07:00 ")
