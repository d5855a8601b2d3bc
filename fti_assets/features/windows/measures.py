"""What is aggregated: which rows, of which keys, which of their values, by which statistics."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import product

import numpy as np
import polars as pl

from fti_assets.contracts.condition import expression
from fti_assets.contracts.time import DAY, Window, midnight

MICROSECOND = timedelta(microseconds=1)
EPOCH = midnight("1970-01-01")
DAY_LENGTH = DAY // MICROSECOND
"""A day in microseconds."""
CODES = 1 << 62


@dataclass(frozen=True)
class Measure:
    """The values of one column, perhaps only those of rows that meet a condition, and the functions asked of them."""

    column: str
    condition: str
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Measures:
    """How rows become values of keys at times.

    `columns` maps a column to its statistics: a function, or `<function>_<condition>` for one of the named
    `conditions` in SQL; `where` is a condition that all rows have to meet. Rows that became known at one instant are
    told apart by `order`, if `first` or `last` depend on it.
    """

    by: Sequence[str]
    known_at: str
    columns: Mapping[str, Sequence[str]]
    where: str | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)
    order: Sequence[str] = ()

    @cached_property
    def all(self) -> tuple[Measure, ...]:
        """One measure for each pair of column and condition; its number names its columns in the frames below."""
        found: dict[tuple[str, str], list[str]] = {}
        for column, statistics in self.columns.items():
            for statistic in statistics:
                function, _, condition = statistic.partition("_")
                found.setdefault((column, condition), []).append(function)
        return tuple(Measure(column, condition, tuple(asked)) for (column, condition), asked in found.items())

    @property
    def keys(self) -> list[str]:
        """What the key columns are called in the frames below: nothing else there begins with `by_`."""
        return [f"by_{column}" for column in self.by]

    @property
    def is_ordered(self) -> bool:
        """Whether a function depends on the order of rows that became known at one instant."""
        return any({"first", "last"} & set(measure.functions) for measure in self.all)

    def of(self, rows: pl.DataFrame, reach: Window | None = None) -> pl.DataFrame:
        """The rows that count, known in `reach` if it is given: keys, `known`, `value_<number>` and `order_<number>`.

        `known` is in microseconds. NaN counts as null and -0.0 as 0.0. Rows whose key has a null part are left out.
        """
        known = pl.col(self.known_at)
        counts = known.is_between(reach.start, reach.end, closed="left") if reach else known.is_not_null()
        if self.where:
            counts &= expression(self.where)
        keys = [pl.col(c).alias(name) for c, name in zip(self.by, self.keys, strict=True)]
        values = [self._value(m, rows.schema[m.column]).alias(f"value_{n}") for n, m in enumerate(self.all)]
        order = [pl.col(c).alias(f"order_{n}") for n, c in enumerate(self.order if self.is_ordered else ())]
        scan = rows.lazy().filter(counts)
        return scan.select(*keys, known.dt.epoch("us").alias("known"), *values, *order).drop_nulls(self.keys).collect()

    def names(self, labels: Iterable[str]) -> list[str]:
        """What the output columns are called, in order."""
        return [f"{column}_{s}_{label}" for column, asked in self.columns.items() for s in asked for label in labels]

    def outputs(self, number: int, labels: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """The output columns of one measure: what each is called, its function and its window's label."""
        measure = self.all[number]
        for function, label in product(measure.functions, labels):
            statistic = f"{function}_{measure.condition}" if measure.condition else function
            yield f"{measure.column}_{statistic}_{label}", function, label

    def _value(self, measure: Measure, dtype: pl.DataType) -> pl.Expr:
        value = pl.col(measure.column)
        if dtype.is_float():
            value = value.cast(pl.Float64).fill_nan(None) + 0.0
        if not measure.condition:
            return value
        return pl.when(expression(self.conditions[measure.condition])).then(value)


def coded(keys: Sequence[str], *frames: pl.DataFrame) -> tuple[pl.DataFrame, list[np.ndarray]]:
    """All keys of the frames, sorted, and for each frame the number of each of its rows' key among them."""
    known = pl.concat([frame.group_by(keys).agg() for frame in frames])
    known = (known.group_by(keys).agg() if len(frames) > 1 else known).sort(keys)
    return known, [numbered(keys, frame, known) for frame in frames]


def numbered(keys: Sequence[str], frame: pl.DataFrame, known: pl.DataFrame) -> np.ndarray:
    """The number of each row's key among the known ones; -1 for another key."""
    found = frame.select(keys).join(known.with_row_index("key"), on=list(keys), how="left", maintain_order="left")
    return found["key"].cast(pl.Int64).fill_null(-1).to_numpy()


def combined(*pairs: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
    """For pairs of (key, time), one integer each, ordered by key and then by time across all of them."""
    there = [(key, time) for key, time in pairs if len(key)]
    if not there:
        return [np.zeros(0, np.int64) for _ in pairs]
    lowest = min(int(time.min()) for _, time in there)
    span = max(int(time.max()) for _, time in there) - lowest + 1
    if (max(int(key.max()) for key, _ in there) + 1) * span < CODES:
        return [key * span + (time - lowest) for key, time in pairs]
    instants = np.unique(np.concatenate([time for _, time in pairs]))  # too many for 64 bits: times by their ranks
    return [key * len(instants) + np.searchsorted(instants, time) for key, time in pairs]
