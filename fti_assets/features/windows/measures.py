"""What is aggregated: which rows count, of which keys, which of their values, by which statistics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import product

import polars as pl

from fti_assets.contracts.condition import expression
from fti_assets.contracts.time import DAY, Window, midnight

MICROSECOND = timedelta(microseconds=1)
EPOCH = midnight("1970-01-01")
DAY_LENGTH = DAY // MICROSECOND
"""A day in microseconds."""


def microseconds(instant: datetime) -> int:
    """The microseconds from 1970-01-01 to an instant."""
    return (instant - EPOCH) // MICROSECOND


@dataclass(frozen=True)
class Measure:
    """The values of one column, perhaps only those of rows that meet a condition, and the functions asked of them."""

    column: str
    condition: str
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Measures:
    """What is asked of a source's rows.

    Attributes:
        by: the key columns.
        known_at: the column that says when a row became known.
        columns: each column's statistics: a function, or `<function>_<condition>` for one of the `conditions`.
        where: a condition in SQL that a row must meet to count.
        conditions: conditions in SQL for single statistics, by name.
        order: the columns that put rows known at one instant in order, for `first` and `last`; then their values do.
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
        functions: dict[tuple[str, str], list[str]] = {}
        for column, statistics in self.columns.items():
            for statistic in statistics:
                function, _, condition = statistic.partition("_")
                functions.setdefault((column, condition), []).append(function)
        return tuple(Measure(column, condition, tuple(asked)) for (column, condition), asked in functions.items())

    @property
    def keys(self) -> list[str]:
        """What the key columns are called in the frames below, where no other column begins with `by_`."""
        return [f"by_{column}" for column in self.by]

    @property
    def is_ordered(self) -> bool:
        """Whether a function depends on the order of rows that became known at one instant."""
        return any({"first", "last"} & set(measure.functions) for measure in self.all)

    def of(self, rows: pl.DataFrame, reach: Window | None = None) -> pl.DataFrame:
        """The rows that count, known in `reach` if it is given: keys, `time`, `value_<number>` and `order_<number>`.

        `time` is in microseconds since 1970. NaN counts as null and -0.0 as 0.0. Rows whose key has a null part are
        left out.
        """
        known = pl.col(self.known_at)
        counts = known.is_between(reach.start, reach.end, closed="left") if reach else known.is_not_null()
        if self.where:
            counts &= expression(self.where)
        values = [self._value(m, rows.schema[m.column]).alias(f"value_{n}") for n, m in enumerate(self.all)]
        order = [pl.col(c).alias(f"order_{n}") for n, c in enumerate(self.order if self.is_ordered else ())]
        columns = [*self._keys_and(self.known_at), *values, *order]
        return rows.lazy().filter(counts).select(columns).drop_nulls(self.keys).collect()

    def instants(self, rows: pl.DataFrame, at: str) -> pl.DataFrame:
        """The keys and the `time` of rows at which windows shall end; without those where either is null."""
        return rows.select(self._keys_and(at)).drop_nulls()

    def outputs(self, number: int, labels: Sequence[str]) -> Iterator[tuple[str, str, int]]:
        """The output columns of one measure: what each is called, its function and which of the labels it has."""
        measure = self.all[number]
        for function, (length, label) in product(measure.functions, enumerate(labels)):
            statistic = f"{function}_{measure.condition}" if measure.condition else function
            yield f"{measure.column}_{statistic}_{label}", function, length

    def names(self, labels: Sequence[str]) -> list[str]:
        """What the output columns are called, in order."""
        return [f"{column}_{s}_{label}" for column, asked in self.columns.items() for s in asked for label in labels]

    def _keys_and(self, time: str) -> list[pl.Expr]:
        keys = [pl.col(column).alias(name) for column, name in zip(self.by, self.keys, strict=True)]
        return [*keys, pl.col(time).dt.epoch("us").alias("time")]

    def _value(self, measure: Measure, dtype: pl.DataType) -> pl.Expr:
        value = pl.col(measure.column)
        if dtype.is_float():
            value = value.cast(pl.Float64).fill_nan(None) + 0.0
        if not measure.condition:
            return value
        return pl.when(expression(self.conditions[measure.condition])).then(value)
