from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.kinds import Kind
from fti_assets.validation.widen import read_as

TIME = "datetime64[us, UTC]"
WHOLE, TEXT, ZONED = "is a whole number of 64 bits", "is text", "is a time with its zone, in whole microseconds"


def objects(*values: object) -> pd.Series:
    return pd.Series(list(values), dtype=object)


@pytest.mark.parametrize(
    ("column", "kind", "exact"),
    [
        (pd.Series([1, 2], dtype="uint8"), Kind.INTEGER, "int64"),
        (pd.Series([1, 2**63 - 1], dtype="uint64"), Kind.INTEGER, "int64"),
        (pd.Series([1, 2], dtype="UInt16"), Kind.NUMBER, "float64"),
        (objects(1, np.int8(2)), Kind.INTEGER, "int64"),
        (objects(1, None), Kind.INTEGER, "Int64"),
        (objects(1, 2.5, None), Kind.NUMBER, "float64"),
        (objects(True, np.bool_(False)), Kind.BOOLEAN, "bool"),
        (objects("a", None), Kind.TEXT, "str"),
        (objects(datetime(2024, 1, 1, tzinfo=UTC), pd.NaT), Kind.TIME, TIME),
        (pd.Series(pd.to_datetime(["2024-01-01"], utc=True)).dt.as_unit("ns"), Kind.TIME, TIME),
        (pd.Series(pd.to_datetime(["2024-06-01"], utc=True)).dt.tz_convert("Asia/Kolkata"), Kind.TIME, TIME),
    ],
)
def test_what_loses_nothing_is_read(column: pd.Series, kind: Any, exact: str) -> None:
    read = read_as(column, kind, exact)
    assert (str(read.column.dtype), dict(read.broken)) == (exact, {})
    both = column.notna()
    assert read.column.isna().equals(~both)
    assert [a == b for a, b in zip(read.column[both], column[both], strict=True)] == [True] * both.sum()


@pytest.mark.parametrize(
    ("column", "kind", "exact"),
    [
        (pd.Series([1.0, 2.0]), Kind.INTEGER, "int64"),
        (pd.Series([1.5, None]), Kind.INTEGER, "int64"),
        (pd.Series([True, False]), Kind.INTEGER, "int64"),
        (pd.Series([True, False]), Kind.NUMBER, "float64"),
        (pd.Series([0, 1]), Kind.BOOLEAN, "bool"),
        (pd.Series([2**53 + 1]), Kind.NUMBER, "float64"),
        (pd.Series([-(2**63), 1]), Kind.NUMBER, "float64"),
        (pd.Series([2**63], dtype="uint64"), Kind.INTEGER, "int64"),
        (pd.Series(["1", "2"]), Kind.INTEGER, "int64"),
        (pd.Series(["a"], dtype="category"), Kind.TEXT, "str"),
        (objects(Decimal("1.5")), Kind.NUMBER, "float64"),
        (pd.Series(pd.to_datetime(["2024-01-01"])), Kind.TIME, TIME),
        (pd.Series(["2024-01-01T00:00Z"]), Kind.TIME, TIME),
        (pd.Series(np.array(["400000-01-01"], dtype="datetime64[s]")).dt.tz_localize("UTC"), Kind.TIME, TIME),
    ],
)
def test_a_column_of_another_type_stays_as_it_is(column: pd.Series, kind: Any, exact: str) -> None:
    read = read_as(column, kind, exact)
    assert read.column is column
    assert dict(read.broken) == {}


@pytest.mark.parametrize(
    ("column", "kind", "exact", "check", "broken"),
    [
        (objects(1, "x", 2.5, True, 2**63), Kind.INTEGER, "int64", WHOLE, [1, 2, 3, 4]),
        (objects(1.5, "x", 2**53 + 1), Kind.NUMBER, "float64", "is a number that a float holds", [1, 2]),
        (objects("a", b"b", 1, "half \ud800"), Kind.TEXT, "str", TEXT, [1, 2, 3]),
        (objects(True, 1, "yes"), Kind.BOOLEAN, "bool", "is true or false", [1, 2]),
        (objects(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1), "now"), Kind.TIME, TIME, ZONED, [1, 2]),
        (pd.Series([1.0, None, 2.0]), Kind.INTEGER, "int64", "not_nullable", [1]),
        (pd.Series([True, None], dtype=Kind.BOOLEAN), Kind.BOOLEAN, "bool", "not_nullable", [1]),
        (objects(None, None), Kind.INTEGER, "int64", "not_nullable", [0, 1]),
        (pd.Series([1.0, np.inf, -np.inf, None]), Kind.NUMBER, "float64", "is finite", [1, 2]),
    ],
)
def test_the_rows_that_have_no_such_value_are_named(
    column: pd.Series, kind: Any, exact: str, check: str, broken: list[int]
) -> None:
    read = read_as(column, kind, exact)
    assert {c: list(np.flatnonzero(rows)) for c, rows in read.broken.items()} == {check: broken}
    sound = [n for n in range(len(column)) if n not in broken]
    assert [read.column[n] for n in sound if pd.notna(column[n])] == [column[n] for n in sound if pd.notna(column[n])]


def test_nanoseconds_that_would_be_lost_are_named_and_others_are_read() -> None:
    instants = pd.Series(pd.to_datetime([1_000, 1_001, 2_000], unit="ns", utc=True))
    read = read_as(instants, Kind.TIME, TIME)
    assert list(read.broken[ZONED]) == [False, True, False]
    assert [None if pd.isna(t) else t.microsecond for t in read.column] == [1, None, 2]


def test_times_that_python_has_no_name_for_are_named() -> None:
    given = np.array(["0001-01-01", "9999-12-31T23:59:59.999999", "10000-01-01", "-001-01-01"], dtype="datetime64[us]")
    read = read_as(pd.Series(given).dt.tz_localize("UTC"), Kind.TIME, TIME)
    assert list(read.broken["is in the years 1 to 9999"]) == [False, False, True, True]


zones = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
years = {"min_value": datetime(2, 1, 1), "max_value": datetime(9998, 12, 31)}
SOME = {
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    Kind.BOOLEAN: st.booleans(),
    Kind.TEXT: st.text(st.characters(exclude_categories=["Cs"])),
    Kind.TIME: st.datetimes(**years, timezones=zones),
}
EXACT = {Kind.INTEGER: "int64", Kind.NUMBER: "float64", Kind.BOOLEAN: "bool", Kind.TEXT: "str", Kind.TIME: TIME}


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(SOME)))
def test_of_any_objects_those_of_the_kind_are_read_as_they_are_and_the_others_named(
    data: st.DataObject, kind: Any
) -> None:
    mine = data.draw(st.lists(SOME[kind], min_size=1, max_size=5))
    strangers = data.draw(st.lists(st.sampled_from([object(), Decimal(1), b"x", 1j]), max_size=3))
    values = data.draw(st.permutations([*mine, *strangers]))
    read = read_as(objects(*values), kind, EXACT[kind])
    named = next(iter(read.broken.values()), np.zeros(len(values), dtype=bool))
    assert list(named) == [any(value is stranger for stranger in strangers) for value in values]
    assert [read.column[n] for n in range(len(values)) if not named[n]] == [
        value for value, stranger in zip(values, named, strict=True) if not stranger
    ]
