"""Who let which invalid rows pass, and why: an append-only, hash-chained journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fti_assets.stores.durable import (
    Corrupt,
    canonical_json,
    locked,
    replace,
    sealed,
    sync_directory,
    unsealed,
    write_synced,
)

_FIRST = "0" * 64
_FIELDS = {"index", "owner", "partition", "rows", "who", "why", "recorded", "previous_hash", "hash"}


@dataclass(frozen=True)
class Waived:
    """A row that was released: its digest and the checks (column, check) that it may break."""

    digest: str
    checks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Waiver:
    """One decision: rows of one owner's partition that somebody looked at and takes as they are."""

    owner: str
    partition: str
    rows: tuple[Waived, ...]
    who: str
    why: str
    recorded: datetime


@dataclass(frozen=True)
class Waivers:
    """The file of all decisions, one JSON line each; each line holds the hash of the one before."""

    path: Path

    def entries(self) -> list[Waiver]:
        """All decisions, oldest first; a last line without its end, left by a crash, is ignored.

        Corrupt, naming the line, when a decision was changed, removed, added or moved.
        """
        return [_waiver(record) for record in self._records(self._content()[0])]

    def append(self, owner: str, partition: str, rows: Sequence[Waived], *, who: str, why: str) -> Waiver:
        """Add a decision and wait until it is on the disk. ValueError when nobody, or no reason, stands behind it."""
        if not who.strip() or not why.strip():
            raise ValueError(f"expected who decides it and why, got {who.strip() or why.strip() or 'nothing'}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path.with_name(".lock")):
            whole, torn = self._content()
            records = self._records(whole)
            if torn:
                replace(self.path, whole)
            record = sealed(
                {
                    "index": len(records),
                    "owner": owner,
                    "partition": partition,
                    "rows": [{"digest": row.digest, "checks": [list(check) for check in row.checks]} for row in rows],
                    "who": who,
                    "why": why,
                    "recorded": datetime.now(UTC).isoformat(),
                    "previous_hash": records[-1]["hash"] if records else _FIRST,
                }
            )
            write_synced(self.path, canonical_json(record) + b"\n", "ab")
            if not records:
                sync_directory(self.path.parent)
        return _waiver(record)

    def _content(self) -> tuple[bytes, bytes]:
        """The whole lines, and what a crash left of another."""
        content = self.path.read_bytes() if self.path.exists() else b""
        whole, end, torn = content.rpartition(b"\n")
        return whole + end, torn

    def _records(self, whole: bytes) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        for index, line in enumerate(whole.split(b"\n")[:-1]):
            where = f"{self.path}, line {index + 1}"
            record = unsealed(where, line)
            if set(record) != _FIELDS or line != canonical_json(record):
                raise Corrupt(f"{where}: expected {', '.join(sorted(_FIELDS))} in canonical JSON")
            if (record["index"], record["previous_hash"]) != (index, records[-1]["hash"] if records else _FIRST):
                raise Corrupt(f"{where}: the chain is broken: the entry does not follow the one before it")
            records.append(record)
        return records


def _waiver(record: dict[str, Any]) -> Waiver:
    rows = tuple(Waived(row["digest"], tuple((c[0], c[1]) for c in row["checks"])) for row in record["rows"])
    recorded = datetime.fromisoformat(record["recorded"])
    return Waiver(record["owner"], record["partition"], rows, record["who"], record["why"], recorded)
