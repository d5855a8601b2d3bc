"""Windows by their definition, one at a time, in fractions: the slow twin of the engine. Times are hours."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from fti_assets.stores.frames import TIME

START = datetime(2013, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBERS = ("count", "sum", "mean", "std", "min", "max")
ALL = (*NUMBERS, "first", "last", "distinct")
Row = tuple[str | None, float | None, Any]
"""A key, the hour at which the row became known, its value."""
End = tuple[str | None, float]


def rows_of(rows: Sequence[Row], dtype: type[pl.DataType] = pl.Float64) -> pl.DataFrame:
    """The rows as `key`, `known`, `delay`, and their number as `n`."""
    cells = [(key, None if at is None else START + at * HOUR, delay, n) for n, (key, at, delay) in enumerate(rows)]
    return pl.DataFrame(cells, {"key": pl.String, "known": TIME, "delay": dtype, "n": pl.Int64}, orient="row")


def ends_of(ends: Sequence[End]) -> pl.DataFrame:
    """The ends as `key` and `t`."""
    return pl.DataFrame([(key, START + at * HOUR) for key, at in ends], {"key": pl.String, "t": TIME}, orient="row")


def at_ends(
    rows: Sequence[Row], ends: Sequence[End], starts: Mapping[str, Callable[[float], float]], holds_end: bool = False
) -> list[Any]:
    """The row of each key and end: all statistics of the values from the start of each window on."""
    return [
        _row(rows, key, t, starts, holds_end)
        for key, t in sorted({(key, t) for key, t in ends if key is not None}, key=lambda end: (end[1], end[0]))
    ]


def on_grid(rows: Sequence[Row], hours: range, lengths: Mapping[str, int], holds_end: bool = False) -> list[Any]:
    """The row of each key and hour with a row in the longest window, be its value null or not."""
    longest, starts = max(lengths.values()), {label: _earlier(length) for label, length in lengths.items()}
    keys = sorted({key for key, _, _ in rows if key is not None})
    times = {key: [at for k, at, _ in rows if k == key] for key in keys}
    ends = [(t, key) for t in hours for key in keys if any(_is_in(at, t - longest, t, holds_end) for at in times[key])]
    return [_row(rows, key, t, starts, holds_end) for t, key in ends]


def agree(frame: pl.DataFrame, expected: Sequence[Any]) -> None:
    """The frame has these rows, and its numbers are within a few units in the last place."""
    assert len(frame) == len(expected)
    for row, other in zip(frame.rows(), expected, strict=True):
        assert row[:2] == other[:2]
        assert row[2:] == tuple(v if v is None else pytest.approx(v, rel=1e-15, abs=0) for v in other[2:])


def _is_in(at: float, start: float, end: float, holds_end: bool) -> bool:
    return start < at <= end if holds_end else start <= at < end


def _row(
    rows: Sequence[Row], key: str, t: float, starts: Mapping[str, Callable[[float], float]], holds_end: bool
) -> tuple[Any, ...]:
    in_time = sorted((row for row in rows if row[0] == key and row[2] is not None), key=lambda row: row[1])
    windows = [[value for _, at, value in in_time if _is_in(at, start(t), t, holds_end)] for start in starts.values()]
    return key, START + t * HOUR, *(_statistic(function, values) for function in ALL for values in windows)


def _statistic(function: str, values: list[float]) -> float | None:
    if function in ("count", "distinct"):
        return len(values) if function == "count" else len(set(values))
    if len(values) < (2 if function == "std" else 1):
        return None
    if function in ("min", "max", "first", "last"):
        return {"min": min(values), "max": max(values), "first": values[0], "last": values[-1]}[function]
    total = sum(map(Fraction, values))
    mean = total / len(values)
    if function == "std":
        return math.sqrt(sum((Fraction(value) - mean) ** 2 for value in values) / (len(values) - 1))
    return float(total if function == "sum" else mean)


def _earlier(length: int) -> Callable[[float], float]:
    return lambda t: t - length
