"""Append-only files of decisions, one JSON line each, in which each line holds the hash of the one before."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.synced_files import canonical_json, replace, sealed, sync_directory, unsealed, write_synced

FIRST = "0" * 64
"""The `previous_hash` of the first record."""


@dataclass(frozen=True)
class Chain:
    """One file of records that have these fields, besides `index`, `previous_hash` and `hash`.

    Every record says `constant` of itself, such as whose it is: one moved from another file is found out.
    """

    path: Path
    fields: frozenset[str]
    constant: Mapping[str, Any]

    def records(self) -> list[dict[str, Any]]:
        """All records, oldest first; a last line without its end, left by a crash, is ignored.

        Corrupt, naming the line, when one was changed, removed, added or moved.
        """
        return self._parsed(self._content()[0])

    def append(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Add a record and wait until it is on the disk; the caller holds the lock. A torn last line is dropped."""
        whole, torn = self._content()
        records = self._parsed(whole)
        if torn:
            replace(self.path, whole)
        place = {"index": len(records), "previous_hash": records[-1]["hash"] if records else FIRST}
        record = sealed({**facts, **self.constant, **place})
        write_synced(self.path, canonical_json(record) + b"\n", "ab")
        if not records:
            sync_directory(self.path.parent)
        return record

    def _content(self) -> tuple[bytes, bytes]:
        """The whole lines, and what a crash left of another."""
        content = self.path.read_bytes() if self.path.exists() else b""
        whole, end, torn = content.rpartition(b"\n")
        return whole + end, torn

    def _parsed(self, whole: bytes) -> list[dict[str, Any]]:
        names = self.fields | set(self.constant) | {"index", "previous_hash", "hash"}
        records: list[dict[str, Any]] = []
        for index, line in enumerate(whole.split(b"\n")[:-1]):
            where = f"{self.path}, line {index + 1}"
            record = unsealed(where, line)
            if set(record) != names or line != canonical_json(record):
                raise Corrupt(f"{where}: expected {', '.join(sorted(names))} in canonical JSON")
            expected = {"index": index, "previous_hash": records[-1]["hash"] if records else FIRST, **self.constant}
            if any(record[name] != value for name, value in expected.items()):
                raise Corrupt(f"{where}: the chain is broken: the entry does not follow the one before it")
            records.append(record)
        return records
