"""Where a key's instant stands among elements that are sorted by key and then by time."""

from dataclasses import dataclass
from typing import Self

import numpy as np

LARGEST_CODE = 1 << 62


@dataclass(frozen=True)
class Positions:
    """The places of pairs of a key and a time in their order, each as one sortable number.

    Attributes:
        codes: int64, ascending, shape (pairs,): the key's number times `ranks`, plus the rank of the time.
        ranks: how many ranks times have.
        first: the earliest time, in microseconds; the rank of a time is its distance from it,
        instants: or its place among these different times, ascending, where distances are too large for 64 bits.
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
