"""Maintenance of a table: one file a month, a summary of the log, and no file that nothing names."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import attrs

from fti_assets.contracts.errors import Conflict, Corrupt
from fti_assets.contracts.time import DAY
from fti_assets.stores import commits
from fti_assets.stores.month_files import EVERYTHING, contents_in, read_months, verify_month, write_month
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import MONTH
from fti_assets.stores.table_log import table_log
from fti_assets.stores.table_version import TableVersion

_TRIES = 1000


@attrs.frozen
class Maintenance:
    """What was done to a table, or would be.

    Attributes:
        compacted: the months of several files that are one file now, `2013-01`.
        summarized: the version up to which its log was summarized; None where it was already, or there is no table.
        deleted: the keys of the objects that were deleted.
    """

    compacted: list[str]
    summarized: int | None
    deleted: list[str]


def maintain(
    table: Storage, keep: Collection[int], *, older_than: datetime, grace: timedelta = DAY, dry_run: bool = False
) -> Maintenance:
    """All that keeps a table as fast to open and to read as a new one, and as small.

    Args:
        table: where it lies.
        keep: the versions that must be readable after it, besides the newest: those that datasets' manifests name.
        older_than: months that ended before are compacted; for later ones late rows may still come.
        grace: how long readers may hold a version that is not the newest any more, and writers their files before they
            commit; what became useless in this time stays.
        dry_run: say what would be done, and do nothing.
    """
    if dry_run:
        now = table_log(table).newest()
        months = _of_several_files(now, older_than) if now else []
        return Maintenance(months, _to_summarize(table), useless_files(table, keep, grace))
    compacted = compact(table, older_than)
    summarized = checkpoint(table)
    return Maintenance(compacted, summarized, vacuum(table, keep, grace))


def compact(table: Storage, older_than: datetime) -> list[str]:
    """Make one file of each month that has several and ended before a moment; the rows and their contents stay.

    Readers and writers go on meanwhile. Conflict when writers keep winning; months that were compacted stay so.
    """
    log, compacted = table_log(table), list[str]()
    for _ in range(_TRIES):
        now = log.newest()
        months = _of_several_files(now, older_than) if now else []
        if now is None or not months:
            return compacted
        files = [file for file in now.files if file.month == months[0]]
        rows = read_months(table, files, now.contract.stored_types, *EVERYTHING)
        if log.commit(now, [write_month(table, rows)], files, written=[]):
            compacted.append(months[0])
    raise Conflict(f"{log.name}: not compacted: other writers won; try again")


def checkpoint(table: Storage) -> int | None:
    """Summarize the table's log up to its newest version, for those who open it later; gives that version.

    None where that was done already.
    """
    return table_log(table).checkpoint() if _to_summarize(table) is not None else None


def useless_files(table: Storage, keep: Collection[int], grace: timedelta) -> list[str]:
    """The files that no version names but such as were replaced before the `grace`, and what killed writers left."""
    before = datetime.now(UTC) - grace
    files = {key for key in table.objects(before=before) if key.startswith(f"{MONTH}=")}
    if table_log(table).newest():
        files = files.intersection(table_log(table).useless_files(keep, grace))
    return sorted([*files, *table.partials(before)])


def vacuum(table: Storage, keep: Collection[int], grace: timedelta = DAY) -> list[str]:
    """Delete the files that neither the newest version nor one to `keep` names, and what killed writers left.

    Files that are younger than `grace` may be those of a writer that has not made its commit yet, and files that were
    replaced within it those of a reader of the version before; they are left. Gives the keys of what was deleted.
    A version to keep that the table does not have, because it was deleted and made anew, keeps nothing.
    """
    useless = useless_files(table, keep, grace)
    table.delete(useless)
    return useless


def verify(table: Storage, kept: Collection[int] = ()) -> int:
    """Read a table and its log whole; gives how many partitions have rows. Corrupt, naming the first fault's object."""
    for fault in faults_of(table, kept):
        raise Corrupt(fault)
    newest = table_log(table).newest()
    return len(contents_in(table, newest.files, *EVERYTHING)) if newest else 0


def faults_of(table: Storage, kept: Collection[int] = ()) -> Iterator[str]:
    """What is not as it was written in a table: its log, and the files of the newest version and of the `kept` ones."""
    log, seen = table_log(table), set[str]()
    try:
        log.verify()
        newest = log.newest()
        there = [number for number in kept if newest and number <= newest.number]
        versions = [*([newest] if newest else []), *map(log.at, there)]
    except Corrupt as error:
        yield str(error)
        return
    for version in versions:
        for file in version.files:
            if file.path not in seen:
                seen.add(file.path)
                try:
                    verify_month(table, file, version.contract)
                except Corrupt as error:
                    yield str(error)


def _of_several_files(now: TableVersion, older_than: datetime) -> list[str]:
    """The months that ended before a moment and have more than one file."""
    months = [file.month for file in now.files]
    return sorted({month for month in months if months.count(month) > 1 and month < f"{older_than:%Y-%m}"})


def _to_summarize(table: Storage) -> int | None:
    newest = table_log(table).newest()
    return newest.number if newest and commits.summarized_up_to(table) < newest.number else None
