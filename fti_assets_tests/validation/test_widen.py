import io
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.kinds import Kind
from fti_assets.validation.widen import read_as

TIME = "datetime64[us, UTC]"
WHOLE, TEXT, ZONED = "is a whole number of 64 bits", "is text", "is a time with its zone, in whole microseconds"


def objects(*values: object) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def arrow(of: pa.DataType, *values: object) -> pd.Series:
    return pd.Series(pa.array(values, of), dtype=pd.ArrowDtype(of))


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
        (pd.Series([2.0**53 - 1, None]), Kind.INTEGER, "Int64"),
        (pd.Series(["a", None, "a"], dtype="category"), Kind.TEXT, "str"),
        (pd.Series(["a", None], dtype=pd.ArrowDtype(pa.string())).astype("category"), Kind.TEXT, "str"),
        (pd.Series(["a", pd.NA], dtype="string"), Kind.TEXT, "str"),
        (arrow(pa.string(), "a", None), Kind.TEXT, "str"),
        (arrow(pa.large_string(), "a"), Kind.TEXT, "str"),
        (arrow(pa.dictionary(pa.int32(), pa.string()), "a", None, "a"), Kind.TEXT, "str"),
        (arrow(pa.int64(), 2**53 + 1, -(2**63)), Kind.INTEGER, "int64"),
        (arrow(pa.int64(), 2**63 - 1, None), Kind.INTEGER, "Int64"),
        (arrow(pa.uint64(), 2**63 - 1, None), Kind.INTEGER, "Int64"),
        (arrow(pa.int8(), 1, None), Kind.NUMBER, "float64"),
        (arrow(pa.float64(), 1.5, None, -0.0), Kind.NUMBER, "float64"),
        (arrow(pa.float32(), 1.5), Kind.NUMBER, "float64"),
        (arrow(pa.bool_(), True, None), Kind.BOOLEAN, "boolean"),
        (arrow(pa.bool_(), True, False), Kind.BOOLEAN, "bool"),
        (arrow(pa.timestamp("us", "UTC"), 1, None), Kind.TIME, TIME),
        (arrow(pa.timestamp("ns", "UTC"), 1_000, 2_000), Kind.TIME, TIME),
        (arrow(pa.timestamp("s", "+05:30"), 1), Kind.TIME, TIME),
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
        (pd.Series([1], dtype="category"), Kind.TEXT, "str"),
        (pd.Series([1], dtype="category"), Kind.INTEGER, "int64"),
        (pd.Series([2.0**53, None]), Kind.INTEGER, "Int64"),
        (arrow(pa.int64(), 2**53 + 1), Kind.NUMBER, "float64"),
        (arrow(pa.uint64(), 2**63), Kind.INTEGER, "int64"),
        (arrow(pa.int64(), 1), Kind.TEXT, "str"),
        (arrow(pa.timestamp("us"), 1), Kind.TIME, TIME),
        (arrow(pa.date32(), 1), Kind.TIME, TIME),
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
        (pd.Series([1, 2**63, 2**63 - 1], dtype="uint64"), Kind.INTEGER, "int64", WHOLE, [1]),
        (objects(1.5, "x", 2**53 + 1), Kind.NUMBER, "float64", "is a number that a float holds", [1, 2]),
        (objects("a", b"b", 1, "half \ud800"), Kind.TEXT, "str", TEXT, [1, 2, 3]),
        (objects(True, 1, "yes"), Kind.BOOLEAN, "bool", "is true or false", [1, 2]),
        (objects(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1), "now"), Kind.TIME, TIME, ZONED, [1, 2]),
        (pd.Series([1.0, None, 2.0]), Kind.INTEGER, "int64", "not_nullable", [1]),
        (pd.Series([True, None], dtype=Kind.BOOLEAN), Kind.BOOLEAN, "bool", "not_nullable", [1]),
        (objects(None, None), Kind.INTEGER, "int64", "not_nullable", [0, 1]),
        (pd.Series([1.0, np.inf, -np.inf, None]), Kind.NUMBER, "float64", "is finite", [1, 2]),
        (arrow(pa.float64(), 1.0, np.inf, None), Kind.NUMBER, "float64", "is finite", [1]),
        (arrow(pa.int64(), 2**53 + 1, None), Kind.INTEGER, "int64", "not_nullable", [1]),
        (arrow(pa.bool_(), None, True), Kind.BOOLEAN, "bool", "not_nullable", [0]),
        (pd.Series(["a", b"x", "c"], dtype="category"), Kind.TEXT, "str", TEXT, [1]),
    ],
)
def test_the_rows_that_have_no_such_value_are_named(
    column: pd.Series, kind: Any, exact: str, check: str, broken: list[int]
) -> None:
    read = read_as(column, kind, exact)
    assert {c: list(np.flatnonzero(rows)) for c, rows in read.broken.items()} == {check: broken}
    sound = [n for n in range(len(column)) if n not in broken]
    assert [read.column[n] for n in sound if pd.notna(column[n])] == [column[n] for n in sound if pd.notna(column[n])]


