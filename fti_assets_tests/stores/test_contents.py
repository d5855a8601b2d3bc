"""The names of contents against a slow twin that writes every value out by hand."""

import hashlib
import struct
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.kinds import Kind
from fti_assets.stores.contents import contents_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS: dict[str, Kind] = {
    "who": Kind.TEXT,
    "count": Kind.INTEGER,
    "amount": Kind.NUMBER,
    "is_late": Kind.BOOLEAN,
    "at": Kind.TIME,
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "who": st.text(max_size=3),
    "count": st.integers(-(2**63), 2**63 - 1),
    "amount": st.sampled_from([0.0, -0.0, 1.5, float("nan"), -float("nan"), float("inf")]) | st.floats(),
    "is_late": st.booleans(),
    "at": st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
}
ROWS = st.lists(st.tuples(*(st.none() | values for values in VALUES.values())), min_size=1, max_size=8)


def written_out(rows: Sequence[tuple[Any, ...]]) -> str:
    """The name of the rows' content, value after value."""
    content = struct.pack("<q", len(rows))
    for name, kind in sorted(COLUMNS.items()):
        values = [row[list(COLUMNS).index(name)] for row in rows]
        if all(value is None for value in values):
            continue
        content += name.encode() + b"\0" + str(kind).encode() + b"\0"
        content += bytes(value is not None for value in values)
        if kind == Kind.TEXT:
            texts = [(value or "").encode() for value in values]
            content += b"".join(struct.pack("<q", len(text)) for text in texts) + b"".join(texts)
        elif kind == Kind.BOOLEAN:
            content += bytes(bool(value) for value in values)
        elif kind == Kind.NUMBER:
            numbers = [0.0 if value is None else float("nan") if value != value else value for value in values]
            content += b"".join(struct.pack("<d", number) for number in numbers)
        elif kind == Kind.TIME:
            micro = [0 if value is None else (value - EPOCH) // timedelta(microseconds=1) for value in values]
            content += b"".join(struct.pack("<q", value) for value in micro)
        else:
            content += b"".join(struct.pack("<q", value or 0) for value in values)
    return hashlib.sha256(content).hexdigest()[:32]


def frame_of(rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={name: kind.polars for name, kind in COLUMNS.items()}, orient="row")


@settings(deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_each_part_has_the_name_that_it_has_alone_and_that_its_values_spell(parts: list[list[tuple[Any, ...]]]) -> None:
    rows = frame_of([row for part in parts for row in part])
    names = contents_of(rows, COLUMNS, [len(part) for part in parts])
    assert names == [written_out(part) for part in parts]
    halves = pl.concat([rows.head(1), rows.slice(1)], rechunk=False)
    assert contents_of(halves, COLUMNS, [len(part) for part in parts]) == names, "however they lie in memory"


def name_of(column: str, values: list[Any]) -> str:
    frame = pl.DataFrame({column: values}, schema={column: COLUMNS[column].polars})
    return contents_of(frame, {column: COLUMNS[column]}, [len(values)])[0]


@pytest.mark.parametrize(
    ("column", "lists"),
    [
        ("amount", [[0.0, 1.0], [-0.0, 1.0], [None, 1.0], [float("nan"), 1.0], [1.0, 0.0], [1.0]]),
        ("who", [["ab", "c"], ["a", "bc"], ["abc", ""], ["abc", None], [None, "abc"], ["", "abc"], ["abc"]]),
        ("count", [[0, 1], [None, 1], [1, 0], [1], [2**63 - 1, 1], [2**53, 1], [2**53 + 1, 1]]),
        ("is_late", [[True, False], [True, None], [False, True], [True], [True, True]]),
        ("at", [[EPOCH, None], [EPOCH + timedelta(microseconds=1), None], [EPOCH, EPOCH], [EPOCH]]),
    ],
)
def test_what_is_not_the_same_is_told_apart(column: str, lists: list[list[Any]]) -> None:
    assert len({name_of(column, values) for values in lists}) == len(lists)


def test_the_same_value_of_another_column_or_kind_is_another_content() -> None:
    frame = pl.DataFrame({"a": [1], "b": [1]})
    names = [contents_of(frame.select(c), {c: kind}, [1])[0] for c in "ab" for kind in (Kind.INTEGER, Kind.TIME)]
    assert len(set(names)) == 4


def test_a_column_without_a_value_and_the_order_of_columns_make_no_difference() -> None:
    frame = pl.DataFrame({"b": [1, 2], "a": [3, 4]})
    kinds = {"b": Kind.INTEGER, "a": Kind.INTEGER}
    more = frame.with_columns(c=pl.lit(None, pl.String)).select("c", "a", "b")
    assert contents_of(frame, kinds, [2]) == contents_of(more, {"c": Kind.TEXT, **kinds}, [2])


def test_the_names_are_those_of_every_process_and_of_the_day_on_which_they_were_fixed() -> None:
    code = """
import polars as pl, sys
from datetime import UTC, datetime
from fti_assets.contracts.kinds import Kind
from fti_assets.stores.contents import contents_of
frame = pl.DataFrame({"who": ["ü", None], "x": [-0.0, 1.5], "at": [datetime(2024, 1, 1, tzinfo=UTC)] * 2})
kinds = {"who": Kind.TEXT, "x": Kind.NUMBER, "at": Kind.TIME}
sys.stdout.write(" ".join(contents_of(frame.cast({"at": Kind.TIME.polars}), kinds, [1, 1])))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2a3e8ded25762aeacf146750919fd183", "635015ec1aec6c6dd4237816515dcba6"]
