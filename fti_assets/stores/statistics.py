"""The statistics of feature groups' partitions, beside their rows."""

from io import BytesIO
from pathlib import Path

import polars as pl

from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import Window
from fti_assets.features.statistics import SCHEMA
from fti_assets.stores.locks import locked
from fti_assets.stores.synced_files import replace


class StatisticsStore:
    """A Parquet file for each group and month, replaced whole under the group's lock.

    They follow from the rows, so losing them loses nothing: materializing a partition again writes them again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, group: FeatureGroup, statistics: pl.DataFrame) -> None:
        """Replace the statistics of those partitions that `statistics` (see features.statistics.SCHEMA) is about."""
        folder = self.root / group.name
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / ".lock"):
            for (month,), fresh in statistics.group_by(_MONTH, maintain_order=True):
                path = folder / f"{month}.parquet"
                if path.exists():
                    kept = pl.read_parquet(path).join(fresh.select("start").unique(), on="start", how="anti")
                    fresh = pl.concat([kept, fresh]).sort("start", maintain_order=True)
                content = BytesIO()
                fresh.write_parquet(content, compression="lz4", statistics=False)
                replace(path, content.getvalue())

    def read(self, group: FeatureGroup, window: Window) -> pl.DataFrame:
        """The statistics of the partitions that begin in the window, in order; a partition without any is left out."""
        first, last = f"{window.start:%Y-%m}", f"{window.end:%Y-%m}"
        files = [path for path in sorted((self.root / group.name).glob("*.parquet")) if first <= path.stem <= last]
        months = [pl.read_parquet(path) for path in files]
        held = pl.concat(months) if months else pl.DataFrame(schema=SCHEMA)
        return held.filter(pl.col("start").is_between(window.start, window.end, closed="left"))


_MONTH = pl.col("start").dt.strftime("%Y-%m").alias("month")
