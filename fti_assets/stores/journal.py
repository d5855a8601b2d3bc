"""The journal of a model: who made which version champion, when, and why. Append-only and hash-chained."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fti_assets.stores.hash_chain import Chain


@dataclass(frozen=True)
class JournalRecord:
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


_FIELDS = frozenset(field.name for field in fields(JournalRecord))


def instant(what: str, value: datetime) -> datetime:
    """The instant in UTC. ValueError when it has no time zone."""
    if value.utcoffset() is None:
        raise ValueError(f"{what} {value}: expected a timezone-aware instant")
    return value.astimezone(UTC)


def lineage(entries: Iterable[JournalRecord], at: datetime | None = None) -> list[JournalRecord]:
    """The entries that made the champion as of `at`, last, and those before it that a rollback goes back to.

    A promotion goes on top, a rollback takes off what is above the version it returns to, so two rollbacks in a row
    go back two champions. Neighbours differ in version. `at=None` means after the latest effective entry.
    """
    moves = [e for e in entries if e.action != "reject" and (at is None or e.effective <= at)]
    line: list[JournalRecord] = []
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

    def entries(self) -> list[JournalRecord]:
        """All entries, oldest first; a last line without its end, left by a crash, is ignored.

        Corrupt, naming the line, when an entry was changed, removed, added or moved.
        """
        return [_entry(record) for record in self._chain.records()]

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
    ) -> JournalRecord:
        """Add an entry and wait until it is on the disk. The caller holds the model's lock.

        A torn last line is dropped first.
        """
        record = self._chain.append(
            {
                "action": action,
                "version": version,
                "previous": previous,
                "who": who,
                "why": why,
                "effective": instant("effective", effective).isoformat(),
                "recorded": datetime.now(UTC).isoformat(),
                "verdicts": [dict(verdict) for verdict in verdicts],
            }
        )
        return _entry(record)

    @property
    def _chain(self) -> Chain:
        return Chain(self.path, _FIELDS, {"model": self.model})


def _entry(record: Mapping[str, Any]) -> JournalRecord:
    times = {name: datetime.fromisoformat(record[name]) for name in ("effective", "recorded")}
    return JournalRecord(**{**record, **times, "verdicts": tuple(record["verdicts"])})
