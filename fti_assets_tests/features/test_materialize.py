"""The feature pipeline writes whole, valid days or nothing."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest

from fti_assets.contracts.errors import ContractViolation, MissingPartitions
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC, Window
from fti_assets.features.materialization import Materialization
from fti_assets.features.materialize import materialize
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import (
    ALL_ORDERS,
    BINDINGS,
    FIRST_DAY,
    LAST_DAY,
    Order,
    at,
    customer_history,
    order_source,
    orders,
    outcome_source,
    outcomes,
    products,
)

ORDERS, OUTCOMES, PRODUCTS, HISTORY = BINDINGS
TWO_DAYS = Window.of_days("2024-01-05", "2024-01-06")
EVERYTHING = Window.of_days(FIRST_DAY, LAST_DAY)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return Home(tmp_path).features


def test_the_partition_of_a_day_holds_what_became_known_on_it(store: FeatureStore) -> None:
    written = materialize(OUTCOMES, TWO_DAYS, store)
    assert written == Materialization(
        written.version, 40, {"2024-01-05": 20, "2024-01-06": 20}, written.kept, written.changed
    )
    of_the_sixth = store.read(outcomes, Window.of_days("2024-01-06", "2024-01-06"))
    # settled 26 hours after they were placed: the first on the fifth at 08:00, settles on the sixth at 10:00
    assert of_the_sixth["order_id"][0] == "2024-01-05-00"
    assert set(of_the_sixth["settled_at"].dt.date()) == {date(2024, 1, 6)}


def _broken(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(quantity=[0, -1, *rows["quantity"].iloc[2:]], is_gift="no")


@pytest.mark.parametrize(
    ("broken", "column"),
    [
        (_broken, "quantity"),
        (lambda rows: rows.drop(columns="is_gift"), "is_gift"),
        (lambda rows: rows.assign(more=1), "more"),
        (lambda rows: pd.concat([rows, rows.head(1)], ignore_index=True), "order_id"),
        (lambda rows: rows.assign(placed_at=rows["placed_at"] + timedelta(days=2)), "placed_at"),
        (lambda rows: rows.assign(customer=None), "customer"),
        (lambda _rows: None, "frame"),
    ],
    ids=["out of range", "column missing", "column too many", "row twice", "outside its window", "null", "no frame"],
)
def test_a_batch_that_breaks_its_contract_writes_nothing_and_earlier_partitions_stay(
    store: FeatureStore, broken: object, column: str
) -> None:
    materialize(ORDERS, TWO_DAYS, store)
    before, version = store.read(orders, TWO_DAYS), store.version(orders)
    wider = Window.of_days("2024-01-06", "2024-01-07")
    with pytest.raises(ContractViolation, match="feature group order") as caught:
        materialize(orders.computed(broken, order_source), wider, store)
    assert any(column in case.column or column in case.value for case in caught.value.cases)
    assert store.version(orders) == version
    assert store.read(orders, TWO_DAYS).equals(before)
    assert store.missing(orders, wider) == ["2024-01-07"]


def test_every_failing_case_is_named_with_how_many_rows_fail_so(store: FeatureStore) -> None:
    with pytest.raises(ContractViolation) as caught:
        materialize(orders.computed(_broken, order_source), TWO_DAYS, store)
    cases = {case.column: case for case in caught.value.cases}
    assert (cases["quantity"].value, cases["quantity"].rows) == ("0", 2)
    assert "bool" in cases["is_gift"].check


def test_a_source_that_breaks_its_own_contract_writes_nothing(store: FeatureStore) -> None:
    wrong = Source(Order, lambda start, end: order_source.read(start, end).assign(quantity=0), name="shop_orders")
    with pytest.raises(ContractViolation, match="source shop_orders"):
        materialize(orders.computed(lambda rows: rows.assign(quantity=1), wrong), TWO_DAYS, store)
    assert store.version(orders) is None


def test_writing_a_window_again_leaves_the_same_rows(own_shop: Home) -> None:
    for binding in BINDINGS:
        before = own_shop.features.read(binding.group, EVERYTHING)
        materialize(binding, TWO_DAYS, own_shop.features)
        assert own_shop.features.read(binding.group, EVERYTHING).equals(before), binding.group.name


def test_a_correction_replaces_its_days_and_no_others(own_shop: Home) -> None:
    before = own_shop.features.read(orders, EVERYTHING)
    materialize(orders.computed(lambda rows: rows.assign(quantity=9), order_source), TWO_DAYS, own_shop.features)
    corrected = pl.col("placed_at").dt.date().is_in(TWO_DAYS.days)
    expected = before.with_columns(pl.when(corrected).then(9).otherwise("quantity").cast(pl.Int64).alias("quantity"))
    assert own_shop.features.read(orders, EVERYTHING).equals(expected)


@pytest.mark.parametrize("days", [1, 7])
def test_windows_of_any_size_give_the_same_table(own_shop: Home, store: FeatureStore, days: int) -> None:
    window = Window.of_days(FIRST_DAY, "2024-01-14")
    for binding in (ORDERS, OUTCOMES):
        materialize(binding, window, store)
    for part in window.split(days):
        materialize(HISTORY, part, store)
    assert len(store.read(customer_history, window)) > 50
    assert store.read(customer_history, window).equals(own_shop.features.read(customer_history, window))


@pytest.mark.parametrize("days", [11, 40, 400])
def test_a_long_backfill_in_parts_writes_the_same_table_and_tells_the_same(
    own_shop: Home, store: FeatureStore, days: int
) -> None:
    parts: list[Window] = []
    for n, binding in enumerate((ORDERS, OUTCOMES, HISTORY), 1):
        written = materialize(binding, EVERYTHING, store, days=days, told=lambda part, _: parts.append(part))
        assert parts == n * list(EVERYTHING.split(days, by_month=True))
        assert store.read(binding.group, EVERYTHING).equals(own_shop.features.read(binding.group, EVERYTHING))
        at_once = materialize(binding, EVERYTHING, own_shop.features)
        assert (written.rows, written.rows_by_partition) == (at_once.rows, at_once.rows_by_partition)
        assert written.kept.statistics.equals(at_once.kept.statistics)
        assert written.kept.unusual == at_once.kept.unusual
        assert written.changed == {str(day) for day in EVERYTHING.days}


def test_a_bad_batch_leaves_the_parts_before_it_written(store: FeatureStore) -> None:
    def break_the_sixth(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(quantity=rows["quantity"].mask(rows["placed_at"] >= at(date(2024, 1, 6)), -1))

    parts: list[Window] = []
    binding = orders.computed(break_the_sixth, order_source)
    with pytest.raises(ContractViolation, match="quantity"):
        materialize(binding, TWO_DAYS, store, days=1, told=lambda part, _: parts.append(part))
    assert parts == [Window.of_days("2024-01-05", "2024-01-05")]
    assert set(store.read(orders, TWO_DAYS)["placed_at"].dt.date()) == {date(2024, 1, 5)}


def test_the_order_in_which_days_are_written_does_not_matter(own_shop: Home, store: FeatureStore) -> None:
    for binding in (ORDERS, OUTCOMES, HISTORY):
        for part in reversed(list(EVERYTHING.split(15))):
            materialize(binding, part, store)
        assert store.read(binding.group, EVERYTHING).equals(own_shop.features.read(binding.group, EVERYTHING))


def test_an_aggregated_group_says_what_a_reader_computes_by_eye(shop: Home) -> None:
    day = Window.of_days("2024-01-20", "2024-01-20")
    known = ALL_ORDERS["settled_at"].between(at(date(2024, 1, 13)), at(date(2024, 1, 20)), inclusive="left")
    expected = ALL_ORDERS[known].groupby("customer")["is_returned"].agg(["count", "mean"])
    row = shop.features.read(customer_history, day)
    assert row["customer"].to_list() == list(expected.index)
    assert row["is_returned_count_7d"].to_list() == expected["count"].to_list()
    assert row["is_returned_mean_7d"].to_list() == pytest.approx(expected["mean"].to_list(), rel=1e-12)


def test_an_aggregated_group_reads_exactly_its_derived_halo(own_shop: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Window] = []
    read = FeatureStore.read

    def spy(self: FeatureStore, group: FeatureGroup, window: Window, *rest: object) -> pl.DataFrame:
        asked.append(window)
        return read(self, group, window, *rest)

    monkeypatch.setattr(FeatureStore, "read", spy)
    materialize(HISTORY, Window.of_days("2024-01-20", "2024-01-22"), own_shop.features)
    # seven days before the 20th, and no more than what was known before the last row's 00:00
    assert asked == [Window.of_days("2024-01-13", "2024-01-21")]


@pytest.mark.parametrize("missing", ["2024-01-13", "2024-01-19"])
def test_each_day_of_the_halo_is_needed(store: FeatureStore, missing: str) -> None:
    for part in Window.of_days("2024-01-10", "2024-01-19").split(1):
        if part != Window.of_days(missing, missing):
            materialize(OUTCOMES, part, store)
    day = Window.of_days("2024-01-20", "2024-01-20")
    with pytest.raises(MissingPartitions, match=f"feature group outcome was not materialized for {missing}"):
        materialize(HISTORY, day, store)
    assert store.version(customer_history) is None
    materialize(OUTCOMES, Window.of_days(missing, missing), store)
    assert materialize(HISTORY, day, store).rows == 7


def test_a_group_computed_from_another_needs_each_of_its_days(store: FeatureStore) -> None:
    gifts = FeatureGroup(Order, keys="order_id", event_time="placed_at", name="gifts")
    binding = gifts.computed(lambda rows: rows[rows["is_gift"]].reset_index(drop=True), orders)
    materialize(ORDERS, Window.of_days("2024-01-05", "2024-01-05"), store)
    with pytest.raises(MissingPartitions, match="order was not materialized for 2024-01-06"):
        materialize(binding, TWO_DAYS, store)
    materialize(ORDERS, TWO_DAYS, store)
    assert materialize(binding, TWO_DAYS, store).rows_by_partition == {"2024-01-05": 5, "2024-01-06": 5}


def test_an_input_read_back_brings_the_rows_of_its_lookback(own_shop: Home) -> None:
    class Returned(pa.DataFrameModel):
        """How many orders were sent back in the two days before."""

        customer: str
        as_of: UTC
        seen: int

    group = FeatureGroup(Returned, keys="customer", event_time="as_of")
    seen: list[pd.DataFrame] = []

    def count(days: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
        seen.append(rows)
        return days.groupby("customer", as_index=False).agg(as_of=("placed_at", "max"), seen=("quantity", "size"))

    materialize(group.computed(count, orders, outcomes["is_returned"].lookback(days=2)), TWO_DAYS, own_shop.features)
    assert list(seen[0].columns) == ["order_id", "due_at", "settled_at", "is_returned"]
    assert sorted(set(seen[0]["settled_at"].dt.day)) == [3, 4, 5, 6]


def test_empty_days_count_as_written(store: FeatureStore) -> None:
    nothing = orders.computed(lambda rows: rows.iloc[:0], order_source)
    assert materialize(nothing, TWO_DAYS, store).rows_by_partition == {"2024-01-05": 0, "2024-01-06": 0}
    assert store.missing(orders, TWO_DAYS) == []
    store.require(orders, TWO_DAYS)
    assert store.read(orders, TWO_DAYS).is_empty()


def test_the_first_day_of_the_outcomes_is_empty_and_written(shop: Home) -> None:
    first = Window.of_days(FIRST_DAY, FIRST_DAY)
    assert shop.features.read(outcomes, first).is_empty()
    assert shop.features.missing(outcomes, first) == []


def test_a_dimension_is_replaced_whole_whatever_the_window(own_shop: Home) -> None:
    fewer = products.computed(lambda rows: rows.head(2), BINDINGS[2].inputs[0])
    assert materialize(fewer, TWO_DAYS, own_shop.features).rows_by_partition == {"1970-01-01": 2}
    assert len(own_shop.features.read(products, EVERYTHING)) == 2


@pytest.mark.parametrize(
    ("start", "end"),
    [(at(date(2024, 1, 5), 6), at(date(2024, 1, 6))), (at(date(2024, 1, 5)), at(date(2024, 1, 5), 12))],
)
def test_a_part_of_a_day_is_refused_because_it_would_replace_the_whole(
    own_shop: Home, start: datetime, end: datetime
) -> None:
    before = own_shop.features.read(orders, EVERYTHING)
    with pytest.raises(ValueError, match="expected whole days of UTC"):
        materialize(ORDERS, Window(start, end), own_shop.features)
    assert own_shop.features.read(orders, EVERYTHING).equals(before)


def test_a_function_gets_a_groups_rows_in_its_declared_types_with_and_without_nulls(store: FeatureStore) -> None:
    class Visit(pa.DataFrameModel):
        """A visit of the own_shop."""

        visit_id: str
        seen_at: UTC
        pages: pd.Int64Dtype = pa.Field(nullable=True)
        is_member: pd.BooleanDtype = pa.Field(nullable=True)

    def read(start: datetime, _end: datetime) -> pd.DataFrame:
        some_null = start == at(date(2024, 1, 6))
        return pd.DataFrame(
            {
                "visit_id": ["a", "b"],
                "seen_at": pd.Series([start, start], dtype="datetime64[us, UTC]"),
                "pages": pd.Series([1, None if some_null else 2], dtype="Int64"),
                "is_member": pd.Series([None if some_null else True, False], dtype="boolean"),
            }
        )

    visits = FeatureGroup(Visit, keys="visit_id", event_time="seen_at")
    again = FeatureGroup(Visit, keys="visit_id", event_time="seen_at", name="again")
    for part in TWO_DAYS.split(1):
        materialize(visits.computed(lambda rows: rows, Source(Visit, read, name="visits")), part, store)
        # passes the contract only if the types are those declared
        materialize(again.computed(lambda rows: rows, visits), part, store)
    assert store.read(again, TWO_DAYS).equals(store.read(visits, TWO_DAYS))
    assert store.read(again, TWO_DAYS)["pages"].to_list() == [1, 2, 1, None]


def test_the_time_that_an_outcome_source_reads_is_when_it_was_settled() -> None:
    window = Window.of_days("2024-01-06", "2024-01-06")
    rows = outcome_source.read(window.start, window.end)
    assert len(rows) == 20
    assert set(rows["due_at"].dt.date) == {date(2024, 1, 6)}
