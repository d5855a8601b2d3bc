"""The log of a Delta table on a local disk: what it holds at a version, and the next version of it.

It follows the Delta protocol (https://github.com/delta-io/delta/blob/master/PROTOCOL.md) as far as a table of whole
partitions needs it, so any Delta reader opens the tables. Opening and committing through `deltalake` costs three
times as much at ten years of days as at one, because it loads every file's statistics each time; here a process
reads the log once and then only what was added. Creating tables and checkpoints are left to `deltalake`.
"""

import json
import os
import re
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet

from fti_assets.contracts.errors import DeclarationError

Action = dict[str, Any]
_SUMMARIZED = [
    "add.path",
    "txn.appId",
    *(f"metaData.{each}" for each in ("schemaString", "partitionColumns", "description")),
]
"""All of a checkpoint that is used: Polars would read the rest of the structs, which takes 2.5 times as long."""
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.parquet")


@dataclass(frozen=True)
class Snapshot:
    """A table at one version: its columns, the files of each partition's directory, and the application ids."""

    version: int
    columns: tuple[str, ...]
    partitioned_by: tuple[str, ...]
    description: str
    files: Mapping[str, tuple[str, ...]]
    marks: frozenset[str]


_NOTHING = Snapshot(-1, (), (), "", {}, frozenset())
_NEWEST: dict[Path, tuple[tuple[int, int] | None, Snapshot]] = {}
"""The newest snapshot that this process has seen of each table, with what tells its commit from another's."""


class DeltaLog:
    """The `_delta_log` of one table."""

    def __init__(self, table: Path) -> None:
        self.table = table
        self.folder = table / "_delta_log"

    def snapshot(self, version: int | None = None) -> Snapshot | None:
        """The table at a version, without one as it is now; None before its first commit."""
        base = self._seen()
        if version is None:
            now = self._replayed(base if base is not None else self._checkpoint(None), None)
            if now.version < 0:
                return None
            _NEWEST[self.table] = self._stamp(now.version), now
            return now
        if base is None or base.version > version:
            base = self._checkpoint(version)
        then = self._replayed(base, version)
        if then.version != version:
            raise DeclarationError(f"{self.table.name} has no version {version}: the newest is {then.version}")
        return then

    def commit(self, version: int, actions: Iterable[Action]) -> bool:
        """Add a version, whole or not at all; False, with nothing changed, when another writer added it first."""
        info = {"commitInfo": {"timestamp": milliseconds(), "operation": "WRITE", "engineInfo": "fti_assets"}}
        partial = self.folder / f".{uuid.uuid4()}.tmp"
        partial.write_text("".join(json.dumps(action, separators=(",", ":")) + "\n" for action in (info, *actions)))
        try:
            os.link(partial, self._path(version))
        except FileExistsError:
            return False
        finally:
            partial.unlink(missing_ok=True)
        return True

    def checkpoint(self, version: int) -> None:
        """Summarize the log up to a version, for readers that open the table later."""
        from deltalake import DeltaTable

        DeltaTable(self.table, version=version).create_checkpoint()

    def version_at(self, moment: datetime) -> int | None:
        """The newest version that was committed at that moment or before; None when there was none."""
        newest = self.snapshot()
        low, high = 0, newest.version + 1 if newest else 0
        while low < high:
            middle = (low + high) // 2
            if self._committed_at(middle) <= moment.timestamp() * 1000:
                low = middle + 1
            else:
                high = middle
        return low - 1 if low else None

    def _committed_at(self, version: int) -> int:
        actions = map(json.loads, self._path(version).read_text().splitlines())
        return next(int(action["commitInfo"]["timestamp"]) for action in actions if "commitInfo" in action)

    def _seen(self) -> Snapshot | None:
        """The newest snapshot of this process, unless the table was deleted and made anew."""
        stamp, seen = _NEWEST.get(self.table, (None, _NOTHING))
        return seen if stamp is not None and stamp == self._stamp(seen.version) else None

    def _stamp(self, version: int) -> tuple[int, int] | None:
        try:
            status = self._path(version).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _path(self, version: int) -> Path:
        return self.folder / f"{version:020}.json"

    def _checkpoint(self, version: int | None) -> Snapshot:
        """The newest checkpoint up to a version, to replay the log from; nothing where there is none."""
        try:
            newest = int(json.loads((self.folder / "_last_checkpoint").read_text())["version"])
        except FileNotFoundError:
            return _NOTHING
        if version is not None and newest > version:
            names = (_CHECKPOINT.fullmatch(path.name) for path in self.folder.glob("*.parquet"))
            newest = max((found for name in names if name and (found := int(name[1])) <= version), default=-1)
            if newest < 0:
                return _NOTHING
        path = self.folder / f"{newest:020}.checkpoint.parquet"
        rows = pl.DataFrame(
            pl.from_arrow(pyarrow.parquet.ParquetFile(path).read(columns=_SUMMARIZED, use_threads=False))
        )
        added = rows["add"].struct.field("path").drop_nulls().to_list()
        files: dict[str, tuple[str, ...]] = {path.rpartition("/")[0]: (path,) for path in added}
        if len(files) < len(added):
            files = _by_directory({}, added, ())
        marks = frozenset(rows["txn"].struct.field("appId").drop_nulls().to_list())
        held = rows["metaData"].struct.unnest().filter(pl.col("schemaString").is_not_null())
        return Snapshot(newest, *_metadata(held.row(0, named=True)), files, marks)

    def _replayed(self, base: Snapshot, last: int | None) -> Snapshot:
        """The snapshot after the commits that follow, up to the last one."""
        version, added, removed, marks = base.version, dict[str, None](), set[str](), set[str]()
        metadata = base.columns, base.partitioned_by, base.description
        while last is None or version < last:
            try:
                content = self._path(version + 1).read_text()
            except FileNotFoundError:
                break
            version += 1
            for action in map(json.loads, content.splitlines()):
                if "add" in action:
                    added[action["add"]["path"]] = None
                    removed.discard(action["add"]["path"])
                elif "remove" in action:
                    added.pop(action["remove"]["path"], None)
                    removed.add(action["remove"]["path"])
                elif "txn" in action:
                    marks.add(action["txn"]["appId"])
                elif "metaData" in action:
                    metadata = _metadata(action["metaData"])
        if version == base.version:
            return base
        return Snapshot(version, *metadata, _by_directory(base.files, added, removed), base.marks | marks)


def milliseconds() -> int:
    """Now, as Delta writes it."""
    return time.time_ns() // 1_000_000


def _metadata(held: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    columns = tuple(field["name"] for field in json.loads(held["schemaString"])["fields"])
    return columns, tuple(held["partitionColumns"]), held.get("description") or ""


def _by_directory(
    files: Mapping[str, tuple[str, ...]], added: Iterable[str], removed: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """The files of each directory, in the order of their names: a writer of several numbers them."""
    changed: dict[str, set[str]] = {}
    for path in removed:
        directory = path.rpartition("/")[0]
        changed.setdefault(directory, set(files.get(directory, ()))).discard(path)
    for path in added:
        directory = path.rpartition("/")[0]
        changed.setdefault(directory, set(files.get(directory, ()))).add(path)
    merged = {**files, **{directory: tuple(sorted(paths)) for directory, paths in changed.items()}}
    return merged if all(changed.values()) else {directory: paths for directory, paths in merged.items() if paths}
