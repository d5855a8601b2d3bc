"""A contract changes while its table holds rows: what can be read of them, and what is refused beforehand."""

from datetime import datetime
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.contracts.errors import DeclarationError, MissingPartitions
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC, Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.maintenance import compact, verify
from fti_assets.stores.storage import Storage

FIRST, SECOND, THIRD = (Window.of_days(f"2024-01-0{day}", f"2024-01-0{day}") for day in (1, 2, 3))
ALL = Window.of_days("2024-01-01", "2024-01-03")


class Line(pa.DataFrameModel):
    """A line of the till's file, of which the tests compute what they like."""

    shop: str


FILE = Source(Line, lambda _start, _end: pd.DataFrame({"shop": ["a"]}), name="till")


def sales(columns: dict[str, Any], keys: str = "shop", version: int = 1, **settings: Any) -> FeatureGroup:
    """A group of so many columns besides its shop and its time."""
    annotations = {"shop": str, "at": UTC, **{name: kind for name, (kind, _) in columns.items()}}
    fields = {name: pa.Field(nullable=nullable) for name, (_, nullable) in columns.items()}
    schema = type("Sale", (pa.DataFrameModel,), {"__annotations__": annotations, "__doc__": "Sales.", **fields})
    return FeatureGroup(schema, keys=keys, event_time="at", name="sales", lookback="9d", version=version, **settings)


AMOUNT = {"amount": (int, False)}
BOTH = {**AMOUNT, "tax": (float, True)}


@pytest.fixture
def store(storage: Storage) -> FeatureStore:
    """Two days of sales with amounts alone, the first of which was corrected: 10, 20 and then 1, 2 and 20."""
    store = FeatureStore(storage)
    write(store, sales(AMOUNT), FIRST, amount=[10])
    write(store, sales(AMOUNT), SECOND, amount=[20])
    write(store, sales(AMOUNT), FIRST, amount=[1, 2])
    return store


def write(store: FeatureStore, group: FeatureGroup, day: Window, **columns: list[Any]) -> list[datetime]:
    """Materialize a day's rows; gives the partitions that changed."""
    (count,) = {len(values) for values in columns.values()}
    at = pd.date_range(day.start, periods=count, freq="1min", unit="us")
    frame = pd.DataFrame({"shop": "a", "at": at, **columns})
    done = materialize(group.computed(lambda _: frame, FILE), day, store)
    return sorted(map(midnight, done.changed))


def read(store: FeatureStore, group: FeatureGroup, version: int | None = None) -> list[tuple[Any, ...]]:
    """The rows without their shop and time."""
    return store.read(group, ALL, version=version).drop("shop", "at", strict=False).rows()


def test_a_new_column_that_may_be_null_is_null_in_older_rows_until_they_are_made_again(store: FeatureStore) -> None:
    assert read(store, sales(BOTH)) == [(1, None), (2, None), (20, None)], "it is read before anything is written"
    assert write(store, sales(BOTH), THIRD, amount=[30], tax=[3.5]) == [THIRD.start]
    assert read(store, sales(BOTH)) == [(1, None), (2, None), (20, None), (30, 3.5)]
    assert write(store, sales(BOTH), SECOND, amount=[20], tax=[None]) == [], "without a tax it is the row that it was"
    assert write(store, sales(BOTH), SECOND, amount=[20], tax=[2.0]) == [SECOND.start]
    assert read(store, sales(BOTH)) == [(1, None), (2, None), (20, 2.0), (30, 3.5)]
    assert read(store, sales(BOTH), version=1) == [(10, None)]
    assert read(store, sales(AMOUNT), version=2) == [(10,), (20,)]
    assert read(store, sales(AMOUNT)) == [(1,), (2,), (20,), (30,)], "those who do not know it read on"


def test_a_new_column_that_is_never_null_is_missing_where_it_was_not_made(store: FeatureStore) -> None:
    group = sales({**AMOUNT, "pieces": (int, False)})
    write(store, group, SECOND, amount=[20], pieces=[7])
    assert store.read(group, SECOND)["pieces"].to_list() == [7]
    assert store.read(group, ALL, ["amount"])["amount"].to_list() == [1, 2, 20], "what is there of them is read"
    words = "sales for 2024-01-01 was written before pieces was declared, which is never null: materialize it again"
    with pytest.raises(MissingPartitions, match=words):
        store.read(group, ALL)
    write(store, group, FIRST, amount=[1, 2], pieces=[5, 6])
    assert read(store, group) == [(1, 5), (2, 6), (20, 7)]


