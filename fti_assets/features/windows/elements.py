"""The elements of windows: single rows, and tiles in the place of the rows of a day or a month."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from fti_assets.features.windows.distinct import check_few
from fti_assets.features.windows.exact_sums import limbs_of, squares_of
from fti_assets.features.windows.measures import DAY_LENGTH, Measure, Measures


@dataclass(frozen=True)
class Elements:
    """What windows are made of, sorted by key, then time.

    Attributes:
        keys: the keys' columns, sorted; the number of a key is its row.
        key: int64 number of each element's key, shape (elements,).
        time: int64 microseconds since 1970, shape (elements,): when the row became known, or the tile's
            first instant; both a microsecond earlier for windows that hold their end.
        parts: a row for each element, a column for each part of a measure; see `row_elements`.
    """

    keys: pl.DataFrame
    key: np.ndarray
    time: np.ndarray
    parts: pl.DataFrame

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame,
        tiles: Sequence[pl.DataFrame],
        keys: pl.DataFrame,
        measures: Measures,
        *,
        holds_end: bool = False,
    ) -> Self:
        """The elements of these keys: rows of `Measures.of`, and tiles that no window cuts in the place of theirs.

        Windows that hold their very end are those of times a microsecond earlier that do not.
        """
        elements = row_elements(_by_key_and_time(numbered(ordered(rows, measures), keys)), measures)
        if tiles:
            longer = numbered(pl.concat(tiles, how="diagonal"), keys)
            limbs = pl.selectors.contains(".sum.", ".square.")  # other tiles may have more of them
            both = pl.concat([elements, longer], how="diagonal").with_columns(limbs.fill_null(0))
            elements = _by_key_and_time(both)
        time = elements["time"].to_numpy() - int(holds_end)
        return cls(keys, elements["key"].to_numpy(), time, elements.drop("key", "time"))

    @property
    def seen(self) -> dict[int, pl.DataFrame]:
        """By the number of a measure whose distinct values are counted: each `key`, `value` and `time`, sorted so."""
        pairs = pl.DataFrame({"key": self.key, "time": self.time})
        return {
            int(name.split(".")[0]): pairs.with_columns(value=self.parts[name])
            .explode("value")
            .drop_nulls("value")
            .sort("key", "value", "time")
            for name in self.parts.columns
            if name.endswith(".distinct")
        }


def row_elements(rows: pl.DataFrame, measures: Measures) -> pl.DataFrame:
    """Each row as an element: its key, its time, and the parts that the functions of measure n need of its value.

    `n.count` is 1, or 0 for null; `n.sum.<limb>` and `n.square.<limb>` are int64 limbs of exact sums, 0 for null;
    `n.min` and `n.max` are float64; `n.first` and `n.last` are the value; `n.distinct` is a list of different values.
    Raises ContractViolation where values are too large to be summed, or too many to be told apart.
    """
    keys = [name for name in rows.columns if name in ("key", *measures.keys)]
    parts: dict[str, pl.Series] = {}
    for n, measure in enumerate(measures.all):
        value = rows[f"value_{n}"]
        if "distinct" in measure.functions:
            days = rows.group_by(*keys, pl.col("time") // DAY_LENGTH).agg(pl.col(value.name).drop_nulls().n_unique())
            check_few(days[value.name], measure.column)
        parts |= {f"{n}.{part}": series for part, series in _parts(value, measure).items()}
    return rows.select(*keys, "time").with_columns(**parts)


def ordered(rows: pl.DataFrame, measures: Measures) -> pl.DataFrame:
    """The rows of `Measures.of`; if a function depends on their order, by time, then `order`, then their values."""
    if not measures.is_ordered:
        return rows
    return rows.sort("time", pl.selectors.starts_with("order_"), pl.selectors.starts_with("value_"))


def _by_key_and_time(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame sorted by key and time; what has both in common stays in its order."""
    key, time = frame["key"].to_numpy(), frame["time"].to_numpy()
    lowest_bits = key.astype(np.min_scalar_type(key.max(initial=0)))  # up to 16 are sorted by radix
    return frame[np.lexsort((time, lowest_bits))]


def distinct_keys(*frames: pl.DataFrame) -> pl.DataFrame:
    """The different keys of frames that have the same columns, sorted."""
    return pl.concat(frames).unique().sort(pl.all())


def numbered(frame: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """The frame with the number of each row's key as `key` in place of the key; without rows of other keys."""
    numbers = keys.with_row_index("key").with_columns(pl.col("key").cast(pl.Int64))
    key = frame.select(keys.columns).join(numbers, on=keys.columns, how="left", maintain_order="left")["key"]
    rows = frame.drop(keys.columns).with_columns(key)
    return rows.drop_nulls("key") if key.null_count() else rows


def _parts(value: pl.Series, measure: Measure) -> dict[str, pl.Series]:
    parts = {"count": value.is_not_null().cast(pl.Int64)}
    if {"sum", "mean", "std"} & set(measure.functions):
        is_whole = value.dtype.is_integer() or value.dtype == pl.Boolean
        sums = limbs_of(value.cast(pl.Int64 if is_whole else pl.Float64).fill_null(0).to_numpy(), measure.column)
        squares = squares_of(sums) if "std" in measure.functions else {}
        parts |= {f"sum.{limb}": pl.Series(array) for limb, array in sums.items()}
        parts |= {f"square.{limb}": pl.Series(array) for limb, array in squares.items()}
    parts |= {part: value.cast(pl.Float64) for part in ("min", "max") if part in measure.functions}
    parts |= {part: value for part in ("first", "last") if part in measure.functions}
    if "distinct" in measure.functions:
        parts["distinct"] = value.to_frame().select(pl.concat_list(value.name)).to_series()
    return parts
