"""Columns in whatever type a file's reader gave them, from a source or a computed function to the stored table."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest

import fti_assets as fti
from fti_assets.features.materialization import Materialization
from fti_assets.features.materialize import materialize

ID = 2**53 + 1
DAYS = fti.Window.of_days("2024-01-01", "2024-01-02")


class Visit(pa.DataFrameModel):
    """Something of every kind."""

    page: str
    at: fti.UTC
    visitor: int
    referrer: pd.Int64Dtype = pa.Field(nullable=True)
    seconds: float = pa.Field(nullable=True)
    is_new: bool


class Coerced(Visit):
    """The same, texts read as the numbers that they spell."""

    visitor: int = pa.Field(coerce=True)
    seconds: float = pa.Field(coerce=True, nullable=True)


CSV = f"""page,at,visitor,referrer,seconds,is_new
a,2024-01-01T10:00Z,{ID},{ID + 1},1.5,True
b,2024-01-01T11:00Z,{ID + 2},,2.5,False
c,2024-01-02T12:00Z,{2**63 - 1},{-(2**63)},,True
"""
OTHERS = """d,2024-01-01T12:00Z,1,2,0.5,True
e,2024-01-02T13:00Z,1,2,0.5,True
"""
"""A valid row more of each day, where one that is set aside would be too large a share of it."""
ROWS = [("a", ID, ID + 1, 1.5, True), ("b", ID + 2, None, 2.5, False), ("c", 2**63 - 1, -(2**63), None, True)]


def read(text: str, **types: Any) -> pd.DataFrame:
    """A CSV as pandas reads it, its times parsed."""
    frame = pd.read_csv(io.StringIO(text), **{"dtype": {"referrer": "Int64"}, **types})
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True).dt.as_unit("us"))


def visits(frame: pd.DataFrame, on_invalid: str = "fail", schema: type[pa.DataFrameModel] = Visit) -> Any:
    """A group of the frame's rows, as its source and its function both give them."""

    def known(start: object, end: object) -> pd.DataFrame:
        return frame[frame["at"].isna() | ((frame["at"] >= start) & (frame["at"] < end))]

    rule = {"on_invalid": on_invalid, "invalid_up_to": 0.7}
    source = fti.Source(schema, known, name="log", **rule)
    group = fti.FeatureGroup(schema, keys="page", event_time="at", name="visits", **rule)
    return group, group.computed(lambda _: known(DAYS.start, DAYS.end), source)


def put(home: fti.Home, frame: pd.DataFrame, *rule: Any) -> tuple[Materialization, list[tuple[Any, ...]]]:
    """What materializing told, and the rows that are stored."""
    group, binding = visits(frame, *rule)
    told = materialize(binding, DAYS, home.features)
    return told, home.features.read(group, DAYS).drop("at").rows()


@pytest.fixture
def home(tmp_path: Path) -> fti.Home:
    return fti.Home(tmp_path)


def as_arrow(frame: pd.DataFrame) -> pd.DataFrame:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return pd.read_parquet(buffer, dtype_backend="pyarrow")


def as_numpy_nullable(frame: pd.DataFrame) -> pd.DataFrame:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return pd.read_parquet(buffer, dtype_backend="numpy_nullable")


def as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({"page": "category"})


@pytest.mark.parametrize(
    ("backend", "widened"),
    [
        (
            as_arrow,
            {
                "page": "large_string[pyarrow] to str",
                "at": "timestamp[us, tz=UTC][pyarrow] to datetime64[us, UTC]",
                "visitor": "int64[pyarrow] to int64",
                "referrer": "int64[pyarrow] to Int64",
                "seconds": "double[pyarrow] to float64",
                "is_new": "bool[pyarrow] to bool",
            },
        ),
        (
            as_numpy_nullable,
            {
                "page": "string to str",
                "visitor": "Int64 to int64",
                "seconds": "Float64 to float64",
                "is_new": "boolean to bool",
            },
        ),
        (as_categories, {"page": "category to str"}),
    ],
)
@pytest.mark.parametrize("on_invalid", ["fail", "quarantine"])
def test_the_frames_of_any_backend_are_stored_exactly_and_told_as_widened(
    home: fti.Home, backend: Callable[[pd.DataFrame], pd.DataFrame], widened: dict[str, str], on_invalid: str
) -> None:
    told, rows = put(home, backend(read(CSV)), on_invalid)
    assert rows == ROWS
    assert told.set_aside == {}
    assert told.widened == {f"{of}.{name}": types for of in ("log", "visits") for name, types in widened.items()}


@pytest.mark.parametrize("column", ["page", "at", "visitor", "is_new"])
def test_a_null_in_an_arrow_column_is_the_fault_of_its_row(home: fti.Home, column: str) -> None:
    arrow = as_arrow(read(CSV))
    spoilt = arrow.assign(**{column: arrow[column].mask(arrow["page"] == "b")})
    with pytest.raises(fti.ContractViolation, match=rf"{column}: not_nullable \(e.g. .*, 1 rows\)"):
        put(home, spoilt)
    told, rows = put(home, spoilt, "quarantine")
    assert rows == [ROWS[0], ROWS[2]]
    assert {case.check for case in told.reasons} == {"not_nullable"}


