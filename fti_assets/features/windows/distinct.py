"""How many different values a window holds, exactly."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from fti_assets.contracts.errors import ContractViolation, FailingCase
from fti_assets.features.windows.positions import Positions

AT_MOST = 100_000
"""Different values of one key in one day: beyond it their lists would grow past what can be kept and merged."""


@dataclass(frozen=True)
class DistinctValues:
    """When each value of each key begins and ceases to be the one sighting of it that a window counts.

    A value counts where it was last seen: at the ends after a time it was seen, until it is seen again or left behind.
    A window holds as many values as such intervals have begun and not ended.

    Attributes:
        begun: positions of the times at which values were seen.
        ended: positions of the last ends that count them.
    """

    begun: Positions
    ended: Positions

    @classmethod
    def of(cls, seen: pl.DataFrame, until: np.ndarray, keys: int) -> Self:
        """The intervals of values; `until` is the last end whose window still holds each of them.

        `seen` has a row for each `key`, `value` and `time`, sorted so.
        """
        again = pl.struct("key", "value") == pl.struct("key", "value").shift(-1)
        following = seen.select(pl.when(again).then(pl.col("time").shift(-1)))["time"].fill_null(until.max(initial=0))
        key, time = seen["key"].to_numpy(), seen["time"].to_numpy()
        ended = np.minimum(following.to_numpy(), until)
        return cls(Positions.of(key, time, keys), Positions.of(key, ended, keys))

    def count(self, key: np.ndarray, end: np.ndarray) -> np.ndarray:
        """The number of different values in each key's window before each end."""
        return self.begun.before(key, end) - self.ended.before(key, end)


def check_few(counts: pl.Series, column: str) -> None:
    """Raise ContractViolation where a key has too many different values in a day, by how many each has."""
    most = counts.max()
    if isinstance(most, int) and most > AT_MOST:
        check = f"has at most {AT_MOST:,} different values a key and day, to be counted exactly; count rows instead"
        raise ContractViolation("distinct", [FailingCase(column, check, str(most), most)])
