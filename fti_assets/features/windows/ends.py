"""Where windows end: different pairs of a time and the number of a key, in both of their orders."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from fti_assets.features.windows.lines import by_key
from fti_assets.features.windows.measures import CODES, coded, numbered


@dataclass(frozen=True)
class Ends:
    """Different pairs by time and then by key; `order` has the places of those by key and then by time."""

    key: np.ndarray
    time: np.ndarray
    order: np.ndarray

    @classmethod
    def of(cls, time: np.ndarray, key: np.ndarray, keys: int) -> Self:
        """Those of pairs in any order; the numbers of keys are below `keys`."""
        time, key = _told_apart(time, key, keys)
        return cls(key, time, by_key(key))

    def in_time(self, values: np.ndarray) -> np.ndarray:
        """The values that stand by key and then by time, by time and then by key."""
        moved = np.empty_like(values)
        moved[self.order] = values
        return moved


def numbers_of(ends: pl.DataFrame, rows: pl.DataFrame) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """The keys of the ends, sorted, and the numbers of those of the ends and of the rows among them; -1 for others."""
    if ends.dtypes != [pl.String] or rows.schema != ends.schema:
        keys, (key,) = coded(ends.columns, ends)
        return keys, key, numbered(ends.columns, rows, keys)
    names = ends.to_series().unique().sort()
    number = pl.col(names.name).cast(pl.Enum(names), strict=False).to_physical().cast(pl.Int64).fill_null(-1)
    both = pl.collect_all([frame.lazy().select(number) for frame in (ends, rows)])
    key, row_key = (numbers.to_series().to_numpy() for numbers in both)
    return names.to_frame(), key, row_key


def _told_apart(time: np.ndarray, key: np.ndarray, keys: int) -> tuple[np.ndarray, np.ndarray]:
    """The different pairs, by time and then by key."""
    first, bits = int(time.min()) if len(time) else 0, keys.bit_length()
    if len(time) and int(time.max()) - first >= CODES >> bits:
        pairs = pl.DataFrame({"time": time, "key": key}).unique().sort("time", "key")
        return pairs["time"].to_numpy(), pairs["key"].to_numpy()
    code = time - first  # and all in its place: fresh memory costs more than the sums
    code <<= bits
    code |= key
    code.sort()
    different = code[1:] != code[:-1]
    code = code if different.all() else code[np.append(True, different)]
    key = code & ((1 << bits) - 1)
    code >>= bits
    code += first
    return code, key
