"""The rows of one write: checked, in the order of their partitions, and named by what each partition holds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate

import attrs
import numpy as np
import polars as pl

from fti_assets.contracts.errors import ContractViolation, DeclarationError, FailingCase
from fti_assets.contracts.time import PERIODS, Window
from fti_assets.stores.contents import contents_of
from fti_assets.stores.frames import TIME
from fti_assets.stores.table_contract import CONTENT, PARTITION, TableContract

_TRUNCATED = {"hourly": "1h", "daily": "1d", "weekly": "1w"}


@attrs.frozen
class Batch:
    """Whole partitions as they are to be.

    Attributes:
        starts: the first instant of every partition of the window by its key, in order.
        contents: the content of each partition that has rows, by its key.
    """

    starts: Mapping[str, datetime]
    contents: Mapping[str, str]
    _rows: pl.DataFrame
    _spans: Mapping[str, tuple[int, int]]

    @property
    def first(self) -> str:
        """The key of the first partition."""
        return next(iter(self.starts))

    @property
    def last(self) -> str:
        """The key of the last partition."""
        return next(reversed(list(self.starts)))

    @property
    def all_contents(self) -> dict[str, str]:
        """The content of every partition by its key, "" of one without rows."""
        return {key: self.contents.get(key, "") for key in self.starts}

    def rows_of(self, keys: Sequence[str]) -> pl.DataFrame:
        """The rows of some partitions, with the key and the content of theirs."""
        parts = [self._rows.slice(*self._spans[key]) for key in keys if key in self._spans]
        return pl.concat(parts or [self._rows.clear()], rechunk=True)


def batch_of(name: str, contract: TableContract, frame: pl.DataFrame, window: Window, at: pl.Expr) -> Batch:
    """The frame's rows by partition; `at` is the instant that places a row. They stay in their order inside one.

    Integers of other widths and columns of nulls become the contract's types. Raises DeclarationError for a window
    that cuts a partition, and ContractViolation, which begins with the `name`, for rows of other types or partitions.
    """
    period = PERIODS[contract.partitions]
    if window != period.covering(window):
        raise DeclarationError(
            f"{name}: {window.start} to {window.end}: expected whole {period.noun}s of UTC, because a partition is "
            "replaced whole"
        )
    placed = frame.select(*contract.columns, at.cast(TIME).alias(PARTITION))
    cases = [*_failing(placed, contract), *_outside(placed[PARTITION], window)]
    if cases:
        raise ContractViolation(name, cases)
    placed = placed.cast(pl.Schema(contract.types)).with_columns(pl.col(PARTITION).dt.truncate(_TRUNCATED[period.name]))
    if not placed[PARTITION].is_sorted():
        placed = placed.sort(PARTITION, maintain_order=True)
    starts, lengths = placed[PARTITION].rle().struct.unnest().select("value", "len").get_columns()
    keys = [period.key(start) for start in starts]
    contents = contents_of(placed, contract.columns, lengths.to_list())
    number = pl.Series(np.repeat(np.arange(len(keys)), lengths))  # of each row's partition
    rows = placed.select(
        pl.Series(PARTITION, keys, pl.String).gather(number),
        pl.Series(CONTENT, contents, pl.String).gather(number),
        *contract.columns,
    )
    firsts = accumulate(lengths, initial=0)
    return Batch(
        {period.key(start): start for start in period.starts(window)},
        dict(zip(keys, contents, strict=True)),
        rows,
        dict(zip(keys, zip(firsts, lengths, strict=False), strict=True)),
    )


def _failing(rows: pl.DataFrame, contract: TableContract) -> Iterator[FailingCase]:
    for name, expected in contract.types.items():
        actual = rows.schema[name]
        if not (actual in (expected, pl.Null) or (actual.is_integer() and expected == pl.Int64)):
            yield FailingCase(name, f"is {expected}", str(actual), len(rows))
        elif name in contract.never_null and rows[name].null_count():
            yield FailingCase(name, "is never null", "null", rows[name].null_count())


def _outside(at: pl.Series, window: Window) -> Iterator[FailingCase]:
    outside = at.filter(~at.is_between(window.start, window.end, closed="left").fill_null(value=False))
    if len(outside):
        yield FailingCase("the time that places a row", f"in {window}", str(outside[0]), len(outside))
