"""A row that was set aside because it breaks its contract, and why."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Reason:
    """A check that a row breaks, and its value. `releasable` when a person may let the row pass it."""

    column: str
    check: str
    value: str
    releasable: bool = False


@dataclass(frozen=True)
class SetAside:
    """A row that breaks its contract, as JSON, its SHA-256, all reasons, and when it was known, if that is known."""

    row: str
    digest: str
    reasons: tuple[Reason, ...]
    known_at: datetime | None = None
