"""Tiles: what the rows of a key in a day, or in a month, come to: one element in the place of theirs."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import polars as pl

from fti_assets.features.windows.elements import ordered, row_elements
from fti_assets.features.windows.measures import Measures

_MERGED: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "count": lambda values: values.sum(),
    "sum": lambda values: values.sum(),
    "square": lambda values: values.sum(),
    "min": lambda values: values.min(),
    "max": lambda values: values.max(),
    "first": lambda values: values.drop_nulls().first(),
    "last": lambda values: values.drop_nulls().last(),
    "distinct": lambda values: values.explode().drop_nulls().unique(),
}


def day_tiles(rows: pl.DataFrame, measures: Measures) -> pl.DataFrame:
    """An element for each key and day of the rows of `Measures.of`: the keys' columns, `time`, and the parts."""
    return _merged(row_elements(ordered(rows, measures), measures), measures.keys, "1d")


def month_tiles(days: Iterable[pl.DataFrame], measures: Measures) -> pl.DataFrame:
    """An element for each key and month of day tiles."""
    return _merged(pl.concat(days, how="diagonal").sort("time", maintain_order=True), measures.keys, "1mo")


def _merged(elements: pl.DataFrame, keys: Sequence[str], period: str) -> pl.DataFrame:
    """The elements of each key and period as one, whose `time` is the first instant of the period.

    Its parts come from theirs and are of the same kind, so windows have the same bits from either.
    """
    start = pl.from_epoch("time", time_unit="us").dt.truncate(period).dt.epoch("us")
    parts = {name: name.split(".")[1] for name in elements.columns if name not in (*keys, "time")}
    merged = [_MERGED[part](pl.col(name)) for name, part in parts.items()]
    return elements.group_by(*keys, start).agg(merged).sort("time", *keys)
