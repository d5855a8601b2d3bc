"""Tables of whole days on Delta Lake: written many days in one commit, replaced a day at a time, never torn."""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from fti_assets.compute.frames import POLARS_TYPES, empty
from fti_assets.spec.errors import AlreadyIssued, Conflict, ContractViolation, DeclarationError
from fti_assets.spec.schema import Kind
from fti_assets.spec.time import Window

if TYPE_CHECKING:
    from deltalake import DeltaTable

_ATTEMPTS = 20
_CHECKPOINT_DAYS = 28
_CONFIGURATION = {
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.enableExpiredLogCleanup": "false",
}


class DayTable:
    """Rows by UTC day (`ds`). A day is absent, or written (perhaps with no rows): each write says which days it wrote.

    The days are recorded in the commit that writes their rows, as Delta application transactions, so an empty day
    is not taken for a missing one. With `hold`, each version is opened once and the present one stays what it was at
    the first look: for readers of many parts.
    """

    def __init__(self, path: Path, columns: Mapping[str, Kind], hold: bool = False) -> None:
        self.path = path
        self.columns = dict(columns)
        self._held: dict[int | None, DeltaTable] | None = {} if hold else None

    def write(self, frame: pl.DataFrame, window: Window, days_of: pl.Expr, once: bool = False) -> int:
        """Replace the window's days by the frame's rows, in their order; the table's version after it.

        Nothing is written and ContractViolation raised for rows of other types or days; AlreadyIssued if `once` and
        one of the days was written before, by whichever process; Conflict when others keep winning.
        """
        from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
        from deltalake.exceptions import CommitFailedError

        rows, days = self._checked(frame, window, days_of), window.days
        self._create()
        for attempt in range(_ATTEMPTS):
            if not DeltaTable.is_deltatable(str(self.path)):
                raise Conflict(f"{self.path.name}: {window} not written: somebody deleted {self.path}")
            table = self._of_contract(DeltaTable(self.path))
            issued = [day for day in days if once and _is_written(table, day)]
            if issued:
                raise AlreadyIssued(
                    f"{self.path.name} for {', '.join(map(str, issued[:3]))} was issued and is immutable: a backtest "
                    "belongs under another home"
                )
            marks = [
                Transaction(day.isoformat(), (table.transaction_version(day.isoformat()) or 0) + 1) for day in days
            ]
            try:
                write_deltalake(
                    table,
                    rows,
                    mode="overwrite",
                    predicate=f"ds >= '{days[0]}' AND ds <= '{days[-1]}'",
                    commit_properties=CommitProperties(app_transactions=marks, max_commit_retries=50),
                )
            except CommitFailedError:
                # S311: the jitter keeps writers apart, it guards nothing
                time.sleep(random.uniform(0, 0.05 * 2 ** min(attempt, 5)))  # noqa: S311
                continue
            if len(days) >= _CHECKPOINT_DAYS:
                table.create_checkpoint()
            return table.version()
        raise Conflict(f"{self.path.name}: {window} not written: other writers won {_ATTEMPTS} times; try again")

    def read(self, window: Window, columns: Sequence[str] | None = None, version: int | None = None) -> pl.DataFrame:
        """The window's whole days, ordered by day and then as written."""
        names = list(columns or self.columns)
        table = self._open(version)
        if table is None:
            return empty({name: self.columns[name] for name in names})
        days = window.days
        scan = pl.scan_delta(table).filter(pl.col("ds").is_between(days[0], days[-1]))
        return scan.select(*names, "ds").collect().sort("ds", maintain_order=True).drop("ds")

    def missing(self, days: Sequence[date]) -> list[date]:
        """Those of the days that were never written."""
        table = self._open()
        if table is None:
            return list(days)
        with_rows = _days_with_rows(table)
        return [day for day in days if day not in with_rows and not _is_written(table, day)]

    def first_day(self) -> date | None:
        """The earliest day that has rows."""
        table = self._open()
        return min(_days_with_rows(table), default=None) if table else None

    def last_day(self) -> date | None:
        """The latest day that has rows."""
        table = self._open()
        return max(_days_with_rows(table), default=None) if table else None

    def version(self) -> int | None:
        """The table's version now; None before its first write."""
        table = self._open()
        return None if table is None else table.version()

    def _checked(self, frame: pl.DataFrame, window: Window, days_of: pl.Expr) -> pl.DataFrame:
        """The rows with their day, in the table's types; integers of other widths and columns of nulls are cast."""
        if window != Window.of_days(window.days[0], window.days[-1]):
            raise DeclarationError(f"{self.path.name}: {window.start} to {window.end}: expected whole days")
        rows = frame.select(list(self.columns))
        cases = [
            {"column": name, "check": f"is {wanted}", "value": str(given), "rows": str(len(rows))}
            for (name, wanted), given in zip(self._types.items(), rows.dtypes, strict=True)
            if not (given in (wanted, pl.Null) or (given.is_integer() and wanted == pl.Int64))
        ]
        rows = rows.with_columns(days_of.cast(pl.Date).alias("ds"))
        outside = rows.filter(~pl.col("ds").is_between(window.days[0], window.days[-1]).fill_null(False))["ds"]
        if len(outside):
            cases.append({"column": "ds", "check": f"in {window}", "value": f"{outside[0]}", "rows": f"{len(outside)}"})
        if cases:
            raise ContractViolation(self.path.name, cases)
        return rows.cast({name: wanted for name, wanted in self._types.items() if rows.schema[name] != wanted})

    def files(self, window: Window, version: int | None = None) -> list[str]:
        """The names of the files that hold the window's days: equal names, equal rows."""
        table = self._open(version)
        days = {f"ds={day}" for day in window.days}
        uris = table.file_uris() if table else []
        return sorted("/".join(uri.split("/")[-2:]) for uri in uris if uri.split("/")[-2] in days)

    def _open(self, version: int | None = None) -> "DeltaTable | None":
        if self._held is None:
            return self._opened(version)
        if version not in self._held:
            table = self._opened(version)
            if table is None:
                return None
            self._held[version] = self._held.setdefault(table.version(), table)
        return self._held[version]

    def _opened(self, version: int | None) -> "DeltaTable | None":
        commits = sorted((self.path / "_delta_log").glob("[0-9]" * 20 + ".json"))
        # the log's directory alone is no table: its creator may be about to commit, or was killed
        if not commits:
            return None
        commit = commits[-1] if version is None else commits[0].with_name(f"{version:020}.json")
        return self._of_contract(_snapshot(self.path, int(commit.stem), commit.stat().st_mtime_ns))

    def _of_contract(self, table: "DeltaTable") -> "DeltaTable":
        held = {field.name for field in table.schema().fields} - {"ds"}
        if held != set(self.columns):
            raise DeclarationError(
                f"the table of {self.path.name} holds {', '.join(sorted(held))}, but its contract says "
                f"{', '.join(sorted(self.columns))}: name it anew, or delete {self.path} and materialize it"
            )
        return table

    def _create(self) -> None:
        from deltalake import DeltaTable, Schema

        if DeltaTable.is_deltatable(str(self.path)):
            return
        self.path.mkdir(parents=True, exist_ok=True)
        schema = Schema.from_arrow(pl.DataFrame(schema={**self._types, "ds": pl.Date()}).to_arrow().schema)
        DeltaTable.create(self.path, schema, mode="ignore", partition_by=["ds"], configuration=_CONFIGURATION)

    @property
    def _types(self) -> dict[str, pl.DataType]:
        return {name: POLARS_TYPES[kind] for name, kind in self.columns.items()}


@lru_cache(maxsize=64)
def _snapshot(path: Path, version: int, written_at: int) -> "DeltaTable":  # noqa: ARG001  # a table made anew is another
    """The table at a version, opened once in a process; for reading only, since a write moves a table on."""
    from deltalake import DeltaTable

    return DeltaTable(path, version=version)


def day_of(column: str) -> pl.Expr:
    """The UTC day of a time column."""
    return pl.col(column).dt.date()


def _is_written(table: "DeltaTable", day: date) -> bool:
    return table.transaction_version(day.isoformat()) is not None


def _days_with_rows(table: "DeltaTable") -> set[date]:
    return {date.fromisoformat(str(partition["ds"])) for partition in table.partitions()}
