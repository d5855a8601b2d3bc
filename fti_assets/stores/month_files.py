"""Month files: beside a table's partition files one of each whole month, so that a long read opens few files."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from fti_assets.stores.partition_files import read_files
from fti_assets.stores.synced_files import in_one_step

_ROWS = "fti_assets.rows"
_ROW_GROUP = 1 << 16
_SHARE = 3
"""A stretch of less than a third of a month is read from its partitions: a row group is read whole."""


@dataclass(frozen=True)
class Month:
    """A month of a table, such as `2013-01`: its partitions' files in order, and those that are wanted of them."""

    name: str
    files: Sequence[str]
    wanted: Sequence[str]


class MonthFiles:
    """Copies of the rows of a table's months, each named by the partition files whose rows it repeats in their order.

    Opening a file takes as long as reading a day's rows: of a year's read it would be most of the time. A month of
    which a partition was written again is not found under its name, and its partitions are read; so deleting any
    of these files costs time and nothing else. Delta readers pass by a folder that begins with an underscore.
    """

    def __init__(self, table: Path) -> None:
        self.table = table
        self.folder = table / "_months"

    def write(self, month: str, files: Sequence[str], rows: Iterable[pl.DataFrame]) -> None:
        """Keep a month's rows, those of each of its files, in place of what was kept of the month before."""
        path = self._path(month, files)
        if files and not path.exists():
            parts = list(rows)
            self.folder.mkdir(exist_ok=True)
            told = {_ROWS: json.dumps([part.height for part in parts])}
            with in_one_step(path) as partial:
                # lz4 is read in two thirds of the time of zstd, and a copy may be larger
                pl.concat(parts).write_parquet(
                    partial, compression="lz4", statistics=False, row_group_size=_ROW_GROUP, metadata=told
                )
        for other in self.folder.glob(f"{month}-*.parquet"):
            if other != path:
                other.unlink(missing_ok=True)

    def read(self, months: Iterable[Month], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """The rows of all wanted files, which follow each other; FileNotFoundError when one is deleted meanwhile."""
        whole: list[Path] = []
        for month in months:
            path = self._path(month.name, month.files)
            if _SHARE * len(month.wanted) < len(month.files) or not path.exists():
                whole += [self.table / name for name in month.wanted]
            elif len(month.wanted) == len(month.files):
                whole.append(path)
            else:
                if whole:
                    yield read_files(whole, columns)
                yield _stretch(path, month, columns)
                whole = []
        if whole:
            yield read_files(whole, columns)

    def _path(self, month: str, files: Sequence[str]) -> Path:
        return self.folder / f"{month}-{hashlib.sha256(' '.join(files).encode()).hexdigest()[:24]}.parquet"


def _stretch(path: Path, month: Month, columns: Sequence[str]) -> pl.DataFrame:
    """The rows of the wanted files alone."""
    first = month.files.index(month.wanted[0])
    rows = json.loads(pl.read_parquet_metadata(path)[_ROWS])
    height = sum(rows[first : first + len(month.wanted)])
    kept = pl.scan_parquet(path, hive_partitioning=False, glob=False).select(columns)
    return kept.slice(sum(rows[:first]), height).collect()
