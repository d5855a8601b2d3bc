"""How many rows a grid of windows will give at most, said before they are computed."""

import logging

import polars as pl

from fti_assets.contracts.binding import Aggregated, Binding
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import GroupReader

MANY_ROWS = 10_000_000
"""More rows than this are told before work begins: they may not fit, or take hours."""
FEW_ENDS = 30
_LOG = logging.getLogger(__name__)


def most_rows(binding: Aggregated, window: Window, store: GroupReader) -> int:
    """How many rows the windows on a grid can have at most that end in the window.

    A key has at most a row for each end, and a row of the source is in at most so many windows as the longest has
    steps. The keys and rows are those of the source that windows reach, counted a month at a time.
    """
    asked = binding.windows
    rows, keys = 0, pl.DataFrame()
    for month in window.widened(before=binding.halo).months:
        read = store.read(asked.source, month, list(asked.by))
        rows += read.height
        keys = pl.concat([keys, read.unique()]).unique() if keys.width else read.unique()
    ends = (window.end - window.start) // asked.step
    reach = max(asked.lengths.values()) // asked.step + 1
    return min(keys.height * ends, rows * reach)


def tell_if_many(binding: Binding, window: Window, store: GroupReader) -> None:
    """Warn in the log where a grid may give more than MANY_ROWS; of a few ends, as of a day, nothing is asked."""
    if not isinstance(binding, Aggregated) or binding.windows.at is not None:
        return
    if (window.end - window.start) // binding.windows.step <= FEW_ENDS:
        return
    rows = most_rows(binding, window, store)
    if rows > MANY_ROWS:
        _LOG.warning(
            "feature group %s: up to %s rows for %s, a row for each %s and end of a window: a coarser every=, fewer "
            "days at once, or at= a group at whose rows windows end give fewer",
            binding.group.name,
            f"{rows:,}",
            window,
            ", ".join(binding.windows.by),
        )
