"""Rows that say what happened after the moment at which they are declared to be known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

LARGE_SHARE = 0.05
"""The share of rows with a later time from which it is no accident of a few rows."""
FOLLOWS = 0.9
"""The share of rows in which a number is the difference of two times: clipping may take the rest."""
FEWEST_ROWS = 30
ROUNDER = 0.1
"""Plans are made in round minutes, what happens is not: by how much more often the one lies on whole five minutes, and
by three standard errors at least. Scheduled arrivals of the flights do in 39 % of rows, actual ones in 20 %."""
_FIVE_MINUTES, _SECOND = 300_000_000, 1_000_000
_UNITS = (1.0, 60.0, 3600.0, 86400.0)


@dataclass(frozen=True)
class LaterTime:
    """A time column beside the declared known time, later than it in a share of rows, and the values made from it.

    `is_fact` says whether it looks like what happened, the declared time like a plan; None where neither is rounder.
    """

    column: str
    share: float
    values: tuple[str, ...]
    is_fact: bool | None
    example: dict[str, object]


def later_times(
    rows: pl.DataFrame, known_at: str, declared: Sequence[str], *, needs_values: bool = True
) -> list[LaterTime]:
    """The times, other than the `declared` ones, that are often later than `known_at` and that values are made from.

    A value is made from a time when it is its distance from another time, in seconds to days (a number), or whether
    that is beyond some bound (a boolean). A later time that no value is made from is a plan as far as anybody can tell,
    and left out where it `needs_values`.
    """
    columns = []
    for column, kind in rows.schema.items():
        if not kind.is_temporal() or column in (known_at, *declared):
            continue
        there = rows.filter(pl.col(column).is_not_null() & pl.col(known_at).is_not_null())
        later = there[column] > there[known_at]
        share = float(later.to_numpy().mean()) if there.height else 0.0
        if there.height < FEWEST_ROWS or share < LARGE_SHARE:
            continue
        values = tuple(dict.fromkeys(_made_from(there, column)))
        if values or not needs_values:
            example = there.filter(later).row(0, named=True)
            columns.append(LaterTime(column, share, values, _is_fact(there, column, known_at), example))
    return columns


def known_before(rows: pl.DataFrame, column: str, known_at: str, others: pl.DataFrame, on: Sequence[str]) -> bool:
    """Whether other rows of the same keys hold the same time and were known earlier: it is a plan.

    `others` has the columns `on`, `column` and `known`. Asked of the rows that have a counterpart, at least a third.
    """
    first = others.drop_nulls().group_by(*on, column).agg(pl.col("known").min())
    keys = first.select(on).unique()
    shared = rows.join(keys, on=list(on), how="semi")
    if shared.height * 3 < rows.height or not shared.height:
        return False
    joined = shared.join(first, on=[*on, column], how="left")
    return float((joined["known"] < joined[known_at]).fill_null(False).to_numpy().mean()) >= FOLLOWS


def _made_from(rows: pl.DataFrame, column: str) -> Iterator[str]:
    times = [name for name, kind in rows.schema.items() if kind.is_temporal() and name != column]
    for other in times:
        seconds = (rows[column] - rows[other]).dt.total_microseconds() / _SECOND
        for name, kind in rows.schema.items():
            pairs = pl.DataFrame({"value": rows[name], "seconds": seconds}).drop_nulls() if _is_value(kind) else None
            if pairs is None or pairs.height < FEWEST_ROWS or pairs["seconds"].n_unique() < 3:
                continue
            value, distance = pairs["value"].cast(pl.Float64).to_numpy(), pairs["seconds"].to_numpy()
            if _bounded(value, distance) if kind == pl.Boolean else _distance(value, distance):
                yield name


def _is_value(kind: pl.DataType) -> bool:
    return kind.is_numeric() or kind == pl.Boolean


def _distance(value: np.ndarray, seconds: np.ndarray) -> bool:
    if (value == value[0]).all():
        return False
    shares = (
        np.unique(np.round(value - sign * seconds / unit, 6), return_counts=True)[1].max() / len(value)
        for unit in _UNITS
        for sign in (1, -1)
    )
    return max(shares) >= FOLLOWS


def _bounded(value: np.ndarray, seconds: np.ndarray) -> bool:
    yes, no = seconds[value == 1], seconds[value == 0]
    if min(len(yes), len(no)) < FEWEST_ROWS / 10:
        return False
    return bool(yes.min() > no.max() or no.min() > yes.max())


def _is_fact(rows: pl.DataFrame, column: str, known_at: str) -> bool | None:
    round_column, round_known = (
        float((rows[name].dt.epoch("us") % _FIVE_MINUTES == 0).to_numpy().mean()) for name in (column, known_at)
    )
    if abs(round_column - round_known) < max(ROUNDER, 3 * (0.5 / rows.height) ** 0.5):
        return None
    return round_column < round_known
