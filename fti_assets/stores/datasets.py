"""Training datasets: immutable Parquet files, each beside a manifest that pins what it was built from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.names import checked_name
from fti_assets.stores.frames import to_pandas
from fti_assets.stores.json_files import read_json, write_json
from fti_assets.stores.storage import Storage
from fti_assets.stores.synced_files import in_one_step


@dataclass(frozen=True)
class Dataset:
    """A dataset on disk; `id` is the SHA-256 of its bytes, so the same pins give the same id."""

    id: str
    path: Path
    manifest: Mapping[str, Any]

    def read(self, since: tuple[str, datetime] | None = None) -> pd.DataFrame:
        """Its rows, ordered by prediction time; with `since` those whose column is at that time or later."""
        scan = pl.scan_parquet(self.path)
        frame = (scan if since is None else scan.filter(pl.col(since[0]) >= since[1])).collect()
        return to_pandas(frame, nullable=self.manifest["nullable"])


class DatasetStore:
    """`<root>/<model>/<cutoff>/<id>.parquet` with `<id>.json`, and `current.json` naming the newest id."""

    def __init__(self, storage: Storage) -> None:
        self.root = storage.folder or Path()

    def write(self, model: str, cutoff: datetime, frame: pl.DataFrame, manifest: Mapping[str, Any]) -> Dataset:
        """Store a dataset; one of the same bytes is stored once."""
        buffer = BytesIO()
        frame.write_parquet(buffer, compression="lz4", statistics=False)
        content = buffer.getvalue()
        identity = hashlib.sha256(content).hexdigest()[:32]
        folder = self._folder(model, cutoff)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{identity}.parquet"
        if not path.exists():
            with in_one_step(path) as partial:
                partial.write_bytes(content)
        write_json(path.with_suffix(".json"), dict(manifest))
        write_json(folder / "current.json", {"id": identity})
        return self.get(model, cutoff)

    def get(self, model: str, cutoff: datetime, identity: str | None = None) -> Dataset:
        """The cutoff's dataset of that id, or its newest."""
        folder = self._folder(model, cutoff)
        if identity is None:
            newest = read_json(folder / "current.json")
            if newest is None:
                raise MissingPartitions(
                    f"dataset {model} at cutoff {cutoff:%Y-%m-%d} was not built: materialize datasets/{model}"
                )
            identity = str(newest["id"])
        path = folder / f"{identity}.parquet"
        if not path.exists():
            raise MissingPartitions(f"dataset {model} at cutoff {cutoff:%Y-%m-%d} has no version {identity}")
        return Dataset(identity, path, read_json(path.with_suffix(".json")))

    def _folder(self, model: str, cutoff: datetime) -> Path:
        return self.root / checked_name("model", model) / f"{cutoff.astimezone(UTC):%Y-%m-%dT%H%MZ}"