def test_a_dropped_column_is_no_longer_read_and_older_versions_have_it(store: FeatureStore) -> None:
    write(store, sales(BOTH), THIRD, amount=[30], tax=[3.5])
    version = store.version(sales(BOTH))
    dropped = sales({"tax": (float, True)})
    assert read(store, dropped) == [(None,), (None,), (None,), (3.5,)]
    assert write(store, dropped, SECOND, tax=[9.0]) == [SECOND.start]
    assert read(store, dropped) == [(None,), (None,), (9.0,), (3.5,)]
    assert read(store, sales(BOTH), version=version) == [(1, None), (2, None), (20, None), (30, 3.5)]
    compact(store.storage.at("sales"), midnight("2024-03-01"))
    assert read(store, dropped) == [(None,), (None,), (9.0,), (3.5,)]
    assert verify(store.storage.at("sales")) == 3
    with pytest.raises(MissingPartitions, match="sales for 2024-01-02 was written before amount was declared"):
        read(store, sales(BOTH))


def test_a_column_may_be_null_from_now_on_but_not_the_other_way_round(store: FeatureStore) -> None:
    relaxed = sales({"amount": (pd.Int64Dtype, True)})
    write(store, relaxed, THIRD, amount=pd.array([None], "Int64"))
    assert read(store, relaxed) == [(1,), (2,), (20,), (None,)]
    with pytest.raises(DeclarationError, match=r"sales holds amount as .* that may be null, but its contract says .*"):
        read(store, sales(AMOUNT))


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (sales({"amount": (float, False)}), "holds amount as int, but its contract says float: rows that are written"),
        (sales({"amount": (str, False)}), "holds amount as int, but its contract says str: rows that are written"),
        (sales(AMOUNT, partitions="weekly"), "holds daily partitions of keys shop, but its contract says weekly part"),
        (
            sales({**AMOUNT, "till": (str, False)}, keys=["shop", "till"]),
            "holds .* of keys shop, but its contract says .* shop, till",
        ),
    ],
    ids=["number", "text", "period", "keys"],
)
def test_what_older_rows_cannot_follow_is_refused_before_anything_is_computed(
    store: FeatureStore, group: FeatureGroup, words: str
) -> None:
    def never(_: pd.DataFrame) -> pd.DataFrame:
        raise AssertionError("it was computed")

    objects = store.storage.objects()
    week = Window.of_days("2024-01-01", "2024-01-07")
    with pytest.raises(DeclarationError, match=f"the table of sales {words}") as refusal:
        materialize(group.computed(never, FILE), week, store)
    assert "declare it with version=2" in str(refusal.value)
    for reading in (lambda: store.read(group, ALL), lambda: store.missing(group, ALL)):
        with pytest.raises(DeclarationError, match="version=2"):
            reading()
    assert store.storage.objects() == objects
    assert read(store, sales(AMOUNT)) == [(1,), (2,), (20,)]


def test_another_version_is_a_table_of_its_own_beside_the_first(store: FeatureStore) -> None:
    second = sales({"amount": (float, False)}, version=2)
    with pytest.raises(MissingPartitions, match="sales_v2 was not materialized for 2024-01-01"):
        store.require(second, ALL)
    write(store, second, FIRST, amount=[1.5])
    assert (read(store, second), read(store, sales(AMOUNT))) == ([(1.5,)], [(1,), (2,), (20,)])


def test_a_window_is_added_to_a_group_of_windows_with_history(store: FeatureStore) -> None:
    amounts = sales(AMOUNT)
    write(store, amounts, THIRD, amount=[30])
    one = as_binding(amounts.windows("shop", {"amount": ["sum", "count"]}, over="1d", name="habits"))
    two = as_binding(amounts.windows("shop", {"amount": ["sum", "count"]}, over=["1d", "2d"], name="habits"))
    materialize(one, ALL, store)
    before, version = store.read(one.group, ALL), store.version(one.group)
    materialize(two, THIRD, store)
    assert store.read(two.group, ALL, ["amount_sum_2d"])["amount_sum_2d"].to_list() == [None, 23]
    with pytest.raises(MissingPartitions, match="habits for 2024-01-02 was written before amount_count_2d"):
        store.read(two.group, ALL)
    materialize(two, ALL, store)
    after = store.read(two.group, ALL)
    assert after["amount_sum_2d"].to_list() == [3, 23]
    assert after["amount_count_2d"].to_list() == [2, 3]
    assert after.select(before.columns).equals(before)
    assert store.read(one.group, ALL, version=version).equals(before)
