"""The rows that were set aside because they break their contract, with the reasons, until somebody looks at them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from fti_assets.contracts.errors import unknown
from fti_assets.contracts.set_aside import Reason, SetAside
from fti_assets.stores.locks import locked
from fti_assets.stores.synced_files import replace
from fti_assets.stores.waivers import Waived, Waiver, Waivers

SHOWN_DIGITS = 12
"""So many digits of a digest are shown, and suffice to name a row."""

_PARTITION = re.compile(r"[a-z0-9:-]+")


@dataclass(frozen=True)
class Quarantined:
    """A row of an owner's partition that was set aside: the row as JSON, its SHA-256, and why; `released` or not."""

    owner: str
    partition: str
    row: str
    digest: str
    reasons: tuple[Reason, ...]
    recorded_at: datetime
    released: bool = False

    @property
    def kept_by(self) -> list[Reason]:
        """The reasons that nobody can waive: the stores, or the joins over them, cannot hold such a row."""
        return [reason for reason in self.reasons if not reason.releasable]


class QuarantineStore:
    """A directory with a file of JSON lines for each owner and partition.

    An owner is called as its asset: `features/orders`, `source/shop_orders`. A file is replaced as a whole.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._waivers = Waivers(root / "waivers.jsonl")

    def replace(self, owner: str, partitions: Sequence[str], aside: Mapping[str, Sequence[SetAside]]) -> None:
        """What is set aside of these partitions is now this, and nothing else. Equal rows leave the file as it is."""
        directory = self.root / owner
        if not aside and not directory.is_dir():
            return
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory / ".lock"):
            for partition in set(_partitions(directory)).intersection(partitions) - set(aside):
                self._path(owner, partition).unlink()
            for partition, rows in aside.items():
                before = [(row.digest, row.reasons) for row in self.rows(owner, partition)]
                if before != [(row.digest, row.reasons) for row in rows]:
                    replace(self._path(owner, partition), _lines(rows))

    def owners(self) -> list[str]:
        """Who has rows set aside, sorted."""
        return sorted({f"{p.parent.parent.name}/{p.parent.name}" for p in self.root.glob("*/*/*.jsonl")})

    def rows(self, owner: str, partition: str | None = None) -> list[Quarantined]:
        """The owner's rows, of one partition or of all, by partition and then as they came."""
        rows: list[Quarantined] = []
        waived = self.waivers(owner)
        for name in _partitions(self.root / owner) if partition is None else [partition]:
            path = self._path(owner, name)
            lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
            rows += [_quarantined(owner, name, json.loads(line), waived) for line in lines]
        return rows

    def waivers(self, owner: str) -> dict[str, frozenset[tuple[str, str]]]:
        """For the digest of each released row of the owner, the checks that it may break."""
        released: dict[str, frozenset[tuple[str, str]]] = {}
        for row in (row for waiver in self._waivers.entries() if waiver.owner == owner for row in waiver.rows):
            released[row.digest] = released.get(row.digest, frozenset()) | set(row.checks)
        return released

    def release(self, owner: str, partition: str, digests: Sequence[str], *, who: str, why: str) -> Waiver:
        """Record that rows pass the checks for which they were set aside, from the next materialization on.

        `digests` name them by their first digits; without any, all rows that can be released are. LookupError for
        rows that are not there; ValueError for rows that nobody can release, or when nothing says who decides or why.
        """
        rows = self.rows(owner, partition)
        if not rows:
            others = sorted({row.partition for row in self.rows(owner)})
            raise LookupError(f"{owner} with rows set aside: {unknown('partition', partition, others)}")
        chosen = [row for digest in digests for row in _named(owner, partition, digest, rows)] or [
            row for row in rows if not row.kept_by
        ]
        stuck = next((row for row in (chosen or rows) if row.kept_by), None)
        if stuck:
            reason = stuck.kept_by[0]
            raise ValueError(
                f"row {stuck.digest[:SHOWN_DIGITS]} of {owner} cannot be released: {reason.column}: {reason.check} "
                f"(it is {reason.value}). Only checks of a column's values can be waived: correct it in the source"
            )
        waived = {row.digest: tuple((reason.column, reason.check) for reason in row.reasons) for row in chosen}
        return self._waivers.append(owner, partition, [Waived(*row) for row in waived.items()], who=who, why=why)

    def _path(self, owner: str, partition: str) -> Path:
        if not _PARTITION.fullmatch(partition):
            raise LookupError(f"{owner}: partition {partition!r}: expected a day such as 2024-01-31")
        return self.root / owner / f"{partition}.jsonl"


def _named(owner: str, partition: str, digest: str, rows: Sequence[Quarantined]) -> list[Quarantined]:
    named = [row for row in rows if row.digest.startswith(digest)]
    if not digest or len({row.digest for row in named}) != 1:
        shown = [row.digest[:SHOWN_DIGITS] for row in rows]
        what = unknown("row", digest, shown) if not named else f"{digest!r} names more than one row: give more digits"
        raise LookupError(f"{owner} {partition}: {what}")
    return named


def _partitions(directory: Path) -> list[str]:
    return sorted(path.stem for path in directory.glob("*.jsonl"))


def _lines(rows: Sequence[SetAside]) -> bytes:
    recorded_at = datetime.now(UTC).isoformat()
    lines = [
        {
            "row": row.row,
            "digest": row.digest,
            "reasons": json.dumps([asdict(reason) for reason in row.reasons], ensure_ascii=False),
            "recorded_at": recorded_at,
        }
        for row in rows
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _quarantined(
    owner: str, partition: str, line: Mapping[str, str], waived: Mapping[str, frozenset[tuple[str, str]]]
) -> Quarantined:
    reasons = tuple(Reason(**reason) for reason in json.loads(line["reasons"]))
    passed = waived.get(line["digest"], frozenset())
    released = all(r.releasable and (r.column, r.check) in passed for r in reasons)
    recorded_at = datetime.fromisoformat(line["recorded_at"])
    return Quarantined(owner, partition, line["row"], line["digest"], reasons, recorded_at, released)
