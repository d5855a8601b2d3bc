"""The feature store: each group's rows by the day they became known."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl

from fti_assets.compute.frames import to_polars
from fti_assets.spec.errors import MissingPartitions
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.time import Window
from fti_assets.stores.slice_store import SliceStore
from fti_assets.stores.tables import DayTable, day_of

WHOLE = Window.of_days("1970-01-01", "1970-01-01")
"""The one partition that holds all of a dimension."""


class FeatureStore:
    """Feature groups under one directory, a Delta table each; any version of a table can be read again."""

    def __init__(self, root: Path, tables: dict[str, DayTable] | None = None) -> None:
        self.root = root
        self.slices = SliceStore(root / ".slices")
        self._tables = tables

    def snapshot(self) -> "FeatureStore":
        """The store as it is now: each table is opened once, at its first use, and stays at the version it had then."""
        return self if self._tables is not None else FeatureStore(self.root, tables={})

    def write(self, group: FeatureGroup, frame: pd.DataFrame, window: Window) -> int:
        """Replace the window's partitions (a dimension: everything) by validated rows; the table's version after it."""
        rows = to_polars(frame, group.columns)
        if group.dimension:
            return self._table(group).write(rows, WHOLE, pl.lit(WHOLE.start.date()))
        known_at = str(group.known_at)
        return self._table(group).write(rows.sort(known_at, maintain_order=True), window, day_of(known_at))

    def read(
        self, group: FeatureGroup, window: Window, columns: Sequence[str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        """The rows of the window's days (a dimension: all rows), ordered by when they became known."""
        return self._table(group).read(WHOLE if group.dimension else window, columns, version)

    def require(self, group: FeatureGroup, window: Window) -> None:
        """Raise MissingPartitions unless every day of the window (of a dimension: all of it) was written."""
        self._require(group, WHOLE.days if group.dimension else window.days)

    def require_history(self, group: FeatureGroup, window: Window) -> None:
        """Raise MissingPartitions unless every day of the window since the group's first rows was written.

        Days before a group's first rows cannot be missed: there history begins.
        """
        if group.dimension or self._table(group).version() is None:
            self.require(group, window)
            return
        first = self._table(group).first_day()
        self._require(group, [day for day in window.days if first and day >= first])

    def _require(self, group: FeatureGroup, days: Sequence[date]) -> None:
        missing = self._table(group).missing(days)
        if missing:
            shown = ", ".join(map(str, missing[:3])) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            what = "" if group.dimension else f" for {shown}"
            raise MissingPartitions(f"feature group {group.name} was not materialized{what}: materialize it first")

    def files(self, group: FeatureGroup, window: Window, version: int | None = None) -> list[str]:
        """The names of the files that hold the window's rows: equal names, equal rows."""
        return self._table(group).files(WHOLE if group.dimension else window, version)

    def missing(self, group: FeatureGroup, days: Sequence[date]) -> list[date]:
        """Those of the days that were never written."""
        return self._table(group).missing(days)

    def last_day(self, group: FeatureGroup) -> date | None:
        """The latest day with rows."""
        return self._table(group).last_day()

    def version(self, group: FeatureGroup) -> int | None:
        """The table's version now, to pin a dataset to; None before its first write."""
        return self._table(group).version()

    def _table(self, group: FeatureGroup) -> DayTable:
        if self._tables is None:
            return DayTable(self.root / group.name, group.columns)
        return self._tables.setdefault(group.name, DayTable(self.root / group.name, group.columns, hold=True))
