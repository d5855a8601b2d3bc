"""Tiles of days, kept by what they were made from: the days of a long window are read as tiles, not as rows again."""

import os
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl

from fti_assets.stores.synced_files import in_one_step


class Days(NamedTuple):
    """A day, or several in a row."""

    first: date
    number: int = 1

    def __str__(self) -> str:
        return f"{self.first}" if self.number == 1 else f"{self.first}x{self.number}"


class TileStore:
    """One small frame for each day of a group's tiles, and for runs of days; deleting any of them only costs time.

    Their name says what they were made from, so tiles of rows since corrected are never found. They are uncompressed
    Arrow streams, read 90 in a hundredth of a second, a fifth of the time of Parquet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, group: str, names: Mapping[Days, str]) -> dict[Days, pl.DataFrame]:
        """Those of the days that are kept under these names."""
        found = {}
        for days, name in names.items():
            try:
                found[days] = pl.read_ipc_stream(self._path(group, days, name).read_bytes())
            except FileNotFoundError:
                continue
        return found

    def absent(self, group: str, names: Mapping[Days, str]) -> list[Days]:
        """Those of the days that are not kept under these names."""
        return [days for days, name in names.items() if not self._path(group, days, name).exists()]

    def put(self, group: str, names: Mapping[Days, str], frames: Mapping[Days, pl.DataFrame]) -> None:
        """Keep the tiles in place of those of the same days and other names; a reader sees all of them or nothing."""
        folder = self.root / group
        folder.mkdir(parents=True, exist_ok=True)
        with os.scandir(folder) as entries:  # a fifth of the time of paths
            others = _by_days(entry.name for entry in entries)
        for days, frame in frames.items():
            path = self._path(group, days, names[days])
            with in_one_step(path) as partial:
                frame.write_ipc_stream(partial)
            for other in others.get(str(days), ()):
                if other != path.name:
                    (folder / other).unlink(missing_ok=True)

    def _path(self, group: str, days: Days, name: str) -> Path:
        return self.root / group / f"{days}-{name}.arrows"


def _by_days(files: Iterable[str]) -> dict[str, list[str]]:
    """The files' names by what they say of their days."""
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.rpartition("-")[0], []).append(file)
    return found
