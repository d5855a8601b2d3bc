"""Labels as windows into the future, against brute force and SQL."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import duckdb
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fti_assets as fti
from fti_assets.contracts.label import Label
from fti_assets.views.label_answers import answers
from fti_assets.views.labels import labels_of

TIME = pl.Datetime("us", "UTC")
START = datetime(2024, 1, 1, tzinfo=UTC)
Row = tuple[Any, ...]


class Visit(pa.DataFrameModel):
    """A visit to a shop, known when it was rung up."""

    customer: str
    city: str
    began_at: fti.UTC
    rung_up_at: fti.UTC
    amount: float = pa.Field(nullable=True)
    items: pd.Int64Dtype = pa.Field(nullable=True)
    is_gift: pd.BooleanDtype = pa.Field(nullable=True)


visits = fti.FeatureGroup(Visit, keys="customer", event_time="began_at", known_at="rung_up_at", name="visits")
AGGREGATIONS = ("first", "last", "any", "count", "sum", "mean", "min", "max")
VISIT = {
    "customer": pl.String,
    "city": pl.String,
    "began_at": TIME,
    "rung_up_at": TIME,
    "amount": pl.Float64,
    "items": pl.Int64,
    "is_gift": pl.Boolean,
}


def hour(n: int | None) -> datetime | None:
    return None if n is None else START + timedelta(hours=n)


def visit(customer: str | None, known: int | None, amount: Any = None, began: int | None = None, **more: Any) -> Row:
    began = known if began is None else began
    return customer, more.get("city", "x"), hour(began), hour(known), amount, more.get("items"), more.get("is_gift")


def answered(label: Label, spine: list[Row], rows: list[Row]) -> list[Row]:
    """(label, hour when it was final) of each spine row (customer, hour predicted)."""
    column = next(iter(label.spine_keys.values()))
    frame = labels_of(
        label,
        pl.DataFrame([(k, hour(t)) for k, t in spine], schema={column: pl.String, "at": TIME}, orient="row"),
        pl.DataFrame(rows, schema=VISIT, orient="row").select(label.columns_read),
        "at",
    )
    assert frame.columns == ["label", "label_known_at"]
    return [(value, known and (known - START) // timedelta(hours=1)) for value, known in frame.rows()]


def test_the_first_row_after_the_prediction_is_the_label_whatever_comes_later() -> None:
    label = visits["amount"].within(hours=10)
    assert answered(label, [("a", 1)], [visit("a", 3, 7.0), visit("a", 4, 9.0)]) == [(7.0, 3)]


def test_a_row_known_at_the_prediction_is_not_in_the_window_and_one_at_its_end_is() -> None:
    label = visits["amount"].within(hours=10)
    assert answered(label, [("a", 1)], [visit("a", 1, 7.0)]) == [(None, None)]
    assert answered(label, [("a", 1)], [visit("a", 11, 7.0)]) == [(7.0, 11)]
    assert answered(label, [("a", 1)], [visit("a", 12, 7.0)]) == [(None, None)]


def test_of_rows_known_at_the_first_instant_the_one_that_began_last_and_stands_last_is_the_label() -> None:
    label = visits["amount"].within(hours=10)
    assert answered(label, [("a", 1)], [visit("a", 4, 1.0, 3), visit("a", 4, 2.0, 2)]) == [(1.0, 4)]
    assert answered(label, [("a", 1)], [visit("a", 4, 1.0), visit("a", 4, 2.0)]) == [(2.0, 4)]


def test_labels_come_in_the_order_of_the_spine() -> None:
    rows = [visit("a", 4, 1.0), visit("b", 12, 2.0)]
    assert answered(visits["amount"].within(days=2), [("b", 9), ("a", 1), ("c", 5)], rows) == [
        (2.0, 12),
        (1.0, 4),
        (None, None),
    ]


def test_two_predictions_share_a_row() -> None:
    label = visits["amount"].within(hours=10).count()
    assert answered(label, [("a", 1), ("a", 2)], [visit("a", 4, 1.0)]) == [(1.0, 11), (1.0, 12)]


@pytest.mark.parametrize(
    ("aggregation", "absent"),
    [("any", 0.0), ("count", 0.0), ("sum", 0.0), ("mean", None), ("min", None), ("max", None), ("last", None)],
)
def test_absence_is_an_answer_where_there_is_one(aggregation: str, absent: float | None) -> None:
    label = getattr(visits["amount"].within(hours=10), aggregation)()
    assert answered(label, [("a", 1)], []) == [(absent, None if absent is None else 11)]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_null_keys_and_times_have_no_label(aggregation: str) -> None:
    label = getattr(visits["amount"].within(hours=10), aggregation)()
    assert answered(label, [(None, 1), ("a", None)], [visit(None, 4, 1.0), visit("a", 4, 1.0)]) == [(None, None)] * 2


def test_a_null_is_the_first_row_and_no_label_and_counts_for_nothing() -> None:
    rows = [visit("a", 4), visit("a", 5, 3.0)]
    assert answered(visits["amount"].within(hours=10), [("a", 1)], rows) == [(None, None)]
    assert answered(visits["amount"].within(hours=10).mean(), [("a", 1)], rows) == [(3.0, 11)]
    assert answered(visits["amount"].within(hours=10).count(), [("a", 1)], rows) == [(1.0, 11)]


def test_rows_are_counted_without_a_column() -> None:
    label = visits.select().within(days=1).count()
    assert answered(label, [("a", 1)], [visit("a", 4), visit("a", 5)]) == [(2.0, 25)]
    assert answered(visits.select().within(days=1).any(), [("b", 1)], [visit("a", 4)]) == [(0.0, 25)]


def test_any_of_a_boolean_column_is_whether_one_is_true() -> None:
    label = visits["is_gift"].within(days=1).any()
    rows = [visit("a", 4, is_gift=False), visit("b", 4, is_gift=False), visit("b", 5, is_gift=True)]
    assert answered(label, [("a", 1), ("b", 1)], rows) == [(0.0, 25), (1.0, 25)]


def test_a_condition_says_which_rows_count() -> None:
    label = visits["amount"].within(days=1, where="city = 'x'").sum()
    rows = [visit("a", 4, 1.0), visit("a", 5, 2.0, city="y"), visit("a", 6, 4.0)]
    assert answered(label, [("a", 1)], rows) == [(5.0, 25)]


def test_a_label_of_another_entity_takes_all_its_rows() -> None:
    label = visits["amount"].by("city").joined_on(city="town").within(days=1).sum()
    rows = [visit("a", 4, 1.0), visit("b", 5, 2.0), visit("c", 6, 4.0, city="y")]
    assert answered(label, [("x", 1), ("y", 1)], rows) == [(3.0, 25), (4.0, 25)]


def test_large_whole_numbers_are_summed_before_they_are_rounded() -> None:
    label = visits["items"].within(days=1).sum()
    rows = [visit("a", 2, items=2**62), visit("a", 3, items=1), visit("a", 4, items=-(2**62)), visit("a", 5, items=2)]
    assert answered(label, [("a", 1)], rows) == [(3.0, 25)]


def test_windows_are_laid_out_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fti_assets.views.label_answers.ROWS_AT_ONCE", 3)
    rows = [visit("a", n, float(n)) for n in range(2, 12)]
    spine = [("a", n) for n in range(12)] + [("b", 3)]
    expected = [(float(sum(range(max(2, n + 1), min(12, n + 6)))), n + 5) for n in range(12)] + [(0.0, 8)]
    assert answered(visits["amount"].within(hours=5).sum(), spine, rows) == expected


def brute_force(aggregation: str, spine: list[Row], rows: list[Row], horizon: int, column: int) -> list[float | None]:
    """Each label by reading all rows for each prediction, in exact arithmetic."""
    labels = []
    for customer, at in spine:
        known = [
            (row[3], row[2], place, row[column])
            for place, row in enumerate(rows)
            if None not in (customer, at, row[3]) and row[0] == customer
            if timedelta(0) < row[3] - hour(at) <= timedelta(hours=horizon)
        ]
        values = [value for *_, value in sorted(known) if value is not None]
        ordered = sorted(known)
        at_first = [row for row in ordered if row[0] == ordered[0][0]]
        answer = {
            "first": lambda at_first=at_first: at_first[-1][3] if at_first else None,
            "last": lambda ordered=ordered: ordered[-1][3] if ordered else None,
            "any": lambda values=values: any(values) if column == 6 else bool(values),
            "count": lambda values=values: len(values),
            "sum": lambda values=values: sum(map(Fraction, values)),
            "mean": lambda values=values: sum(map(Fraction, values)) / len(values) if values else None,
            "min": lambda values=values: min(values, default=None),
            "max": lambda values=values: max(values, default=None),
        }[aggregation]()
        labels.append(None if None in (customer, at) or answer is None else float(answer))
    return labels


customers = st.sampled_from(["a", "b", None])
hours = st.integers(0, 12) | st.none()
amounts = st.none() | st.integers(-9, 9).map(float)
drawn_visits = st.lists(
    st.builds(
        lambda customer, known, delay, amount, items, is_gift: visit(
            customer, known, amount, None if known is None else known - delay, items=items, is_gift=is_gift
        ),
        customers,
        hours,
        st.integers(0, 2),
        amounts,
        st.none() | st.integers(-9, 9),
        st.none() | st.booleans(),
    ).filter(lambda row: row[2] is not None),
    max_size=15,
)
drawn_spine = st.lists(st.tuples(customers, hours), max_size=10)


@settings(max_examples=250, deadline=None)
@given(drawn_spine, drawn_visits, st.integers(1, 8), st.sampled_from(AGGREGATIONS), st.sampled_from([4, 5, 6]))
def test_it_agrees_with_brute_force(
    spine: list[Row], rows: list[Row], horizon: int, aggregation: str, column: int
) -> None:
    label = getattr(visits[list(VISIT)[column]].within(hours=horizon), aggregation)()
    labels = [value for value, _ in answered(label, spine, rows)]
    expected = brute_force(aggregation, spine, rows, horizon, column)
    assert are_close(labels, expected)


def are_close(labels: list[float | None], expected: list[float | None]) -> bool:
    return all(
        a == e or (a is not None and e is not None and math.isclose(a, e, rel_tol=1e-15))
        for a, e in zip(labels, expected, strict=True)
    )


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


SQL = {
    "first": "arg_min(amount, (rung_up_at, -epoch_us(began_at), -place))",
    "last": "arg_max(amount, (rung_up_at, began_at, place))",
    "any": "count(amount) > 0",
    "count": "count(amount)",
    "sum": "coalesce(sum(amount), 0)",
    "mean": "avg(amount)",
    "min": "min(amount)",
    "max": "max(amount)",
}


@settings(max_examples=40, deadline=None)
@given(drawn_spine, drawn_visits, st.integers(1, 8), st.sampled_from(AGGREGATIONS))
def test_it_agrees_with_sql(
    database: duckdb.DuckDBPyConnection, spine: list[Row], rows: list[Row], horizon: int, aggregation: str
) -> None:
    rows = [row for row in rows if row[4] is not None]  # arg_min passes a null over
    predictions = pl.DataFrame(
        [(n, k, hour(t)) for n, (k, t) in enumerate(spine) if None not in (k, t)],
        schema={"n": pl.Int64, "customer": pl.String, "at": TIME},
        orient="row",
    )
    table = pl.DataFrame(rows, schema=VISIT, orient="row").with_row_index("place").cast({"place": pl.Int64})
    database.register("predictions", predictions.to_arrow())
    database.register("visits", table.to_arrow())
    expected = database.execute(
        f"SELECT {SQL[aggregation]} FROM predictions p LEFT JOIN visits v ON v.customer = p.customer "
        f"AND v.rung_up_at > p.at AND v.rung_up_at <= p.at + INTERVAL {horizon} HOUR GROUP BY p.n ORDER BY p.n"
    ).fetchall()
    label = getattr(visits["amount"].within(hours=horizon), aggregation)()
    labels = [value for (value, _), row in zip(answered(label, spine, rows), spine, strict=True) if None not in row]
    assert are_close(labels, [value for (value,) in expected])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40), st.data())
def test_a_window_has_the_same_bits_whatever_else_is_asked_for(numbers: list[float], data: st.DataObject) -> None:
    windows = st.tuples(st.integers(0, len(numbers)), st.integers(0, len(numbers))).map(sorted)
    begins, ends = zip(*data.draw(st.lists(windows, min_size=1, max_size=10)), strict=True)
    start = pl.Series(begins).to_numpy()
    count = pl.Series(ends).to_numpy() - start
    together = answers("sum", pl.Series(numbers), start, count).to_list()
    alone = [answers("sum", pl.Series(numbers), start[n : n + 1], count[n : n + 1])[0] for n in range(len(start))]
    assert together == alone
