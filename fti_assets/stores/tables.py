"""Tables of whole partitions on Delta Lake: many are written in one commit, each is replaced whole, none is torn."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import polars as pl

from fti_assets.contracts.errors import AlreadyIssued, Conflict, ContractViolation, DeclarationError, FailingCase
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import DAILY, DAY, Period, Window, midnight
from fti_assets.stores.delta_log import Action, DeltaLog, Snapshot, milliseconds
from fti_assets.stores.frames import TIME, empty
from fti_assets.stores.month_files import Month, MonthFiles
from fti_assets.stores.partition_files import directory_of, read_files, write_files

_ATTEMPTS = 100
_CHECKPOINT_COMMITS = 32
_CHECKPOINT_PARTITIONS = 28
_TRUNCATED = {"hourly": "1h", "daily": "1d", "weekly": "1w"}
_CONFIGURATION = {
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.dataSkippingNumIndexedCols": "0",
}


@dataclass(frozen=True)
class Write:
    """What a write did: the table's version after it, and the partitions that are new or have other rows now."""

    version: int
    changed: list[datetime]


class PartitionedTable:
    """Rows by the hour, day or week of an instant. A partition is absent, or written (perhaps with no rows).

    Which were written is recorded in the commit that writes their rows, as Delta application transactions, so an empty
    partition is not taken for a missing one. With `hold`, each version is opened once and the present one stays what
    it was at the first look: for readers of many parts.
    """

    def __init__(self, path: Path, columns: Mapping[str, Kind], period: Period = DAILY, hold: bool = False) -> None:
        self.path = path
        self.columns = dict(columns)
        self.period = period
        self._log = DeltaLog(path)
        self._months = MonthFiles(path)
        self._held: dict[int | None, Snapshot] | None = {} if hold else None

    def write(self, frame: pl.DataFrame, window: Window, at: pl.Expr, once: bool = False) -> Write:
        """Replace the window's partitions by the frame's rows, in their order; `at` is the instant that places a row.

        Partitions that hold these very rows already are left as they are.
        Nothing is written and ContractViolation raised for rows of other types or partitions; AlreadyIssued if `once`
        and one of them was written before, by whichever process; Conflict when others keep winning.
        """
        given, written = self._checked(frame, window, at), dict[datetime, Action]()
        self._create()
        for attempt in range(_ATTEMPTS):
            now = self._of_contract(self._log.snapshot())
            if now is None:
                raise Conflict(f"{self.path.name}: {window} not written: somebody deleted {self.path}")
            starts = list(given)
            if once:
                self._refuse_issued(now, starts)
            else:
                starts = list(self._changed(now, given, at))
            if not starts:
                return Write(now.version, [])
            unwritten = [start for start in starts if start not in written and len(given[start])]
            written |= write_files(self.path, {start: (self._values(start), given[start]) for start in unwritten})
            if self._log.commit(now.version + 1, self._actions(now, starts, written)):
                if len(starts) >= _CHECKPOINT_PARTITIONS or (now.version + 1) % _CHECKPOINT_COMMITS == 0:
                    self._log.checkpoint(now.version + 1)
                self._keep_months(now.version + 1, given)
                return Write(now.version + 1, starts)
            # S311: the jitter keeps writers apart, it guards nothing
            time.sleep(random.uniform(0, 0.001 * 2 ** min(attempt, 6)))  # noqa: S311
        raise Conflict(f"{self.path.name}: {window} not written: other writers won {_ATTEMPTS} times; try again")

    def read(self, window: Window, columns: Sequence[str] | None = None, version: int | None = None) -> pl.DataFrame:
        """The rows of the partitions that the window touches, whole, in their order and then as written."""
        names = list(columns or self.columns)
        table = self._open(version)
        return self._rows(table, self.period.starts(window), names) if table else self._nothing(names)

    def files(self, window: Window, version: int | None = None) -> list[str]:
        """The names of the files that hold the window's partitions, in order: equal names, equal rows."""
        table = self._open(version)
        return [name for s in self.period.starts(window) for name in self._files(table, s)] if table else []

    def missing(self, starts: Sequence[datetime]) -> list[datetime]:
        """Those of the partitions, named by their first instants, that were never written."""
        table = self._open()
        return [s for s in starts if table is None or self.period.key(s) not in table.marks]

    def first(self) -> datetime | None:
        """The first instant of the earliest partition that has rows."""
        table = self._open()
        return self._start(min(table.files, key=_in_time)) if table and table.files else None

    def last(self) -> datetime | None:
        """The first instant of the latest partition that has rows."""
        table = self._open()
        return self._start(max(table.files, key=_in_time)) if table and table.files else None

    def version(self) -> int | None:
        """The table's version now; None before its first write."""
        table = self._open()
        return None if table is None else table.version

    def version_at(self, moment: datetime) -> int | None:
        """The table's version as of an instant; None when it did not exist yet."""
        return self._log.version_at(moment)

    def _checked(self, frame: pl.DataFrame, window: Window, at: pl.Expr) -> dict[datetime, pl.DataFrame]:
        """Each partition's rows in the table's types; integers of other widths and columns of nulls are cast."""
        if window != self.period.covering(window):
            raise DeclarationError(
                f"{self.path.name}: {window.start} to {window.end}: expected whole {self.period.noun}s of UTC, because "
                "a partition is replaced whole"
            )
        rows = frame.select(list(self.columns))
        types = {name: kind.polars for name, kind in self.columns.items()}
        cases = [
            FailingCase(name, f"is {wanted}", str(given), len(rows))
            for (name, wanted), given in zip(types.items(), rows.dtypes, strict=True)
            if not (given in (wanted, pl.Null) or (given.is_integer() and wanted == pl.Int64))
        ]
        outside = rows.select(at.alias("ds")).filter(
            ~pl.col("ds").is_between(window.start, window.end, closed="left").fill_null(False)
        )["ds"]
        if len(outside):
            cases.append(FailingCase("ds", f"in {window}", str(outside[0]), len(outside)))
        if cases:
            raise ContractViolation(self.path.name, cases)
        parts = self._parted(rows.cast({name: t for name, t in types.items() if rows.schema[name] != t}), at)
        nothing = empty(self.columns)
        return {start: parts.get(start, nothing) for start in self.period.starts(window)}

    def _parted(self, rows: pl.DataFrame, at: pl.Expr) -> dict[datetime, pl.DataFrame]:
        """The rows by the first instant of their partition."""
        placed = rows.with_columns(at.cast(TIME).dt.truncate(_TRUNCATED[self.period.name]).alias("ds"))
        parts = placed.partition_by("ds", maintain_order=True, include_key=False, as_dict=True)
        return {start: part for (start,), part in parts.items()}

    def _changed(self, now: Snapshot, given: Mapping[datetime, pl.DataFrame], at: pl.Expr) -> Iterator[datetime]:
        """The partitions that were never written or hold other rows."""
        there = [start for start in given if self.period.key(start) in now.marks]
        held = self._parted(self._rows(now, there, list(self.columns)), at) if there else {}
        nothing = empty(self.columns)
        same = {start for start in there if given[start].equals(held.get(start, nothing))}
        return (start for start in given if start not in same)

    def _refuse_issued(self, now: Snapshot, starts: Sequence[datetime]) -> None:
        issued = [key for key in map(self.period.key, starts) if key in now.marks]
        if issued:
            raise AlreadyIssued(
                f"{self.path.name} for {', '.join(issued[:3])} was issued and is immutable: a backtest belongs under "
                "another home"
            )

    def _actions(
        self, now: Snapshot, starts: Sequence[datetime], written: Mapping[datetime, Action]
    ) -> Iterator[Action]:
        at = milliseconds()
        for start in starts:
            for path in self._files(now, start):
                yield {"remove": {"path": path, "deletionTimestamp": at, "dataChange": True}}
            if start in written:
                yield {"add": written[start]}
            yield {"txn": {"appId": self.period.key(start), "version": now.version + 1, "lastUpdated": at}}

    def _rows(self, table: Snapshot, starts: Sequence[datetime], names: Sequence[str]) -> pl.DataFrame:
        """The rows of partitions in their order."""
        months = [
            Month(f"{month:%Y-%m}", self._of_month(table, month), wanted)
            for month, each in groupby(starts, _month)
            if (wanted := [name for start in each for name in self._files(table, start)])
        ]
        try:
            parts = list(self._months.read(months, names))
        except FileNotFoundError:  # another process has just replaced a month's file
            files = [self.path / name for month in months for name in month.wanted]
            parts = [read_files(files, names)]
        return pl.concat([self._nothing(names), *parts])

    def _nothing(self, names: Sequence[str]) -> pl.DataFrame:
        return empty({name: self.columns[name] for name in names})

    def _keep_months(self, version: int, given: Mapping[datetime, pl.DataFrame]) -> None:
        """Keep the file of each month that is whole now; `given` are the rows that were written."""
        table = self._log.snapshot(version)
        for month in sorted({_month(start) for start in given}):
            starts = self._starts_of(month)
            if table and all(self.period.key(start) in table.marks for start in starts):
                parts = {name: given.get(start) for start in starts for name in self._files(table, start)}
                rows = (
                    read_files([self.path / name], list(self.columns)) if part is None else part
                    for name, part in parts.items()
                )
                self._months.write(f"{month:%Y-%m}", list(parts), rows)

    def _of_month(self, table: Snapshot, month: datetime) -> list[str]:
        """All files of a month, in order."""
        return [name for start in self._starts_of(month) for name in self._files(table, start)]

    def _starts_of(self, month: datetime) -> list[datetime]:
        """The partitions that start in a month."""
        end = (month + 31 * DAY).replace(day=1)
        return [start for start in self.period.starts(Window(month, end)) if start >= month]

    def _values(self, start: datetime) -> dict[str, str]:
        """A partition's values of the table's partition columns."""
        return {"ds": start.date().isoformat()} | ({"hour": str(start.hour)} if self.period.length < DAY else {})

    def _files(self, table: Snapshot, start: datetime) -> Sequence[str]:
        return table.files.get(directory_of(self._values(start)), ())

    def _start(self, directory: str) -> datetime:
        values = dict(part.split("=") for part in directory.split("/"))
        return midnight(values["ds"]).replace(hour=int(values.get("hour", 0)))

    def _open(self, version: int | None = None) -> Snapshot | None:
        if self._held is None:
            return self._of_contract(self._log.snapshot(version))
        if version not in self._held:
            table = self._of_contract(self._log.snapshot(version))
            if table is None:
                return None
            self._held[version] = self._held.setdefault(table.version, table)
        return self._held[version]

    def _of_contract(self, table: Snapshot | None) -> Snapshot | None:
        if table is None:
            return None
        held, partitions = set(table.columns) - set(table.partitioned_by), table.description or "daily"
        if held == set(self.columns) and partitions == self.period.name:
            return table
        raise DeclarationError(
            f"the table of {self.path.name} holds {', '.join(sorted(held))} in {partitions} partitions, but its "
            f"contract says {', '.join(sorted(self.columns))} in {self.period.name} ones: name it anew, or delete "
            f"{self.path} and materialize it"
        )

    def _create(self) -> None:
        from deltalake import DeltaTable, Schema
        from deltalake.exceptions import CommitFailedError

        if self._log.snapshot() is not None:
            return
        self.path.mkdir(parents=True, exist_ok=True)
        types = {name: kind.polars for name, kind in self.columns.items()} | {"ds": pl.Date()}
        if self.period.length < DAY:
            types["hour"] = pl.Int32()
        schema = Schema.from_arrow(pl.DataFrame(schema=types).to_arrow().schema)
        by = [name for name in types if name not in self.columns]
        try:
            DeltaTable.create(
                self.path,
                schema,
                mode="ignore",
                partition_by=by,
                description=self.period.name,  # `ds` alone does not tell weeks from days
                configuration=_CONFIGURATION,
            )
        except CommitFailedError:  # another process created it between the look and the commit
            if self._log.snapshot() is None:
                raise


def _month(start: datetime) -> datetime:
    return start.replace(day=1, hour=0)


def _in_time(directory: str) -> tuple[str, int, str]:
    """What puts folders in the order of their partitions, among them `hour=5` before `hour=10`."""
    return directory[: len("ds=2024-01-31")], len(directory), directory
