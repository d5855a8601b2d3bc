"""A view's rows as Parquet files for others to read: one for each window of time, whole or not there."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from fti_assets.contracts.errors import Conflict
from fti_assets.stores.synced_files import in_one_step


@dataclass(frozen=True)
class ViewFile:
    """One file: how many rows and bytes, and whether it was there already."""

    path: Path
    rows: int
    bytes: int
    kept: bool = False


class ViewFiles:
    """The files of one folder. Each says in its own footer which key, made of all its inputs, it was written under."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def claim(self, names: Iterable[str]) -> None:
        """Make the folder ready for these files. Conflict when others are in it: whoever reads all reads rows twice."""
        self.folder.mkdir(parents=True, exist_ok=True)
        others = sorted({path.name for path in self.folder.glob("*.parquet")} - {f"{name}.parquet" for name in names})
        if others:
            more = " and more" if len(others) > 3 else ""
            raise Conflict(
                f"{self.folder} holds {', '.join(others[:3])}{more}, which this window in slices of these days does "
                "not write: choose another folder or delete them"
            )

    def get(self, name: str, key: str) -> ViewFile | None:
        """The file of that name, if it was written under that key."""
        path = self.folder / f"{name}.parquet"
        if not path.exists() or pl.read_parquet_metadata(path).get("key") != key:
            return None
        rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        return ViewFile(path, rows, path.stat().st_size, kept=True)

    def put(self, name: str, key: str, frame: pl.DataFrame) -> ViewFile:
        """Write the file; a reader sees the old one, or all of the new one."""
        path = self.folder / f"{name}.parquet"
        with in_one_step(path) as partial:
            frame.write_parquet(partial, compression="lz4", statistics=False, metadata={"key": key})
        return ViewFile(path, frame.height, path.stat().st_size)