WORDS = [
    ("visitor", str(ID + 2), "nil", "is a whole number of 64 bits"),
    ("visitor", str(ID + 2), "9223372036854775808", "is a whole number of 64 bits"),
    ("seconds", "2.5", "n.a.", "is a number that a float holds"),
    ("is_new", "False", "unknown", "is true or false"),
]


@pytest.mark.parametrize(("column", "value", "word", "check"), WORDS)
def test_a_word_in_a_files_column_sets_its_row_aside_with_the_word(
    home: fti.Home, column: str, value: str, word: str, check: str
) -> None:
    frame = read(CSV.replace(f",{value}", f",{word}"))
    told, rows = put(home, frame, "quarantine")
    assert rows == [ROWS[0], ROWS[2]]
    owners = ("features/visits", "source/log")
    assert told.reasons == tuple(fti.FailingCase(column, check, word, 1, of=owner) for owner in owners)
    assert told.widened[f"visits.{column}"].startswith(f"{frame[column].dtype} to ")
    [row] = home.features.quarantine.rows("source/log")
    assert row.partition == "2024-01-01"
    assert json.loads(row.row)[column] == (int(word) if word.isdigit() else word)
    assert column == "visitor" or json.loads(row.row)["visitor"] == ID + 2


@pytest.mark.parametrize(("column", "value", "word", "check"), WORDS)
def test_a_word_fails_a_batch_that_sets_no_rows_aside_and_is_named(
    home: fti.Home, column: str, value: str, word: str, check: str
) -> None:
    with pytest.raises(fti.ContractViolation) as raised:
        put(home, read(CSV.replace(f",{value}", f",{word}")))
    assert raised.value.cases == [fti.FailingCase(column, check, word, 1)]


@pytest.mark.parametrize("schema", [Visit, Coerced])
def test_a_row_has_one_digest_with_a_word_beside_it_and_without(
    home: fti.Home, schema: type[pa.DataFrameModel]
) -> None:
    alone = (CSV + OTHERS).replace("\nb,", "\n,")
    digests = set()
    for text in (alone, alone.replace(f",{ID},", ",nil,")):
        put(home, read(text), "quarantine", schema)
        digests |= {row.digest for row in home.features.quarantine.rows("source/log") if "T11:00" in row.row}
    assert len(digests) == 1


def test_a_row_that_is_set_aside_keeps_its_id_and_is_released_by_it_without_the_null_beside_it(home: fti.Home) -> None:
    class Limited(Visit):
        referrer: pd.Int64Dtype = pa.Field(nullable=True, gt=-(2**63))

    put(home, read(CSV + OTHERS), "quarantine", Limited)
    [row] = home.features.quarantine.rows("features/visits")
    assert (json.loads(row.row)["referrer"], row.reasons[0].value) == (-(2**63), str(-(2**63)))
    for owner in ("source/log", "features/visits"):
        home.features.quarantine.release(owner, "2024-01-02", [row.digest], who="ada", why="it is real")
    whole = read(
        (CSV + OTHERS).replace(f"b,2024-01-01T11:00Z,{ID + 2},,", f"b,2024-01-01T11:00Z,{ID + 2},{ID + 2},"), dtype={}
    )
    assert str(whole["referrer"].dtype) == "int64"
    _, rows = put(home, whole, "quarantine", Limited)
    assert [stored[2] for stored in rows] == [ID + 1, ID + 2, 2, -(2**63), 2]


def test_texts_of_numbers_are_none_but_where_rows_are_judged_one_by_one_or_the_model_coerces(home: fti.Home) -> None:
    frame = read(CSV, dtype={"referrer": "Int64", "visitor": "str", "seconds": "str"})
    with pytest.raises(fti.ContractViolation, match=r"visitor: dtype\('int64'\) \(e.g. str: a text is no number"):
        put(home, frame)
    for rule in (("fail", Coerced), ("quarantine", Coerced), ("quarantine", Visit)):
        told, rows = put(home, frame, *rule)
        assert (rows, told.set_aside) == (ROWS, {})
        assert told.widened["visits.visitor"] == "str to int64"


@pytest.mark.parametrize("schema", [Visit, Coerced])
def test_whether_a_text_is_a_number_does_not_depend_on_the_day_that_a_word_came(
    home: fti.Home, schema: type[pa.DataFrameModel]
) -> None:
    frame = read(CSV.replace(f",{ID},", ",nil,"))
    _, together = put(home, frame, "quarantine", schema)
    group, binding = visits(frame, "quarantine", schema)
    as_known = group.computed(lambda rows: rows, *binding.inputs)
    for day in DAYS.days:
        materialize(as_known, fti.Window.of_days(day, day), home.features)
    assert home.features.read(group, DAYS).drop("at").rows() == together == ROWS[1:]


def test_ids_that_a_null_has_made_floats_are_refused_with_what_to_do(home: fti.Home) -> None:
    with pytest.raises(fti.ContractViolation, match=r"referrer: dtype\('Int64'\) .*floats round .* Read it as Int64"):
        put(home, read(CSV, dtype={}))
