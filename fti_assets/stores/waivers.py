"""Who let which invalid rows pass, and why: an append-only, hash-chained journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import attrs

from fti_assets.stores.records import Record, Records
from fti_assets.stores.storage import Storage


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


@attrs.frozen
class Waivers:
    """All decisions, below a storage."""

    storage: Storage

    def all(self) -> list[Waiver]:
        """All decisions, oldest first. Corrupt, naming the object, when one was changed, removed or moved."""
        return [_waiver(record) for record in Records(self.storage).all()]

    def append(self, owner: str, partition: str, rows: Sequence[Waived], *, who: str, why: str) -> Waiver:
        """Add a decision. ValueError when nobody, or no reason, stands behind it."""
        if not who.strip() or not why.strip():
            raise ValueError(f"expected who decides it and why, got {who.strip() or why.strip() or 'nothing'}")
        facts: dict[str, Any] = {
            "owner": owner,
            "partition": partition,
            "rows": [{"digest": row.digest, "checks": [list(check) for check in row.checks]} for row in rows],
            "who": who,
            "why": why,
            "recorded": datetime.now(UTC).isoformat(),
        }
        Records(self.storage).append(lambda _: facts)
        return _waiver(facts)


def _waiver(record: Record) -> Waiver:
    rows = tuple(Waived(row["digest"], tuple((c[0], c[1]) for c in row["checks"])) for row in record["rows"])
    recorded = datetime.fromisoformat(record["recorded"])
    return Waiver(record["owner"], record["partition"], rows, record["who"], record["why"], recorded)
