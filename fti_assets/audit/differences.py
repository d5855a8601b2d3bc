"""Whether two frames are the same to the last bit, and if not, where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

VANISHED, APPEARED = "the row vanished", "the row appeared"
_THERE, _NTH = "\0there", "\0nth"


@dataclass(frozen=True)
class Difference:
    """A column in which rows differ: how many, and the first of them by time and key, before and after.

    `column` is VANISHED or APPEARED for rows that only one of the frames has.
    """

    column: str
    rows: int
    row: dict[str, object]
    before: object
    after: object


def same_bits(first: pl.DataFrame, second: pl.DataFrame) -> bool:
    """Whether two frames have the same columns and the same bits in every cell, nulls in the same places."""
    return first.schema == second.schema and len(first) == len(second) and _bits(first).equals(_bits(second))


def differences(before: pl.DataFrame, after: pl.DataFrame, identity: Sequence[str]) -> list[Difference]:
    """Where two frames of the same columns differ, whatever their order; a row is told from others by `identity`.

    Of rows that have the same identity the first is set against the first, the second against the second.
    """
    if same_bits(before, after):
        return []
    on = [*identity, _NTH]
    nth = pl.int_range(pl.len()).over(list(identity)).alias(_NTH)
    values = [name for name in before.columns if name not in identity]
    left, right = (frame.with_columns(nth, pl.lit(True).alias(_THERE)) for frame in (before, after))
    both = left.join(right, on=on, how="full", nulls_equal=True, coalesce=True, suffix="\0")
    gone, new = both[f"{_THERE}\0"].is_null(), both[_THERE].is_null()
    moved_values = [
        _difference(APPEARED, both.filter(new), identity, ("absent", "there")),
        _difference(VANISHED, both.filter(gone), identity, ("there", "absent")),
    ]
    paired = both.filter(~gone & ~new)
    one = _bits(paired.select(values))
    two = _bits(paired.select(pl.col(f"{name}\0").alias(name) for name in values))
    for name in values:
        marks = [mark for mark in (name, _null(name)) if mark in one.columns]
        moved = pl.select(pl.any_horizontal(one[mark].ne_missing(two[mark]) for mark in marks)).to_series()
        moved_values.append(_difference(name, paired.filter(moved), identity, None))
    return [difference for difference in moved_values if difference.rows]


def _difference(column: str, rows: pl.DataFrame, identity: Sequence[str], shown: tuple[str, str] | None) -> Difference:
    if not rows.height:
        return Difference(column, 0, {}, None, None)
    first = rows.sort(list(identity), nulls_last=True).row(0, named=True)
    before, after = shown or (first[column], first[f"{column}\0"])
    return Difference(column, rows.height, {name: first[name] for name in identity}, before, after)


def _bits(frame: pl.DataFrame) -> pl.DataFrame:
    floats = [name for name, kind in frame.schema.items() if kind == pl.Float64]
    return frame.with_columns(
        *(frame[name].is_null().alias(_null(name)) for name in floats),
        *(pl.Series(name, frame[name].fill_null(0).to_numpy().view(np.int64)) for name in floats),
    )


def _null(name: str) -> str:
    return f"{name} is null"
