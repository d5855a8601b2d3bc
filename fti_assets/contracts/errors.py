"""What can go wrong, in the user's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class DeclarationError(ValueError):
    """A declaration that cannot work, raised where it is written."""


@dataclass(frozen=True)
class FailingCase:
    """A check that does not hold.

    Attributes:
        column: of which column.
        check: what the column's values must be.
        value: the first that is not, as text.
        rows: how many are not.
        of: whose rows they are, where that is not said beside it: `features/orders`, `source/shop_orders`.
    """

    column: str
    check: str
    value: str
    rows: int
    of: str = ""


class ContractViolation(Exception):
    """A batch that breaks its contract; nothing of it was written.

    `cases` holds every failing case, not only the first. `limit` says, for rows that might have been set aside, how
    many are too many.
    """

    def __init__(self, what: str, cases: Sequence[FailingCase], limit: str = "") -> None:
        self.what = what
        self.cases = list(cases)
        self.limit = limit
        lines = "; ".join(f"{c.column}: {c.check} (e.g. {c.value}, {c.rows} rows)" for c in self.cases[:5])
        more = f"; and {len(self.cases) - 5} more" if len(self.cases) > 5 else ""
        super().__init__(f"{what} breaks its contract, nothing was written: {limit}{lines}{more}")

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), (self.what, self.cases, self.limit)  # as a worker sends it


class MissingPartitions(Exception):
    """Days that were never written stand between a pipeline and its answer."""


class AlreadyIssued(Exception):
    """Predictions of that day exist and are immutable."""


class NoChampion(Exception):
    """No version of the model was in production at that time."""


class Conflict(Exception):
    """Somebody else changed what this change was based on; nothing was changed."""


class Corrupt(Exception):
    """Stored bytes are not those that were written; the message names the file or line."""


class StorageError(Exception):
    """A folder or bucket is full, does not answer or does not let one in; what was acknowledged before is there."""


class ReadOnly(StorageError):
    """A folder or bucket that can be read, perhaps, but not written."""


class WorkerDied(Exception):
    """A process that did part of the work was killed; what was done stays done."""


def unknown(kind: str, name: str, existing: Iterable[str]) -> str:
    """A sentence that names what was given and what exists."""
    return f"there is no {kind} {name!r}; there are: {', '.join(sorted(existing)) or 'none'}"
