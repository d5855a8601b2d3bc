"""Slices: rows of a window of time, kept by all that they were made of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import polars as pl

from fti_assets.contracts.errors import Corrupt, ReadOnly
from fti_assets.contracts.time import Window
from fti_assets.stores.blobs import Blobs
from fti_assets.stores.parquet import from_parquet, parquet_bytes
from fti_assets.stores.sealed import canonical_json, sealed, sha256, unsealed
from fti_assets.stores.storage import Storage


@attrs.frozen
class Slice:
    """Rows of a window of time, in a Parquet file that is called by its content.

    Attributes:
        window: the instants that the rows are of.
        rows: how many there are.
        blob: the SHA-256 of the file; of nothing that is kept where the home is read-only.
    """

    window: Window
    rows: int
    blob: str
    _blobs: Blobs
    _in_memory: pl.DataFrame | None = attrs.field(default=None, eq=False)

    @property
    def url(self) -> str:
        """Where the file lies: a path, or a bucket's URL."""
        return self._blobs.url_of(self.blob)

    def read(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The rows, or these columns of them. Corrupt, naming the file, when it is gone or was changed."""
        if self._in_memory is not None:
            return self._in_memory.select(columns or pl.all())
        return from_parquet(self._blobs.get(self.blob), columns)

    @property
    def facts(self) -> dict[str, Any]:
        """What names it in a record, as JSON holds it."""
        times = [self.window.start.isoformat(), self.window.end.isoformat()]
        return {"window": times, "rows": self.rows, "blob": self.blob}


class SliceStore:
    """The slices below a storage: for each key a sealed record that names the file.

    Both are put where none is, so it does not matter who made a slice, or how often. A deleted slice can be
    made again as long as the tables keep the versions that it was made of.
    """

    def __init__(self, storage: Storage) -> None:
        self._records = storage.at("records")
        self._blobs = Blobs(storage.at("blobs"))

    def get(self, key: str) -> Slice | None:
        """The slice of that key; None when there is none. Corrupt, naming the record, when that was changed."""
        content = self._records.read(key)
        if content is None:
            return None
        where = self._records.url_of(key)
        record = unsealed(where, content)
        if record.get("key") != key:
            raise Corrupt(f"{where}: it is the record of another slice")
        return self.of(record)

    def put(self, key: str, window: Window, rows: pl.DataFrame) -> Slice:
        """Keep rows under a key; those that are kept under it already stay. Where nobody can write, in memory."""
        content = parquet_bytes(rows)
        made = Slice(window, rows.height, sha256(content), self._blobs)
        try:
            self._blobs.put(content)
        except ReadOnly:
            return attrs.evolve(made, in_memory=rows)
        if self._records.create(key, canonical_json(sealed({"key": key, "columns": rows.columns, **made.facts}))):
            return made
        kept = self.get(key)
        if kept is None:
            raise Corrupt(f"{self._records.url_of(key)}: it was there and is gone")
        return kept

    def of(self, facts: Mapping[str, Any]) -> Slice:
        """The slice that a record names."""
        start, end = map(datetime.fromisoformat, facts["window"])
        return Slice(Window(start, end), facts["rows"], facts["blob"], self._blobs)
