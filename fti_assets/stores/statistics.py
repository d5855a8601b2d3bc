"""The statistics of feature groups' partitions, beside their rows."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from fti_assets.contracts.group import Group
from fti_assets.contracts.time import Window
from fti_assets.stores.frames import TIME
from fti_assets.stores.parquet import from_parquet, parquet_bytes
from fti_assets.stores.revisions import Revisions
from fti_assets.stores.storage import Storage

QUANTILES: Mapping[str, float] = {
    "min": 0.0,
    "q05": 0.05,
    "q25": 0.25,
    "q50": 0.5,
    "q75": 0.75,
    "q95": 0.95,
    "max": 1.0,
}

SCHEMA: Mapping[str, pl.DataType] = {
    "start": TIME,
    "end": TIME,
    "column": pl.String(),
    "kind": pl.String(),
    "rows": pl.Int64(),
    "missing": pl.Int64(),
    "mean": pl.Float64(),
    "std": pl.Float64(),
    **dict.fromkeys(QUANTILES, pl.Float64()),
    "first": TIME,
    "last": TIME,
    "distinct": pl.Int64(),
    "categories": pl.List(pl.String()),
    "counts": pl.List(pl.Int64()),
}
"""A row for each partition (from `start` to `end`) and column.

Numbers have mean, std (n - 1) and quantiles, interpolated as numpy does by default; booleans the share of true as
their mean; times the first and the last; texts the number of distinct ones and the most frequent with their counts,
ties by name. More than ten distinct texts that come less than twice on average, such as identifiers, are not counted
one by one. What does not apply is null.
"""


class StatisticsStore:
    """The statistics of each group, by month.

    They follow from the rows, so losing them loses nothing: materializing a partition again writes them again.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def write(self, group: Group, statistics: pl.DataFrame) -> None:
        """Replace the statistics of those partitions that `statistics` (see SCHEMA) is about."""
        for (month,), fresh in statistics.group_by(_MONTH, maintain_order=True):
            self._of(group, month).change(partial(_with_fresh, fresh))

    def read(self, group: Group, window: Window) -> pl.DataFrame:
        """The statistics of the partitions that begin in the window, in order; a partition without any is left out."""
        first, last = f"{window.start:%Y-%m}", f"{window.end:%Y-%m}"
        months = [month for month in self._storage.names(group.name) if first <= month <= last]
        kept = [from_parquet(content) for month in months if (content := self._of(group, month).newest())]
        statistics = pl.concat(kept) if kept else pl.DataFrame(schema=SCHEMA)
        return statistics.filter(pl.col("start").is_between(window.start, window.end, closed="left"))

    def _of(self, group: Group, month: str) -> Revisions:
        return Revisions(self._storage.at(group.name, month), synced=False)


def _with_fresh(fresh: pl.DataFrame, before: bytes | None) -> bytes:
    if before:
        kept = from_parquet(before).join(fresh.select("start").unique(), on="start", how="anti")
        fresh = pl.concat([kept, fresh]).sort("start", maintain_order=True)
    return parquet_bytes(fresh)


_MONTH = pl.col("start").dt.strftime("%Y-%m").alias("month")
