"""Tables of whole days on Delta Lake: written many days in one commit, replaced a day at a time, never torn."""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from fti_assets.compute.frames import POLARS_TYPES, empty
from fti_assets.spec.errors import Conflict
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
    is not taken for a missing one.
    """

    def __init__(self, path: Path, columns: Mapping[str, Kind]) -> None:
        self.path = path
        self.columns = dict(columns)

    def write(self, frame: pl.DataFrame, window: Window, days_of: pl.Expr) -> int:
        """Replace the window's days by the frame's rows, in their order; the table's version after it."""
        from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
        from deltalake.exceptions import CommitFailedError

        rows = frame.select(list(self.columns)).with_columns(days_of.cast(pl.Date).alias("ds"))
        days = window.days
        self._create()
        for attempt in range(_ATTEMPTS):
            table = DeltaTable(self.path)
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
        with_rows = {str(partition["ds"]) for partition in table.partitions()}
        return [d for d in days if str(d) not in with_rows and table.transaction_version(d.isoformat()) is None]

    def first_day(self) -> date | None:
        """The earliest day that has rows."""
        table = self._open()
        days = [date.fromisoformat(str(partition["ds"])) for partition in table.partitions()] if table else []
        return min(days, default=None)

    def last_day(self) -> date | None:
        """The latest day that has rows."""
        table = self._open()
        days = [date.fromisoformat(str(partition["ds"])) for partition in table.partitions()] if table else []
        return max(days, default=None)

    def version(self) -> int | None:
        """The table's version now; None before its first write."""
        table = self._open()
        return None if table is None else table.version()

    def _open(self, version: int | None = None) -> "DeltaTable | None":
        from deltalake import DeltaTable

        if not (self.path / "_delta_log").is_dir():
            return None
        return DeltaTable(self.path, version=version)

    def _create(self) -> None:
        from deltalake import DeltaTable, Schema

        if (self.path / "_delta_log").is_dir():
            return
        self.path.mkdir(parents=True, exist_ok=True)
        fields = {name: POLARS_TYPES[kind] for name, kind in self.columns.items()}
        schema = Schema.from_arrow(pl.DataFrame(schema={**fields, "ds": pl.Date}).to_arrow().schema)
        DeltaTable.create(self.path, schema, mode="ignore", partition_by=["ds"], configuration=_CONFIGURATION)


def day_of(column: str) -> pl.Expr:
    """The UTC day of a time column."""
    return pl.col(column).dt.date()
