"""The rows that were set aside because they break their contract, with the reasons, until somebody looks at them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial

from fti_assets.contracts.errors import unknown
from fti_assets.contracts.set_aside import Reason, SetAside
from fti_assets.stores.revisions import Revisions
from fti_assets.stores.storage import Storage
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
    """The rows that are set aside of each owner and partition, and who released which, below a storage.

    An owner is called as its asset: `features/orders`, `source/shop_orders`.
    """

    def __init__(self, storage: Storage) -> None:
        self._rows = storage.at("rows")
        self._waivers = Waivers(storage.at("waivers"))

    def replace(self, owner: str, partitions: Sequence[str], aside: Mapping[str, Sequence[SetAside]]) -> None:
        """What is set aside of these partitions is now this, and nothing else. Equal rows leave it as it is."""
        emptied = set(self._rows.names(owner)).intersection(partitions) - set(aside)
        for partition, rows in {**dict.fromkeys(emptied, ()), **aside}.items():
            self._of(owner, partition).change(partial(_unless_equal, rows))

    def owners(self) -> list[str]:
        """Who has rows set aside, sorted."""
        owners = [f"{kind}/{name}" for kind in self._rows.names() for name in self._rows.names(kind)]
        return [owner for owner in owners if self.rows(owner)]

    def rows(self, owner: str, partition: str | None = None) -> list[Quarantined]:
        """The owner's rows, of one partition or of all, by partition and then as they came."""
        waived = self.waivers(owner)
        return [
            _quarantined(owner, name, row, waived)
            for name in (self._rows.names(owner) if partition is None else [partition])
            for row in _lines(self._of(owner, name).newest())
        ]

    def waivers(self, owner: str) -> dict[str, frozenset[tuple[str, str]]]:
        """For the digest of each released row of the owner, the checks that it may break."""
        released: dict[str, frozenset[tuple[str, str]]] = {}
        for row in (row for waiver in self._waivers.all() if waiver.owner == owner for row in waiver.rows):
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

    def _of(self, owner: str, partition: str) -> Revisions:
        if not _PARTITION.fullmatch(partition):
            raise LookupError(f"{owner}: partition {partition!r}: expected a day such as 2024-01-31")
        return Revisions(self._rows.at(*owner.split("/"), partition))


def _named(owner: str, partition: str, digest: str, rows: Sequence[Quarantined]) -> list[Quarantined]:
    named = [row for row in rows if row.digest.startswith(digest)]
    if not digest or len({row.digest for row in named}) != 1:
        shown = [row.digest[:SHOWN_DIGITS] for row in rows]
        what = unknown("row", digest, shown) if not named else f"{digest!r} names more than one row: give more digits"
        raise LookupError(f"{owner} {partition}: {what}")
    return named


def _unless_equal(rows: Sequence[SetAside], before: bytes | None) -> bytes | None:
    """The rows as lines of JSON; None when these very rows are there already, whenever they were recorded."""
    if [(line["digest"], line["reasons"]) for line in _lines(before)] == [(r.digest, _reasons(r)) for r in rows]:
        return None
    recorded_at = datetime.now(UTC).isoformat()
    lines = [
        {"row": row.row, "digest": row.digest, "reasons": _reasons(row), "recorded_at": recorded_at} for row in rows
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _lines(content: bytes | None) -> list[dict[str, str]]:
    return [json.loads(line) for line in (content or b"").split(b"\n")[:-1]]


def _reasons(row: SetAside) -> str:
    return json.dumps([asdict(reason) for reason in row.reasons], ensure_ascii=False)


def _quarantined(
    owner: str, partition: str, line: Mapping[str, str], waived: Mapping[str, frozenset[tuple[str, str]]]
) -> Quarantined:
    reasons = tuple(Reason(**reason) for reason in json.loads(line["reasons"]))
    passed = waived.get(line["digest"], frozenset())
    released = all(r.releasable and (r.column, r.check) in passed for r in reasons)
    recorded_at = datetime.fromisoformat(line["recorded_at"])
    return Quarantined(owner, partition, line["row"], line["digest"], reasons, recorded_at, released)
