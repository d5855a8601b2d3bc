"""The log of a Delta table as this process sees it: one handle, the version that is newest, and the next one."""

import os
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from fti_assets.contracts.errors import Conflict, DeclarationError, StorageError
from fti_assets.stores import commits
from fti_assets.stores.month_files import MonthFile
from fti_assets.stores.storage import Storage, storage_error
from fti_assets.stores.table_contract import MONTH, TableContract
from fti_assets.stores.table_version import (
    NEVER_NULL,
    TableVersion,
    configuration_of,
    fields_of,
    statistics_of,
    version_of,
)

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

_Operation = Callable[["DeltaTable", "CommitProperties"], object]

_OLD_VERSIONS = 32
"""So many versions that were asked for by number are kept."""


@cache
def table_log(storage: Storage) -> "TableLog":
    """This process's handle of the table that lies there."""
    return TableLog(storage)


class TableLog:
    """The log of the table that lies in a storage. Its methods may be called from several threads.

    All of them raise Corrupt, naming the object, for a log that was damaged, and StorageError where the storage does
    not answer, is full or lets nobody in.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.name = storage.url.rpartition("/")[2]
        self._one_caller = threading.RLock()
        self._forget()

    def newest(self) -> TableVersion | None:
        """The table as it is now; None before its first commit, and after somebody deleted it."""
        with self._one_caller, self._in_words():
            number = self._version.number if self._version else -1
            if number >= 0 and self.storage.read(commits.commit_key(number)) != self._commit:
                self._forget()  # deleted, and perhaps made anew
            if self._version is None:
                self._open()
            elif self.storage.read(commits.commit_key(number + 1)) is not None:
                self._update()
            return self._version

    def at(self, number: int) -> TableVersion:
        """The table as it was. DeclarationError for a version that it never had."""
        newest = self.newest()
        with self._one_caller, self._in_words():
            if newest is None or not 0 <= number <= newest.number:
                there = f"the newest is {newest.number}" if newest else "it has none"
                raise DeclarationError(f"{self.name} has no version {number}: {there}")
            if number == newest.number:
                return newest
            if number not in self._old:
                while len(self._old) >= _OLD_VERSIONS:
                    self._old.pop(next(iter(self._old)))
                marks = commits.marks_up_to(self.storage, number)
                self._old[number] = version_of(self._opened(number), marks)
            return self._old[number]

    def create(self, contract: TableContract) -> None:
        """Make an empty table unless there is one."""
        if self.newest() is not None:
            return
        deltalake = _deltalake()
        with self._in_words():
            try:
                deltalake.DeltaTable.create(
                    self.storage.url,
                    deltalake.Schema(fields_of(contract)),
                    partition_by=[MONTH],
                    configuration=configuration_of(contract),
                    raise_if_key_not_exists=False,
                    commit_properties=deltalake.CommitProperties(
                        custom_metadata=commits.said_of_commit(lines=3), max_commit_retries=0
                    ),
                )
            except deltalake.exceptions.DeltaError:  # another process may have been first
                if self.newest() is None:
                    raise
            self.storage.sync(commits.commit_key(0))

    def evolve(self, base: TableVersion, contract: TableContract) -> bool:
        """Make the next version, as `commit` does: with a contract's new columns, or else one that may be null now."""
        added = contract.additions(self.name, base.contract)
        fields = [field for field in fields_of(contract) if field.name in added]
        if fields:
            return self._make(base, lambda table, how: table.alter.add_columns(fields, commit_properties=how), lines=2)
        column, said = contract.relaxations(base.contract)[0], {NEVER_NULL: "false"}
        return self._make(
            base, lambda table, how: table.alter.set_column_metadata(column, said, commit_properties=how), lines=2
        )

    def commit(
        self, base: TableVersion, added: Sequence[MonthFile], removed: Sequence[MonthFile], written: Sequence[str]
    ) -> bool:
        """Make the version after `base`: with other files, and with the partitions of some keys marked as written.

        False, with nothing changed, when another writer made that version. Conflict when somebody deleted the table.
        """
        from deltalake.transaction import AddAction, RemoveAction

        now, is_change = time.time_ns() // 1_000_000, bool(written)
        actions: list[AddAction | RemoveAction] = [
            *(RemoveAction(file.path, is_change, now, file.size, {MONTH: file.month}) for file in removed),
            *(
                AddAction(file.path, file.size, {MONTH: file.month}, now, is_change, statistics_of(file))
                for file in added
            ),
        ]

        def operation(table: "DeltaTable", how: "CommitProperties") -> None:
            table.create_write_transaction(
                actions, "append", table.schema(), partition_by=[MONTH], commit_properties=how
            )

        return self._make(base, operation, 1 + len(actions) + len(written), written)

    def checkpoint(self) -> int | None:
        """Summarize the log up to the newest version, for those who open the table later; gives that version."""
        with self._one_caller, self._in_words():
            version = self.newest()
            if self._table is None or version is None:
                return None
            self._table.create_checkpoint()
            return version.number

    def useless_files(self, keep: Collection[int], grace: timedelta) -> list[str]:
        """The files older than the grace that no version names which is the newest, to be kept, or was newest in it.

        Those that were deleted are among them.
        """
        with self._one_caller, self._in_words():
            newest = self.newest()
            if self._table is None or newest is None:
                return []
            return self._table.vacuum(
                int(grace / timedelta(hours=1)),
                dry_run=True,  # deltalake would delete, too, but as two more versions
                enforce_retention_duration=False,
                full=True,
                keep_versions=[number for number in keep if number <= newest.number] or None,
            )

    def verify(self) -> None:
        """Read every commit. Corrupt, naming it, for the first that is not whole."""
        commits.verify_log(self.storage)

    def _make(self, base: TableVersion, operation: _Operation, lines: int, written: Sequence[str] = ()) -> bool:
        """Make the version after `base` by one commit of so many lines."""
        deltalake, number, writer = _deltalake(), base.number + 1, uuid.uuid4().hex
        how = deltalake.CommitProperties(
            custom_metadata=commits.said_of_commit(lines, writer),
            max_commit_retries=0,  # that version or none: what it says follows from the one before
            app_transactions=[deltalake.Transaction(key, number) for key in written],
        )
        with self._one_caller, self._in_words():
            if self._table is None or self._version is not base or self._table.version() != base.number:
                return False  # another thread has seen a newer one
            try:
                operation(self._table, how)
            except (deltalake.exceptions.DeltaError, OSError) as error:
                # an answer can be lost after the commit was made
                made = commits.read_commit(self.storage, number)
                if made is None or made.writer != writer:
                    self._require_there(base)
                    if isinstance(error, deltalake.exceptions.CommitFailedError):
                        return False
                    raise
            self._require_there(base, made=[commits.commit_key(number)])
            self.storage.sync(commits.commit_key(number))
            self._update()
            return True

    def _require_there(self, base: TableVersion, made: Sequence[str] = ()) -> None:
        """Raise Conflict, and take back what was made, when the table is not there any more."""
        if self.storage.read(commits.commit_key(base.number)) != self._commit:
            self.storage.delete(list(made))
            raise Conflict(f"{self.name}: not written: somebody deleted {self.storage.url}")

    def _forget(self) -> None:
        self._table: DeltaTable | None = None
        self._version: TableVersion | None = None
        self._commit: bytes | None = None
        self._old: dict[int, TableVersion] = {}

    def _open(self) -> None:
        try:
            table = self._opened()
        except _deltalake().exceptions.TableNotFoundError:
            return
        self._see(table, commits.marks_up_to(self.storage, table.version()))

    def _update(self) -> None:
        """See the versions that were made since."""
        if self._table is not None and self._version is not None:
            self._table.update_incremental()
            marks = commits.marks_between(self.storage, self._version.number, self._table.version())
            self._see(self._table, self._version.marks | marks)

    def _see(self, table: "DeltaTable", marks: frozenset[str]) -> None:
        self._table, self._version = table, version_of(table, marks)
        self._commit = self.storage.read(commits.commit_key(self._version.number))

    def _opened(self, version: int | None = None) -> "DeltaTable":
        return _deltalake().DeltaTable(self.storage.url, version=version)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        errors = _deltalake().exceptions
        try:
            yield
        except (OSError, errors.DeltaError) as error:
            commits.verify_log(self.storage)
            raise storage_error(self.storage.url, error) from error


@cache
def _first_process() -> int:
    return os.getpid()


def _deltalake() -> Any:
    """The library, whose threads are lost in a process that was forked after it was used."""
    if _first_process() != os.getpid():
        raise StorageError(
            "this process was forked from one that had read or written tables, which deltalake does not survive: start "
            "processes with the method spawn or forkserver"
        )
    import deltalake

    return deltalake