@pytest.mark.parametrize(
    ("kind", "exact", "words", "texts"),
    [
        (
            Kind.INTEGER,
            "int64",
            ["nil", "", "1.0", "1e2", "1_000", "0x1", "9223372036854775808", "٣", "2024-01-01", "9" * 5_000],
            {"9007199254740993": 2**53 + 1, "-9223372036854775808": -(2**63), " 7": 7, "+7 ": 7, "007": 7},
        ),
        (
            Kind.NUMBER,
            "float64",
            ["nil", "", "nan", "inf", "1,5", "1_0", "9007199254740993", "."],
            {"1": 1.0, "-0.0": -0.0, ".5": 0.5, "5.": 5.0, "1e-3": 0.001, " 9007199254740992": 2.0**53},
        ),
        (Kind.BOOLEAN, "bool", ["nil", "yes", "1", ""], {"True": True, "FALSE": False, "true": True}),
        (
            Kind.TIME,
            TIME,
            ["nil", "", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00.1234567Z"],
            {
                "2024-01-01T00:00:00Z": datetime(2024, 1, 1, tzinfo=UTC),
                "2024-01-01 05:30:00.1234560+05:30": datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC),
            },
        ),
    ],
)
@pytest.mark.parametrize("dtype", ["str", "string", pd.ArrowDtype(pa.string())])
def test_of_a_column_that_words_have_made_text_the_words_are_named(
    kind: Any, exact: str, words: list[str], texts: dict[str, object], dtype: Any
) -> None:
    column = pd.Series([*words, *texts], dtype=dtype)
    for row_by_row in (False, True):
        read = read_as(column, kind, exact, row_by_row=row_by_row)
        assert list(np.flatnonzero(read.broken[kind.check])) == list(range(len(words)))
        assert repr(read.column[len(words) :].tolist()) == repr(pd.Series(list(texts.values()), dtype=exact).tolist())


@pytest.mark.parametrize("values", [["1", "2"], ["nil", "none"]])
def test_texts_that_are_all_numbers_or_all_words_are_judged_one_by_one_only_if_asked_to(values: list[str]) -> None:
    column = pd.Series(values)
    assert read_as(column, Kind.INTEGER, "int64").column is column
    read = read_as(column, Kind.INTEGER, "int64", row_by_row=True)
    assert [None if pd.isna(n) else n for n in read.column] == ([1, 2] if values == ["1", "2"] else [None, None])
    assert sum(map(np.count_nonzero, read.broken.values())) == int(read.column.isna().sum())


def test_among_objects_a_text_is_the_number_it_spells_only_row_by_row() -> None:
    column = objects(1, "2", "nil", None)
    assert list(read_as(column, Kind.INTEGER, "int64").broken[WHOLE]) == [False, True, True, False]
    assert list(read_as(column, Kind.INTEGER, "int64", row_by_row=True).broken[WHOLE]) == [False, False, True, False]


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


@settings(max_examples=80, deadline=None)
@given(drawn=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.sampled_from(["nil", "1.5", "x9"]), min_size=1))
def test_a_files_column_gives_each_integer_to_the_last_bit_and_names_each_word(drawn: list[object]) -> None:
    file = io.StringIO("id,n\n" + "".join(f"{'' if v is None else v},{n}\n" for n, v in enumerate(drawn)))
    read = read_as(pd.read_csv(file, dtype={"id": "str"})["id"], Kind.INTEGER, "Int64", row_by_row=True)
    named = next(iter(read.broken.values()), np.zeros(len(drawn), dtype=bool))
    assert list(named) == [isinstance(value, str) for value in drawn]
    assert [None if pd.isna(n) else n for n in read.column] == [v if isinstance(v, int) else None for v in drawn]
