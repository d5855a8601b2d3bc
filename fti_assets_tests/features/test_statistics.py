from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import DAY, Window
from fti_assets.features.statistics import partition_statistics
from fti_assets.stores.frames import empty
from fti_assets.stores.statistics import QUANTILES, SCHEMA

COLUMNS = {"at": Kind.TIME, "price": Kind.NUMBER, "pieces": Kind.INTEGER, "is_gift": Kind.BOOLEAN, "product": Kind.TEXT}
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = [Window(FIRST + n * DAY, FIRST + (n + 1) * DAY) for n in range(3)]


def frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=empty(COLUMNS).schema)


def order(day: int, **values: object) -> dict[str, object]:
    row = {"at": FIRST + day * DAY, "price": 1.0, "pieces": 1, "is_gift": False, "product": "socks"}
    return row | values


def figures(statistics: pl.DataFrame, day: int, column: str) -> dict[str, object]:
    return statistics.row(by_predicate=(pl.col("start") == DAYS[day].start) & (pl.col("column") == column), named=True)


SHOP = partition_statistics(
    frame(
        [
            order(0, price=10.0, pieces=1, is_gift=True, product="boots"),
            order(0, price=20.0, pieces=2, product="socks"),
            order(0, price=30.0, pieces=9, product="boots"),
            order(0, price=None, pieces=None, is_gift=None, product=None, at=FIRST + timedelta(hours=20)),
            order(2, price=5.0),
        ]
    ),
    COLUMNS,
    DAYS,
    "at",
)


def test_each_partition_and_column_has_one_row_in_order():
    assert dict(SHOP.schema) == dict(SCHEMA)
    assert SHOP.select("start", "column").rows() == [(day.start, name) for day in DAYS for name in COLUMNS]
    assert [figures(SHOP, day, "price")["rows"] for day in range(3)] == [4, 0, 1]
    assert (figures(SHOP, 0, "price")["end"], figures(SHOP, 0, "price")["kind"]) == (DAYS[1].start, "number")


def test_a_number_has_mean_deviation_and_quantiles_of_what_is_there():
    price = figures(SHOP, 0, "price")

    assert (price["missing"], price["mean"], price["std"]) == (1, 20.0, 10.0)
    assert [price[name] for name in QUANTILES] == [10.0, 11.0, 15.0, 20.0, 25.0, 29.0, 30.0]
    assert figures(SHOP, 0, "pieces")["q50"] == 2.0


def test_a_boolean_has_its_share_of_true_and_a_time_its_first_and_last():
    assert figures(SHOP, 0, "is_gift")["mean"] == pytest.approx(1 / 3)
    at = figures(SHOP, 0, "at")
    assert (at["first"], at["last"], at["mean"]) == (FIRST, FIRST + timedelta(hours=20), None)


def test_a_text_has_its_categories_by_frequency():
    product = figures(SHOP, 0, "product")
    assert (product["distinct"], product["categories"], product["counts"]) == (2, ["boots", "socks"], [2, 1])


def test_a_partition_without_rows_has_no_figures():
    for column in COLUMNS:
        nothing = figures(SHOP, 1, column)
        assert (nothing["rows"], nothing["missing"]) == (0, 0)
        absent = ("mean", "std", *QUANTILES, "first", "last", "categories", "counts")
        assert {nothing[name] for name in absent} == {None}


@pytest.mark.parametrize(("distinct", "counted"), [(10, 10), (50, 50), (51, 10)])
def test_up_to_fifty_categories_are_counted_in_full_and_of_more_the_top_ten(distinct, counted):
    names = [f"product {n:02}" for n in range(distinct)] * 2 + ["product 07"]
    product = figures(
        partition_statistics(frame([order(0, product=name) for name in names]), COLUMNS, DAYS, "at"), 0, "product"
    )

    assert (product["distinct"], len(product["categories"])) == (distinct, counted)
    assert (product["categories"][:2], product["counts"][:2]) == (["product 07", "product 00"], [3, 2])


def test_identifiers_are_not_counted_one_by_one():
    names = [f"order {n}" for n in range(11)]
    product = figures(
        partition_statistics(frame([order(0, product=name) for name in names]), COLUMNS, DAYS, "at"), 0, "product"
    )
    assert (product["distinct"], product["categories"]) == (11, None)


def test_a_dimension_is_one_partition_whatever_its_times():
    statistics = partition_statistics(frame([order(0), order(40)]), COLUMNS, [DAYS[0]])
    assert figures(statistics, 0, "price")["rows"] == 2


def test_columns_may_be_called_like_the_figures():
    columns = {
        "at": Kind.TIME,
        "rows": Kind.INTEGER,
        "start": Kind.TEXT,
        "partition": Kind.BOOLEAN,
        "missing": Kind.NUMBER,
    }
    given_rows = pl.DataFrame(
        {"at": [FIRST], "rows": [7], "start": ["a"], "partition": [True], "missing": [0.5]},
        schema=empty(columns).schema,
    )
    statistics = partition_statistics(given_rows, columns, DAYS, "at")
    assert figures(statistics, 0, "rows")["q50"] == 7
    assert figures(statistics, 0, "start")["categories"] == ["a"]


numbers = st.one_of(st.none(), st.integers(-1000, 1000).map(lambda n: n / 8), st.floats(-1e9, 1e9))
rows_of_days = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.integers(0, 71).map(lambda hour: FIRST + timedelta(hours=hour)),
            "price": numbers,
            "pieces": st.one_of(st.none(), st.integers(-5, 5)),
            "is_gift": st.one_of(st.none(), st.booleans()),
            "product": st.one_of(st.none(), st.sampled_from("abcdefgh")),
        }
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(rows_of_days)
def test_the_figures_are_those_of_a_loop_over_partitions(rows):
    statistics = partition_statistics(frame(rows), COLUMNS, DAYS, "at")
    for day, window in enumerate(DAYS):
        of_day = [row for row in rows if window.start <= row["at"] < window.end]
        for column in ("price", "pieces"):
            there = [float(row[column]) for row in of_day if row[column] is not None]
            found = figures(statistics, day, column)
            assert (found["rows"], found["missing"]) == (len(of_day), len(of_day) - len(there))
            if there:
                expected = np.quantile(there, list(QUANTILES.values()))
                np.testing.assert_allclose([found[q] for q in QUANTILES], expected, rtol=1e-9, atol=1e-6)
                np.testing.assert_allclose(found["mean"], np.mean(there), rtol=1e-9, atol=1e-6)
            if len(there) > 1:
                np.testing.assert_allclose(found["std"], np.std(there, ddof=1), rtol=1e-6, atol=1e-6)
        names = Counter(row["product"] for row in of_day if row["product"] is not None)
        ranked = sorted(names.items(), key=lambda item: (-item[1], item[0]))
        found = figures(statistics, day, "product")
        assert found["distinct"] == len(names)
        assert list(zip(found["categories"] or [], found["counts"] or [], strict=True)) == ranked


@settings(max_examples=30, deadline=None)
@given(rows_of_days)
def test_a_partition_alone_has_the_figures_it_has_in_a_range_to_the_last_bit(rows):
    together = partition_statistics(frame(rows), COLUMNS, DAYS, "at")
    apart = [
        partition_statistics(
            frame([row for row in rows if window.start <= row["at"] < window.end]), COLUMNS, [window], "at"
        )
        for window in DAYS
    ]
    assert pl.concat(apart).equals(together)
