"""Where windows end, and where they begin."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from fti_assets.features.windows.measures import DAY_LENGTH
from fti_assets.features.windows.positions import LARGEST_CODE


@dataclass(frozen=True)
class Ends:
    """The distinct pairs of a time and a key at which windows end, sorted by time, then key.

    Attributes:
        time: int64 microseconds since 1970, shape (ends,).
        key: int64 number of the key, shape (ends,).
        order: int64 places that sort the pairs by key, then time; windows of one key are neighbours in it.
    """

    time: np.ndarray
    key: np.ndarray
    order: np.ndarray

    @classmethod
    def of(cls, key: np.ndarray, time: np.ndarray, keys: int) -> Self:
        """The distinct ones of pairs in any order; numbers of keys are below `keys`."""
        time, key = _distinct(key, time, keys)
        return cls(time, key, np.argsort(key.astype(np.min_scalar_type(keys)), kind="stable"))  # 16 bits: by radix


def grid_ends(
    key: np.ndarray, time: np.ndarray, step: int, longest: int, instants: range
) -> tuple[np.ndarray, np.ndarray]:
    """The keys and times of the instants of a grid at which the longest window holds an element.

    Instant i is at i * step. Elements from instant c up to, but without, c + 1 are in cell c: in the windows that
    end at c + 1, ..., c + longest. The cell before it in the key has told the first of these already; as many are left
    as the cells are apart.

    Args:
        key, time: those of elements sorted by key, then time; in microseconds.
        step: the distance of instants, in microseconds.
        longest: how many steps the longest window has.
        instants: those that are asked for.
    """
    cell = time // step
    is_first = np.ones(len(cell), bool)
    is_first[1:] = (key[1:] != key[:-1]) | (cell[1:] != cell[:-1])
    key, cell = key[is_first], cell[is_first]
    apart = np.full(len(cell), longest)
    apart[1:] = np.where(key[1:] == key[:-1], np.minimum(np.diff(cell), longest), longest)
    oldest = np.maximum(cell + longest - apart + 1, instants.start)
    newest = np.minimum(cell + longest, instants.stop - 1)
    number = np.maximum(newest - oldest + 1, 0)
    instant = np.arange(number.sum()) + np.repeat(oldest - np.cumsum(number) + number, number)
    return np.repeat(key, number), instant * step


def window_start(end: np.ndarray, length: int, sawtooth: bool) -> np.ndarray:
    """The start of the window of a length before each end; a sawtooth window begins at a midnight."""
    return (end // DAY_LENGTH * DAY_LENGTH if sawtooth else end) - length


def last_end(time: np.ndarray, length: int, sawtooth: bool) -> np.ndarray:
    """The last end of a window of a length that holds each time."""
    return (time // DAY_LENGTH + 1) * DAY_LENGTH + length - 1 if sawtooth else time + length


def _distinct(key: np.ndarray, time: np.ndarray, keys: int) -> tuple[np.ndarray, np.ndarray]:
    first = int(time.min()) if len(time) else 0
    if len(time) and (int(time.max()) - first + 1) * keys > LARGEST_CODE:
        pairs = pl.DataFrame({"time": time, "key": key}).unique().sort("time", "key")
        return pairs["time"].to_numpy(), pairs["key"].to_numpy()
    code = (time - first) * keys + key
    code.sort()
    rank, key = np.divmod(code[np.diff(code, prepend=-1) != 0], max(keys, 1))
    return rank + first, key
