"""Rows that break a contract are set aside, and what is written is what a batch without them would have been."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fti_assets.contracts.errors import ContractViolation, FailingCase
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.features.materialization import Materialization
from fti_assets.features.materialize import materialize
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import Order, Product, as_given, order_source

GROUP = FeatureGroup(Order, keys="order_id", event_time="placed_at", on_invalid="quarantine")
LENIENT = FeatureGroup(Order, keys="order_id", event_time="placed_at", on_invalid="quarantine", invalid_up_to=0.5)
OWNER, SOURCE = "features/order", "source/shop_orders"
DAYS = Window.of_days("2024-01-05", "2024-01-08")
"""Four days of twenty orders each."""
FIFTH, SIXTH = Window.of_days("2024-01-05", "2024-01-05"), Window.of_days("2024-01-06", "2024-01-06")


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return Home(tmp_path).features


def spoilt(*ids: str, **values: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """A function that gives these orders such values."""

    def spoil(rows: pd.DataFrame) -> pd.DataFrame:
        mine = rows["order_id"].isin(ids)
        return rows.assign(**{name: rows[name].mask(mine, value) for name, value in values.items()})

    return spoil


def put(
    store: FeatureStore, window: Window, function: Callable[..., Any], group: FeatureGroup = GROUP
) -> Materialization:
    return materialize(group.computed(function, order_source), window, store)


def held(store: FeatureStore, owner: str = OWNER) -> list[tuple[str, str]]:
    """Each row that is set aside: its partition and the check it breaks."""
    return [(row.partition, row.reasons[0].check) for row in store.quarantine.rows(owner)]


def test_bad_rows_are_set_aside_by_their_day_and_the_others_are_written(store: FeatureStore) -> None:
    written = put(store, DAYS, spoilt("2024-01-05-03", "2024-01-07-04", quantity=0))
    assert (written.rows, written.set_aside) == (78, {"2024-01-05": 1, "2024-01-07": 1})
    assert written.reasons == (FailingCase("quantity", "greater_than_or_equal_to(1)", "0", 2, of=OWNER),)
    assert [day for day, _ in held(store)] == ["2024-01-05", "2024-01-07"]
    ids = store.read(GROUP, DAYS)["order_id"].to_list()
    assert len(ids) == 78
    assert not {"2024-01-05-03", "2024-01-07-04"} & set(ids)


def test_too_many_bad_rows_write_nothing_and_quarantine_nothing(store: FeatureStore) -> None:
    put(store, FIFTH, spoilt("2024-01-05-03", quantity=0))
    before, kept = store.read(GROUP, DAYS), held(store)
    with pytest.raises(ContractViolation, match=r"2 of 20 rows are invalid, at most 1 .invalid_up_to=0.05. may be"):
        put(store, FIFTH, spoilt("2024-01-05-01", "2024-01-05-02", quantity=-1))
    assert store.read(GROUP, DAYS).equals(before)
    assert held(store) == kept


def test_a_column_that_is_missing_fails_whatever_is_tolerated(store: FeatureStore) -> None:
    with pytest.raises(ContractViolation, match="is_gift: is missing"):
        put(store, FIFTH, lambda rows: rows.drop(columns="is_gift"))
    assert (store.version(GROUP), held(store)) == (None, [])


def test_materializing_again_replaces_what_was_set_aside(store: FeatureStore) -> None:
    put(store, DAYS, spoilt("2024-01-05-03", "2024-01-06-04", quantity=0))
    put(store, DAYS, spoilt("2024-01-05-03", "2024-01-06-04", quantity=0))
    assert [day for day, _ in held(store)] == ["2024-01-05", "2024-01-06"]
    put(store, FIFTH, as_given)
    assert [day for day, _ in held(store)] == ["2024-01-06"]


def test_a_group_that_fails_on_bad_rows_forgets_those_set_aside_before(store: FeatureStore) -> None:
    put(store, FIFTH, spoilt("2024-01-05-03", quantity=0))
    put(store, FIFTH, as_given, FeatureGroup(Order, keys="order_id", event_time="placed_at"))
    assert held(store) == []


def test_a_system_without_bad_rows_has_no_quarantine_on_its_disk(store: FeatureStore) -> None:
    put(store, DAYS, as_given)
    assert store.storage.objects("_quarantine") == []


def test_a_source_sets_rows_aside_before_the_function_sees_them(store: FeatureStore) -> None:
    def read(start: datetime, end: datetime) -> pd.DataFrame:
        return spoilt("2024-01-05-03", "2024-01-07-04", customer=None)(order_source.read(start, end))

    seen: list[int] = []

    def count(rows: pd.DataFrame) -> pd.DataFrame:
        seen.append(len(rows))
        return rows

    source = Source(Order, read, name="shop_orders", on_invalid="quarantine")
    strict = FeatureGroup(Order, keys="order_id", event_time="placed_at")
    written = materialize(strict.computed(count, source), DAYS, store)
    assert (seen, written.rows) == ([78], 78)
    assert held(store, SOURCE) == [("2024-01-05", "not_nullable"), ("2024-01-07", "not_nullable")]
    materialize(strict.computed(count, source), FIFTH, store)
    assert [day for day, _ in held(store, SOURCE)] == ["2024-01-05", "2024-01-07"]


def test_a_source_that_fails_where_its_group_would_set_aside_says_what_to_declare(store: FeatureStore) -> None:
    def read(start: datetime, end: datetime) -> pd.DataFrame:
        return spoilt("2024-01-05-03", customer=None)(order_source.read(start, end))

    source = Source(Order, read, name="shop_orders")
    expected = 'its source shop_orders does not: declare on_invalid="quarantine" there: customer: '
    with pytest.raises(ContractViolation, match=expected):
        materialize(GROUP.computed(as_given, source), FIFTH, store)
    strict = FeatureGroup(Order, keys="order_id", event_time="placed_at")
    with pytest.raises(ContractViolation, match="nothing was written: customer"):
        materialize(strict.computed(as_given, source), FIFTH, store)


def test_a_batch_that_fails_later_quarantines_nothing_of_its_source(store: FeatureStore) -> None:
    def read(start: datetime, end: datetime) -> pd.DataFrame:
        return spoilt("2024-01-05-03", customer=None)(order_source.read(start, end))

    source = Source(Order, read, name="shop_orders", on_invalid="quarantine")
    with pytest.raises(ContractViolation, match="feature group order"):
        materialize(GROUP.computed(lambda rows: rows.assign(quantity=0), source), FIFTH, store)
    assert held(store, SOURCE) == []


@pytest.mark.parametrize("days", [1, 4])
def test_windows_of_any_size_set_the_same_rows_aside(store: FeatureStore, days: int) -> None:
    bad = [f"2024-01-0{day}-{n:02d}" for day in (5, 6, 8) for n in (2, 9)]
    for part in DAYS.split(days):
        put(store, part, spoilt(*bad, quantity=0), LENIENT)
    found = [(row.partition, row.digest) for row in store.quarantine.rows(OWNER)]
    assert [day for day, _ in found] == [name[:10] for name in bad]
    assert len({digest for _, digest in found}) == 6
    assert store.read(LENIENT, DAYS)["order_id"].is_in(bad).sum() == 0


def test_a_released_row_is_written_with_its_value(store: FeatureStore) -> None:
    spoil = spoilt("2024-01-05-03", quantity=0)
    put(store, FIFTH, spoil)
    store.quarantine.release(OWNER, "2024-01-05", [], who="ada", why="a prize")
    written = put(store, FIFTH, spoil)
    assert (written.rows, written.set_aside, held(store)) == (20, {}, [])
    assert store.read(GROUP, FIFTH).filter(order_id="2024-01-05-03")["quantity"].to_list() == [0]


def test_a_released_row_that_changed_again_is_set_aside_again(store: FeatureStore) -> None:
    put(store, FIFTH, spoilt("2024-01-05-03", quantity=0))
    store.quarantine.release(OWNER, "2024-01-05", [], who="ada", why="a prize")
    assert put(store, FIFTH, spoilt("2024-01-05-03", quantity=-7)).set_aside == {"2024-01-05": 1}


def test_of_a_dimension_the_whole_table_is_the_partition(store: FeatureStore) -> None:
    def read(_start: datetime, _end: datetime) -> pd.DataFrame:
        prices = [1.0, float("inf"), 2.0]
        return pd.DataFrame({"product": ["a", "b", "c"], "price": prices, "category": ["x", "x", "x"]})

    products = FeatureGroup(
        Product, keys="product", name="products", dimension=True, on_invalid="quarantine", invalid_up_to=0.5
    )
    binding = products.computed(
        as_given, Source(Product, read, name="catalogue", on_invalid="quarantine", invalid_up_to=0.4)
    )
    assert materialize(binding, FIFTH, store).set_aside == {"whole": 1}
    assert held(store, "source/catalogue") == [("whole", "is finite")]
    materialize(binding, SIXTH, store)
    assert held(store, "source/catalogue") == [("whole", "is finite")]


def test_of_hourly_partitions_each_hour_has_its_own(store: FeatureStore) -> None:
    hourly = FeatureGroup(
        Order, keys="order_id", event_time="placed_at", partitions="hourly", on_invalid="quarantine", invalid_up_to=0.5
    )
    put(store, FIFTH, spoilt("2024-01-05-00", "2024-01-05-02", quantity=0), hourly)
    assert [hour for hour, _ in held(store)] == ["2024-01-05-08:00", "2024-01-05-09:00"]


def test_what_was_widened_is_said_and_nothing_where_all_came_as_declared(store: FeatureStore) -> None:
    assert put(store, FIFTH, as_given).widened == {}
    narrow = put(store, FIFTH, lambda rows: rows.assign(quantity=rows["quantity"].astype("int32")))
    assert narrow.widened == {"order.quantity": "int32 to int64"}


def test_rows_in_and_rows_set_aside_add_up_and_order_is_kept(store: FeatureStore) -> None:
    put(store, DAYS, as_given, LENIENT)
    whole = store.read(LENIENT, DAYS)
    bad = whole["order_id"].gather_every(7).to_list()
    put(store, DAYS, spoilt(*bad, quantity=0), LENIENT)
    assert store.read(LENIENT, DAYS).equals(whole.filter(~whole["order_id"].is_in(bad)))
    assert len(held(store)) == len(bad)
