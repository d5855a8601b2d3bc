"""How many different values a window holds, exactly."""

import numpy as np
import polars as pl

from fti_assets.contracts.errors import ContractViolation, FailingCase
from fti_assets.features.windows.measures import combined

AT_MOST = 100_000
"""Different values of one key in one tile: beyond it their lists would grow past what can be kept and merged."""


def check_few(values: pl.DataFrame, column: str) -> None:
    """Raise ContractViolation where a key has too many different `value` at a `time`, the number of a tile."""
    if values.height <= AT_MOST:
        return
    many = values.group_by("key", "time").len().filter(pl.col("len") > AT_MOST)
    if many.height:
        check = f"has at most {AT_MOST:,} different values a key and tile, to be counted exactly; count rows instead"
        most = int(many["len"].to_numpy().max())
        raise ContractViolation("distinct", [FailingCase(column, check, str(most), most)])


def counted_once(seen: pl.DataFrame, until: np.ndarray, key: np.ndarray, end: np.ndarray) -> pl.Series:
    """The number of different values in each key's window before each end.

    `seen` has a row for each `key`, `value` and `time`, sorted so, and `until` says for each the last end whose
    window still holds that time. A value is counted where it was last seen: at the ends after a time it was seen,
    until it is seen again or left behind. So a window holds as many values as intervals have begun and not ended.
    """
    again = pl.struct("key", "value") == pl.struct("key", "value").shift(-1)
    following = seen.select(pl.when(again).then(pl.col("time").shift(-1)))["time"]
    closed = np.minimum(following.fill_null(np.iinfo(np.int64).max).to_numpy(), until)
    seen_key = seen["key"].to_numpy()
    begun, ended, asked = combined((seen_key, seen["time"].to_numpy()), (seen_key, closed), (key, end))
    return pl.Series(np.searchsorted(np.sort(begun), asked) - np.searchsorted(np.sort(ended), asked))
