"""Joined slices of views, kept by what they were joined from: what was predicted is not joined again to train."""

import os
from pathlib import Path

import polars as pl

from fti_assets.stores.synced_files import in_one_step


class SliceStore:
    """Frames under a key that names all of their inputs; deleting any of them costs time and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str) -> pl.DataFrame | None:
        """The frame of that key, or None."""
        path = self._path(key)
        return pl.read_parquet(path) if path.exists() else None

    def put(self, key: str, frame: pl.DataFrame) -> None:
        """Keep a frame; a reader sees all of it or nothing. Where nobody can write none is kept."""
        path = self._path(key)
        if not os.access(self.root if self.root.exists() else self.root.parent, os.W_OK):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with in_one_step(path) as partial:
            frame.write_parquet(partial, compression="lz4", statistics=False)

    def _path(self, key: str) -> Path:
        return self.root / f"{key}.parquet"
