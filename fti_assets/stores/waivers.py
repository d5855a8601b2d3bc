"""Who let which invalid rows pass, and why: an append-only, hash-chained journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fti_assets.stores.hash_chain import Chain
from fti_assets.stores.locks import locked

_FIELDS = frozenset({"owner", "partition", "rows", "who", "why", "recorded"})


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
        return [_waiver(record) for record in self._chain.records()]

    def append(self, owner: str, partition: str, rows: Sequence[Waived], *, who: str, why: str) -> Waiver:
        """Add a decision and wait until it is on the disk. ValueError when nobody, or no reason, stands behind it."""
        if not who.strip() or not why.strip():
            raise ValueError(f"expected who decides it and why, got {who.strip() or why.strip() or 'nothing'}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path.with_name(".lock")):
            record = self._chain.append(
                {
                    "owner": owner,
                    "partition": partition,
                    "rows": [{"digest": row.digest, "checks": [list(check) for check in row.checks]} for row in rows],
                    "who": who,
                    "why": why,
                    "recorded": datetime.now(UTC).isoformat(),
                }
            )
        return _waiver(record)

    @property
    def _chain(self) -> Chain:
        return Chain(self.path, _FIELDS, {})


def _waiver(record: dict[str, Any]) -> Waiver:
    rows = tuple(Waived(row["digest"], tuple((c[0], c[1]) for c in row["checks"])) for row in record["rows"])
    recorded = datetime.fromisoformat(record["recorded"])
    return Waiver(record["owner"], record["partition"], rows, record["who"], record["why"], recorded)
