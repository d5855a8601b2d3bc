"""Tiles, kept by what they were made from: the finished days of a long window are not read as rows again."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import polars as pl

from fti_assets.stores.sealed import sealed_bytes, unsealed_bytes
from fti_assets.stores.storage import Storage

_AT_ONCE = 8
"""Objects of a bucket that are fetched at once."""


class TileStore:
    """Small frames of a group's tiles, of a month or a day: `2013-01`, `2013-01-05`. Deleting any costs time only.

    Their name says what they were made from, so tiles of rows since corrected are never taken. They are uncompressed
    Arrow streams after their SHA-256, read 90 in a hundredth of a second, a fifth of the time of Parquet. A month's are
    in one folder, so that writing one costs the same however many years are there.

    Raises Corrupt, naming the object, by `get`, for tiles that were changed or cut.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def get(self, group: str, names: Mapping[str, str]) -> dict[str, pl.DataFrame]:
        """The tiles of those of the periods that are kept under these names."""
        keys = {period: _key(group, period, name) for period, name in names.items()}
        there = set(self._there(group, names))
        kept = [period for period, key in keys.items() if key in there]
        contents = self._contents([keys[period] for period in kept])
        return {
            period: pl.read_ipc_stream(BytesIO(unsealed_bytes(self.storage.url_of(keys[period]), content)))
            for period, content in zip(kept, contents, strict=True)
            if content is not None
        }

    def absent(self, group: str, names: Mapping[str, str]) -> list[str]:
        """Those of the periods that are not kept under these names."""
        there = set(self._there(group, names))
        return [period for period, name in names.items() if _key(group, period, name) not in there]

    def put(self, group: str, names: Mapping[str, str], frames: Mapping[str, pl.DataFrame]) -> None:
        """Keep the tiles in place of others of the same periods; a reader sees a whole object or none."""
        made = {_key(group, period, names[period]) for period in frames}
        for period, frame in frames.items():
            content = BytesIO()
            frame.write_ipc_stream(content)
            self.storage.create(_key(group, period, names[period]), sealed_bytes(content.getvalue()), synced=False)
        others = [key for key in self._there(group, frames) if key not in made and _period(key) in frames]
        self.storage.delete(others)

    def _there(self, group: str, periods: Iterable[str]) -> Iterator[str]:
        """The keys of all tiles of the periods' months."""
        for folder in dict.fromkeys(_folder(group, period) for period in periods):
            yield from (f"{folder}/{name}" for name in self.storage.names(folder))

    def _contents(self, keys: list[str]) -> list[bytes | None]:
        if self.storage.folder is not None:
            return list(map(self.storage.read, keys))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self.storage.read, keys))


def _folder(group: str, period: str) -> str:
    return f"{group}/{period[: len('2013-01')]}"


def _key(group: str, period: str, name: str) -> str:
    return f"{_folder(group, period)}/{period}.{name}.arrows"


def _period(key: str) -> str:
    return key.rpartition("/")[2].partition(".")[0]
