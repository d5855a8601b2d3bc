"""Tables of whole partitions on Delta Lake: many are written in one commit, each is replaced whole, none is torn."""

import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

import attrs
import polars as pl

from fti_assets.contracts.errors import AlreadyIssued, Conflict, MissingPartitions, StorageError
from fti_assets.contracts.partition_keys import start_of_key
from fti_assets.contracts.time import PERIODS, Window
from fti_assets.stores.batch import Batch, batch_of
from fti_assets.stores.commits import commits_between
from fti_assets.stores.month_files import EVERYTHING, MonthFile, contents_in, read_months, write_month
from fti_assets.stores.sealed import sha256
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import PARTITION, TableContract
from fti_assets.stores.table_log import table_log
from fti_assets.stores.table_version import TableVersion

_TRIES = 100
_DIGITS = 32
"""Hexadecimal digits of the name of what several partitions hold."""


@attrs.frozen
class Write:
    """What a write did.

    Attributes:
        version: the table's after it.
        changed: the first instants of the partitions that are new or have other rows now.
        contents: the content of each of its partitions by its key, "" of one without rows.
    """

    version: int
    changed: list[datetime]
    contents: Mapping[str, str]


class PartitionedTable:
    """Rows by the hour, day or week of an instant. A partition is absent, or written (perhaps with no rows).

    A table of deltalake, with a file for each month that was written at once or corrected since, and one for each day
    that was added to it. Which partitions were written is recorded in the commit that writes their rows, as Delta
    application transactions, so an empty partition is not taken for a missing one.

    Args:
        storage: where the table lies.
        contract: what its rows are. A column that the table lacks is null in its rows, and added by the next write.
        hold: read each version as it was at the first look, the present one too: for readers of many parts.

    Raises:
        DeclarationError: by every method, when the table's rows are of another contract that this one cannot follow.
        Corrupt: by every method, naming the object, where one that is read was damaged.
        StorageError: by every method, where the storage is full, does not answer or lets nobody in.
    """

    def __init__(self, storage: Storage, contract: TableContract, hold: bool = False) -> None:
        self.storage = storage
        self.contract = contract
        self.name = storage.url.rpartition("/")[2]
        self._period = PERIODS[contract.partitions]
        self._log = table_log(storage)
        self._held: dict[int | None, TableVersion] | None = {} if hold else None

    def write(self, frame: pl.DataFrame, window: Window, at: pl.Expr, once: bool = False) -> Write:
        """Replace the window's partitions by the frame's rows, in their order; `at` is the instant that places a row.

        Partitions that hold these very rows already are left as they are.
        Nothing is written and ContractViolation raised for rows of other types or partitions; AlreadyIssued if `once`
        and one of them was written before, by whichever process; Conflict when others keep winning.
        """
        self.check()
        batch = batch_of(self.name, self.contract, frame, window, at)
        self._log.create(self.contract)
        written: dict[tuple[object, ...], MonthFile] = {}
        for attempt in range(_TRIES):
            now = self._log.newest()
            if now is None:
                raise Conflict(f"{self.name}: {window} not written: somebody deleted {self.storage.url}")
            if self.contract.additions(self.name, now.contract) or self.contract.relaxations(now.contract):
                self._log.evolve(now, self.contract)
                continue
            changed = self._unissued(now, batch) if once else self._changed(now, batch)
            if not changed:
                return Write(now.number, [], batch.all_contents)
            try:
                added, removed = self._replacement(now, batch, changed, written)
                is_made = self._log.commit(now, added, removed, changed)
            except StorageError:
                self._clean_up(written.values())
                raise
            if is_made:
                return Write(now.number + 1, [batch.starts[key] for key in changed], batch.all_contents)
            # S311: the jitter keeps writers apart, it guards nothing
            time.sleep(random.uniform(0, 0.001 * 2 ** min(attempt, 6)))  # noqa: S311
        raise Conflict(f"{self.name}: {window} not written: other writers won {_TRIES} times; try again")

    def check(self) -> None:
        """Raise DeclarationError when the table's rows are of a contract that this one cannot follow."""
        self._open()

    def read(self, window: Window, columns: Sequence[str] | None = None, version: int | None = None) -> pl.DataFrame:
        """The rows of the partitions that the window touches, whole, in their order and then as written.

        MissingPartitions for one that was written before a column that is never null was declared.
        """
        names = list(columns or self.contract.columns)
        table = self._open(version)
        types = {name: self.contract.columns[name].polars for name in names}
        first, last = self._span(window)
        rows = read_months(self.storage, table.files if table else (), types, first, last)
        for name in self.contract.never_null.intersection(names):
            if table and rows[name].null_count():
                self._require_made_again(table, name, first, last)
        return rows

    def contents(self, window: Window, version: int | None = None) -> list[str]:
        """The names of what the window's partitions hold, in order, of those with rows: equal names, equal rows."""
        table = self._open(version)
        held = contents_in(self.storage, table.files, *self._span(window)) if table else {}
        return [f"{key} {content}" for key, content in held.items()]

    def contents_to_be(self, frame: pl.DataFrame, window: Window, at: pl.Expr) -> Mapping[str, str]:
        """The content of each partition by its key, "" of one without rows, if these rows were written."""
        return batch_of(self.name, self.contract, frame, window, at).all_contents

    def present(self) -> dict[datetime, str]:
        """The content of each partition that was written, "" of one without rows, by its first instant, in order."""
        table = self._open()
        if table is None:
            return {}
        held = dict.fromkeys(table.marks, "") | contents_in(self.storage, table.files, *EVERYTHING)
        return {start_of_key(key): content for key, content in sorted(held.items())}

    def digests(self, windows: Sequence[Window]) -> list[str]:
        """For each window the name of all that its partitions hold: equal names, equal rows in equal partitions."""
        table, spans = self._open(), [self._span(window) for window in windows]
        reached = min(first for first, _ in spans), max(last for _, last in spans)
        held = contents_in(self.storage, table.files, *reached) if table else {}
        keys, lines = list(held), [f"{key} {content}" for key, content in held.items()]
        parts = (lines[bisect_left(keys, first) : bisect_right(keys, last)] for first, last in spans)
        return [sha256("\n".join(part).encode())[:_DIGITS] for part in parts]

    def written_since(self, version: int) -> list[tuple[int, datetime, frozenset[str]]]:
        """The versions after one: the number of each, when it was made, and the keys of the partitions it changed."""
        table = self._open()
        commits = commits_between(self.storage, version, table.number) if table else ()
        return [(number, commit.made, commit.marks) for number, commit in enumerate(commits, version + 1)]

    def missing(self, starts: Sequence[datetime]) -> list[datetime]:
        """Those of the partitions, named by their first instants, that were never written."""
        table = self._open()
        if table is None or not starts:
            return list(starts)
        keys = {start: self._period.key(start) for start in starts}
        held = contents_in(self.storage, table.files, min(keys.values()), max(keys.values()))
        return [start for start, key in keys.items() if key not in held and key not in table.marks]

    def first(self) -> datetime | None:
        """The first instant of the earliest partition that was written, with rows or without."""
        table = self._open()
        return None if table is None or not table.written else start_of_key(min(table.written))

    def last(self) -> datetime | None:
        """The first instant of the latest partition that has rows."""
        table = self._open()
        return start_of_key(max(file.last for file in table.files)) if table and table.files else None

    def last_written(self) -> datetime | None:
        """The first instant of the latest partition that was written, with rows or without."""
        table = self._open()
        return None if table is None or not table.written else start_of_key(max(table.written))

    def version(self) -> int | None:
        """The table's version now; None before its first write."""
        table = self._open()
        return None if table is None else table.number

    def _changed(self, now: TableVersion, batch: Batch) -> list[str]:
        """The keys of the partitions that were never written or hold other rows."""
        held = contents_in(self.storage, now.files, batch.first, batch.last)
        return [
            key
            for key in batch.starts
            if batch.contents.get(key) != held.get(key) or (key not in held and key not in now.marks)
        ]

    def _unissued(self, now: TableVersion, batch: Batch) -> list[str]:
        """The keys of all partitions; AlreadyIssued when one was written."""
        held = contents_in(self.storage, now.files, batch.first, batch.last)
        issued = [key for key in batch.starts if key in held or key in now.marks]
        if issued:
            raise AlreadyIssued(
                f"{self.name} for {', '.join(issued[:3])} was issued and is immutable: a backtest belongs under "
                "another home"
            )
        return list(batch.starts)

    def _replacement(
        self, now: TableVersion, batch: Batch, changed: Sequence[str], written: dict[tuple[object, ...], MonthFile]
    ) -> tuple[list[MonthFile], list[MonthFile]]:
        """The files to add and those to remove; `written` are those of earlier tries, which may do again.

        A month of which a partition with rows is replaced becomes one file; new partitions are a file beside it.
        """
        added, removed = [], []
        for month, group in groupby(changed, lambda key: key[:7]):
            keys = list(group)
            there = [file for file in now.files if file.month == month]
            if not contents_in(self.storage, there, *EVERYTHING).keys() & set(keys):
                there = []
            made_of = (*keys, *there)
            if made_of not in written:
                rows = batch.rows_of(keys)
                if there:
                    types = now.contract.stored_types
                    others = read_months(self.storage, there, types, *EVERYTHING)
                    others = others.filter(~pl.col(PARTITION).is_in(keys))
                    rows = pl.concat([others, rows], how="diagonal").sort(PARTITION, maintain_order=True)
                if len(rows):
                    written[made_of] = write_month(self.storage, rows)
            added += [written[made_of]] if made_of in written else []
            removed += there
        return added, removed

    def _clean_up(self, files: Iterable[MonthFile]) -> None:
        """Delete files of a folder that no commit names; in a bucket a commit may still arrive, so vacuum has them."""
        if self.storage.folder is not None:
            now = self._log.newest()
            self.storage.delete([file.path for file in files if now is None or file not in now.files])

    def _require_made_again(self, table: TableVersion, column: str, first: str, last: str) -> None:
        """Raise MissingPartitions, naming those that were written before the column was declared."""
        types = {PARTITION: pl.String(), column: self.contract.columns[column].polars}
        rows = read_months(self.storage, table.files, types, first, last)
        keys = rows.filter(pl.col(column).is_null())[PARTITION].unique(maintain_order=True).to_list()
        more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
        raise MissingPartitions(
            f"{self.name} for {', '.join(keys[:3])}{more} was written before {column} was declared, which is "
            "never null: materialize it again"
        )

    def _span(self, window: Window) -> tuple[str, str]:
        """The keys of the first and the last partition that the window touches."""
        whole = self._period.covering(window)
        return self._period.key(whole.start), self._period.key(whole.end - self._period.length)

    def _open(self, version: int | None = None) -> TableVersion | None:
        held = self._held if self._held is not None else {}
        if version not in held:
            table = self._log.newest() if version is None else self._log.at(version)
            if table is None:
                return None
            self.contract.additions(self.name, table.contract)
            held[version] = held.setdefault(table.number, table)
        return held[version]
