"""The journal of a model: who made which version champion, when, and why. Append-only and hash-chained."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fti_assets.stores.durable import Corrupt, canonical_json, replace, sealed, sync_directory, unsealed, write_synced

FIRST = "0" * 64
"""The `previous_hash` of the first entry."""


@dataclass(frozen=True)
class Entry:
    """One decision: `promote`, `reject` or `rollback`.

    `previous` is the champion as of `effective` before this entry. `hash` is the SHA-256 of all else in canonical
    JSON; `previous_hash` is that of the entry before.
    """

    index: int
    action: str
    model: str
    version: int
    previous: int | None
    who: str
    why: str
    effective: datetime
    recorded: datetime
    verdicts: tuple[Mapping[str, Any], ...]
    previous_hash: str
    hash: str


_FIELDS = {field.name for field in fields(Entry)}


def instant(what: str, value: datetime) -> datetime:
    """The instant in UTC. ValueError when it has no time zone."""
    if value.utcoffset() is None:
        raise ValueError(f"{what} {value}: expected a timezone-aware instant")
    return value.astimezone(UTC)


def lineage(entries: Iterable[Entry], at: datetime | None = None) -> list[Entry]:
    """The entries that made the champion as of `at`, last, and those before it that a rollback goes back to.

    A promotion goes on top, a rollback takes off what is above the version it returns to, so two rollbacks in a row
    go back two champions. Neighbours differ in version. `at=None` means after the latest effective entry.
    """
    moves = [e for e in entries if e.action != "reject" and (at is None or e.effective <= at)]
    line: list[Entry] = []
    for entry in sorted(moves, key=lambda e: (e.effective, e.index)):
        if entry.action == "rollback" and any(e.version == entry.version for e in line):
            while line[-1].version != entry.version:
                line.pop()
        if line and line[-1].version == entry.version:
            line.pop()
        line.append(entry)
    return line


@dataclass(frozen=True)
class Journal:
    """The file of a model's entries, one JSON line each."""

    path: Path
    model: str

    def entries(self) -> list[Entry]:
        """All entries, oldest first; a last line without its end, left by a crash, is ignored.

        Corrupt, naming the line, when an entry was changed, removed, added or moved.
        """
        return self._parsed(self._lines()[0])

    def append(
        self,
        action: str,
        version: int,
        *,
        previous: int | None,
        who: str,
        why: str,
        effective: datetime,
        verdicts: Sequence[Mapping[str, Any]] = (),
    ) -> Entry:
        """Add an entry and wait until it is on the disk. The caller holds the model's lock.

        A torn last line is dropped first.
        """
        lines, torn = self._lines()
        entries = self._parsed(lines)
        if torn:
            replace(self.path, b"".join(lines))
        record = sealed(
            {
                "index": len(entries),
                "action": action,
                "model": self.model,
                "version": version,
                "previous": previous,
                "who": who,
                "why": why,
                "effective": instant("effective", effective).isoformat(),
                "recorded": datetime.now(UTC).isoformat(),
                "verdicts": [dict(verdict) for verdict in verdicts],
                "previous_hash": entries[-1].hash if entries else FIRST,
            }
        )
        write_synced(self.path, canonical_json(record) + b"\n", "ab")
        if not entries:
            sync_directory(self.path.parent)
        return _entry(record)

    def _lines(self) -> tuple[list[bytes], bytes]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return [], b""
        whole, end, torn = content.rpartition(b"\n")
        return [line + b"\n" for line in whole.split(b"\n")] if end else [], torn

    def _parsed(self, lines: Sequence[bytes]) -> list[Entry]:
        entries: list[Entry] = []
        for index, line in enumerate(lines):
            where = f"{self.path}, line {index + 1}"
            record = unsealed(where, line)
            if set(record) != _FIELDS or line != canonical_json(record) + b"\n":
                raise Corrupt(f"{where}: expected {', '.join(sorted(_FIELDS))} in canonical JSON")
            expected = (index, self.model, entries[-1].hash if entries else FIRST)
            if (record["index"], record["model"], record["previous_hash"]) != expected:
                raise Corrupt(f"{where}: the chain is broken: the entry does not follow the one before it")
            entries.append(_entry(record))
        return entries


def _entry(record: Mapping[str, Any]) -> Entry:
    times = {name: datetime.fromisoformat(record[name]) for name in ("effective", "recorded")}
    return Entry(**{**record, **times, "verdicts": tuple(record["verdicts"])})
