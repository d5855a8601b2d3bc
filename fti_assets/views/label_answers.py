"""What the rows of overlapping windows amount to: one number each."""

from collections.abc import Iterator

import numpy as np
import polars as pl

ROWS_AT_ONCE = 4_000_000
"""How many rows of windows are laid out at once: a bound on memory."""


def answers(aggregation: str, values: pl.Series, start: np.ndarray, count: np.ndarray) -> pl.Series:
    """The answer of each window, `values[start : start + count]`, as a float; null where it has none.

    Only `first` and `last` may meet a null, and give it back. Whole numbers are summed as such, and numbers in the
    order in which they stand, so that a window's answer has the same bits whatever other windows are asked for.
    """
    if aggregation in ("first", "last"):
        places = start if aggregation == "first" else start + count - 1
        return values.gather(pl.Series(places).set(pl.Series(count == 0), None)).cast(pl.Float64)
    numbers = values.to_numpy()
    if aggregation == "count":
        return pl.Series(count, dtype=pl.Float64)
    if aggregation == "any":
        return pl.Series(_sums(numbers, start, count) > 0).cast(pl.Float64)
    if aggregation == "sum":
        return pl.Series(_sums(numbers, start, count)).cast(pl.Float64)
    if aggregation == "mean":
        answer = _sums(numbers, start, count) / np.maximum(count, 1)
    else:
        answer = _reduced(np.minimum if aggregation == "min" else np.maximum, numbers, start, count)
    return pl.Series(answer).cast(pl.Float64).set(pl.Series(count == 0), None)


def _sums(numbers: np.ndarray, start: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Sums of whole numbers as differences of running sums, which are exact; of others window by window."""
    if numbers.dtype == np.int64:
        running = np.concatenate(([0], np.cumsum(numbers)))
        return running[start + count] - running[start]
    return _reduced(np.add, numbers, start, count)


def _reduced(function: np.ufunc, numbers: np.ndarray, start: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Each window reduced by the function, 0 where it is empty."""
    answer = np.zeros(len(count), dtype=numbers.dtype)
    for windows in _batches(count):
        length = count[windows]
        begins = np.cumsum(length) - length
        places = np.arange(length.sum()) + np.repeat(start[windows] - begins, length)
        answer[windows] = function.reduceat(numbers[places], begins)
    return answer


def _batches(count: np.ndarray) -> Iterator[np.ndarray]:
    """The windows that have rows, so many at once as have at most `ROWS_AT_ONCE` rows, or one."""
    windows = np.flatnonzero(count)
    batch = np.cumsum(count[windows]) // ROWS_AT_ONCE
    yield from (part for part in np.split(windows, np.flatnonzero(np.diff(batch)) + 1) if part.size)
