"""Maintenance of a table: one file a month, a summary of the log, and no file that nothing names."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import groupby

import attrs

from fti_assets.contracts.errors import Conflict
from fti_assets.contracts.time import DAY
from fti_assets.stores.month_files import EVERYTHING, read_months, write_month
from fti_assets.stores.table_contract import MONTH
from fti_assets.stores.table_log import table_log
from fti_assets.stores.tables import PartitionedTable

_TRIES = 1000


@attrs.frozen
class Maintenance:
    """What was done to a table.

    Attributes:
        compacted: the months that are one file now, `2013-01`.
        summarized: the version up to which its log was summarized; None of a table that is not there.
        deleted: the keys of the objects that were deleted.
    """

    compacted: list[str]
    summarized: int | None
    deleted: list[str]


def maintain(table: PartitionedTable, keep: Collection[int], *, older_than: datetime) -> Maintenance:
    """All of it: `compact`, `checkpoint` and `vacuum`, by which a table is read and opened as fast as a new one.

    Args:
        keep: the versions that must be readable after it, besides the newest: those that datasets' manifests name.
        older_than: months that ended before are compacted; for later ones late rows may still come.
    """
    return Maintenance(compact(table, older_than), checkpoint(table), vacuum(table, keep))


def compact(table: PartitionedTable, older_than: datetime) -> list[str]:
    """Make one file of each month that has several and ended before a moment; the rows and their contents stay.

    Readers and writers go on meanwhile. Conflict when writers keep winning; months that were compacted stay so.
    """
    log, compacted = table_log(table.storage), list[str]()
    for _ in range(_TRIES):
        now = log.newest()
        files = sorted(now.files if now else (), key=lambda file: file.month)
        months = {month: list(group) for month, group in groupby(files, lambda file: file.month)}
        todo = [month for month, of in months.items() if len(of) > 1 and month < f"{older_than:%Y-%m}"]
        if now is None or not todo:
            return compacted
        rows = read_months(table.storage, months[todo[0]], now.contract.stored_types, *EVERYTHING)
        if log.commit(now, [write_month(table.storage, rows)], months[todo[0]], written=[]):
            compacted.append(todo[0])
    raise Conflict(f"{table.name}: not compacted: other writers won; try again")


def checkpoint(table: PartitionedTable) -> int | None:
    """Summarize the table's log up to its newest version, for those who open it later; gives that version."""
    return table_log(table.storage).checkpoint()


def vacuum(table: PartitionedTable, keep: Collection[int], grace: timedelta = DAY) -> list[str]:
    """Delete the files that neither the newest version nor one to `keep` names, and what killed writers left.

    Files that are younger than `grace` may be those of a writer that has not made its commit yet, and are left. Gives
    the keys of what was deleted. DeclarationError, with nothing deleted, for a version to keep that is not there.
    """
    before = datetime.now(UTC) - grace
    log, storage = table_log(table.storage), table.storage
    old = [key for key in storage.objects(before=before) if key.startswith(MONTH)]
    newest = log.newest()
    versions = [log.at(number) for number in keep] + ([newest] if newest else [])
    named = {file.path for version in versions for file in version.files}
    orphans = [key for key in old if key not in named]
    storage.delete(orphans)
    return sorted([*orphans, *storage.delete_partials(before)])
