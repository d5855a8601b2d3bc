"""Positions: how many of the pairs of a key and a time come before another one, by key and then by time."""

from dataclasses import dataclass
from typing import Self

import numpy as np

LARGEST_CODE = 1 << 62


@dataclass(frozen=True)
class Positions:
    """Pairs of a key and a time in their order, each as one sortable number.

    The number is `key * ranks + rank of the time`. A rank is a distance from the first time in microseconds. Where such
    numbers would be too large for 64 bits, it is the place among the different times.

    Attributes:
        codes: int64, ascending, shape (pairs,).
        ranks: how many ranks there are.
        first: the first time, in microseconds since 1970.
        instants: the different times, ascending, where they are needed.
    """

    codes: np.ndarray
    ranks: int
    first: int
    instants: np.ndarray | None

    @classmethod
    def of(cls, key: np.ndarray, time: np.ndarray, keys: int) -> Self:
        """The places of pairs in any order; numbers of keys, also of those asked for, are below `keys`."""
        first, last = (int(time.min()), int(time.max())) if len(time) else (0, 0)
        ranks, instants = last - first + 1, None
        if (keys + 1) * ranks > LARGEST_CODE:
            instants = np.unique(time)
            ranks = len(instants)
        positions = cls(np.zeros(0, np.int64), ranks, first, instants)
        codes = positions._code(key, time)
        codes.sort()
        return cls(codes, ranks, first, instants)

    def before(self, key: np.ndarray, time: np.ndarray) -> np.ndarray:
        """How many of the pairs have a lower key, or this key and an earlier time."""
        return np.searchsorted(self.codes, self._code(key, time))

    def _code(self, key: np.ndarray, time: np.ndarray) -> np.ndarray:
        if self.instants is not None:
            return key * self.ranks + np.searchsorted(self.instants, time)
        return key * self.ranks + np.clip(time - self.first, 0, self.ranks)
