"""The journal of a model: who made which version champion, when, and why. Append-only and hash-chained."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.records import Record, Records
from fti_assets.stores.storage import Storage


@attrs.frozen
class JournalRecord:
    """One decision: `promote`, `reject` or `rollback`.

    Attributes:
        index: its place in the journal, from 0 on.
        action: what was decided.
        model: whose journal it is.
        version: of which version.
        content_id: what that version holds: a decision is about bytes, and not about a number.
        previous: the champion as of `effective` before this decision.
        who: who decided.
        why: the reason.
        effective: from when it holds.
        recorded: when it was decided.
        verdicts: what the gates said: `gate`, `passed` and `reason` of each.
        hash: the SHA-256 of all of it, and of the hash before.
    """

    index: int
    action: str
    model: str
    version: int
    content_id: str
    previous: int | None
    who: str
    why: str
    effective: datetime
    recorded: datetime
    verdicts: tuple[Mapping[str, Any], ...]
    hash: str


Decide = Callable[[list[JournalRecord]], Mapping[str, Any] | None]


def lineage(records: Iterable[JournalRecord], at: datetime | None = None) -> list[JournalRecord]:
    """The records that made the champion as of `at`, last, and those before it that a rollback goes back to.

    A promotion goes on top, a rollback takes off what is above the version it returns to, so two rollbacks in a row
    go back two champions. Neighbours differ in version. `at=None` means after the latest effective record.
    """
    moves = [record for record in records if record.action != "reject" and (at is None or record.effective <= at)]
    line: list[JournalRecord] = []
    for record in sorted(moves, key=lambda move: (move.effective, move.index)):
        if record.action == "rollback" and any(earlier.version == record.version for earlier in line):
            while line[-1].version != record.version:
                line.pop()
        if line and line[-1].version == record.version:
            line.pop()
        line.append(record)
    return line


@attrs.frozen
class Journal:
    """A model's decisions, below a storage."""

    storage: Storage
    model: str

    def records(self) -> list[JournalRecord]:
        """All decisions, oldest first. Corrupt, naming the object, when one was changed, removed or moved."""
        return [self._decision(record) for record in self._records.all()]

    def verify(self) -> None:
        """Read every decision again. Corrupt, naming the object that is not as it was written."""
        self._records.verify()

    def append(self, decide: Decide) -> JournalRecord | None:
        """Add the decision that `decide` takes of those before; None when it takes none.

        Its facts are `action`, `version`, `content_id`, `previous`, `who`, `why`, `effective` and `verdicts`.
        """

        def facts(records: list[Record]) -> dict[str, Any] | None:
            decided = decide([self._decision(record) for record in records])
            if decided is None:
                return None
            effective, recorded = decided["effective"].isoformat(), datetime.now(UTC).isoformat()
            return {**decided, "model": self.model, "effective": effective, "recorded": recorded}

        record = self._records.append(facts)
        return None if record is None else self._decision(record)

    @property
    def _records(self) -> Records:
        return Records(self.storage)

    def _decision(self, record: Record) -> JournalRecord:
        if record["model"] != self.model:
            where = f"{self.storage.url}, decision {record['index']}"
            raise Corrupt(f"{where}: expected one on {self.model}, it is on {record['model']}")
        times = {name: datetime.fromisoformat(record[name]) for name in ("effective", "recorded")}
        facts = {name: record[name] for name in attrs.fields_dict(JournalRecord)}
        return JournalRecord(**{**facts, **times, "verdicts": tuple(record["verdicts"])})
