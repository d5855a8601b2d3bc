"""The feature store: each group's rows by the hour, day or week in which they became known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import pandas as pd
import polars as pl

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import Window, now
from fti_assets.stores.catalogue import Catalogue
from fti_assets.stores.frames import to_polars
from fti_assets.stores.provenance import ProvenanceStore
from fti_assets.stores.quarantine import QuarantineStore
from fti_assets.stores.slices import SliceStore
from fti_assets.stores.statistics import StatisticsStore
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import TableContract
from fti_assets.stores.tables import PartitionedTable, Write
from fti_assets.stores.tiles import TileStore
from fti_assets.stores.whole_history import whole_from

WHOLE = Window.of_days("1970-01-01", "1970-01-01")
"""The one partition that holds all of a dimension."""


class GroupReader(Protocol):
    """What computing a group and auditing it ask of a store: rows, and what was kept beside them."""

    @property
    def tiles(self) -> TileStore:
        """What windows keep of days and months."""

    @property
    def quarantine(self) -> QuarantineStore:
        """The rows that were set aside, and who released which."""

    def snapshot(self) -> "GroupReader":
        """The store as it is now."""

    def read(
        self, group: Group, window: Window, columns: Sequence[str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        """The rows of the partitions that the window touches."""

    def contents(self, group: Group, window: Window, version: int | None = None) -> list[str]:
        """The names of what the window's partitions hold: equal names, equal rows."""

    def require(self, group: Group, window: Window) -> None:
        """Raise MissingPartitions unless every partition that the window touches was written."""

    def require_history(self, group: Group, window: Window) -> None:
        """The same from the group's first partition on."""


class FeatureStore:
    """Feature groups under one directory, a Delta table each; any version of a table can be read again."""

    def __init__(self, storage: Storage, tables: dict[str, PartitionedTable] | None = None) -> None:
        self.storage = storage
        self.slices = SliceStore(storage.at("_slices"))
        self.tiles = TileStore(storage.at("_tiles"))
        self.statistics = StatisticsStore(storage.at("_statistics"))
        self.provenance = ProvenanceStore(storage.at("_provenance"))
        self.quarantine = QuarantineStore(storage.at("_quarantine"))
        self.catalogue = Catalogue(storage.at("_catalogue"))
        self._tables = tables

    def snapshot(self) -> "FeatureStore":
        """The store as it is now: each table is opened once, at its first use, and stays at the version it had then."""
        return self if self._tables is not None else FeatureStore(self.storage, tables={})

    def check(self, group: Group) -> None:
        """Raise DeclarationError when the group's table holds rows of a contract that this one cannot follow."""
        self._table(group).check()

    def check_over(self, group: Group, window: Window) -> None:
        """Raise ValueError, naming when it is over, for a window of which a partition is not; a dimension has none.

        Rows may still become known in it, and a partition that was written counts as complete.
        """
        present = now()
        if group.dimension or window.end <= present:
            return
        unfinished = [start for start in group.period.starts(window) if start + group.period.length > present]
        newest = group.period.start_of(present) - group.period.length
        raise ValueError(
            f"feature group {group.name}: the {group.period.noun} of {group.period.key(unfinished[0])} is over at "
            f"{unfinished[0] + group.period.length:%Y-%m-%d %H:%M} UTC and cannot be written before, because rows may "
            f"still become known in it: expected partitions up to {group.period.key(newest)}"
        )

    def write(self, group: Group, frame: pd.DataFrame, window: Window) -> Write:
        """Replace the window's partitions (a dimension: everything) by validated rows; those it holds already stay.

        Raises ValueError for partitions that are not over.
        """
        self.check_over(group, window)
        rows = to_polars(frame, group.columns)
        if group.dimension:
            return self._table(group).write(rows, WHOLE, pl.lit(WHOLE.start))
        known_at = group.known_at
        return self._table(group).write(rows.sort(known_at, maintain_order=True), window, pl.col(known_at))

    def read(
        self, group: Group, window: Window, columns: Sequence[str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        """The rows of the partitions that the window touches, whole, ordered by when they became known.

        A dimension has no partitions: all of its rows. `version` reads the table as it was then.
        """
        return self._table(group).read(WHOLE if group.dimension else window, columns, version)

    def require(self, group: Group, window: Window) -> None:
        """Raise MissingPartitions unless every partition that the window touches (a dimension: all) was written."""
        self._require(group, window, group.period.starts(WHOLE if group.dimension else window))

    def require_history(self, group: Group, window: Window) -> None:
        """Raise MissingPartitions unless every partition of the window since the group's first one was written.

        Partitions before the first that was written cannot be missed: there history begins, and `whole_from` tells.
        """
        if group.dimension or self._table(group).version() is None:
            self.require(group, window)
            return
        first = self._table(group).first()
        self._require(group, window, [start for start in group.period.starts(window) if first and start >= first])

    def _require(self, group: Group, window: Window, starts: Sequence[datetime]) -> None:
        missing = self._table(group).missing(starts)
        if not missing:
            return
        if group.dimension:
            raise MissingPartitions(f"feature group {group.name} was not materialized: materialize it first")
        shown = ", ".join(map(group.period.key, missing[:3])) + (
            f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        )
        end = missing[-1] + group.period.length
        after = (
            f"; the {group.period.noun} of {group.period.key(missing[-1])} is over at {end:%Y-%m-%d %H:%M} UTC and "
            "cannot be there before"
            if end > window.end
            else ""
        )
        raise MissingPartitions(
            f"feature group {group.name} was not materialized for {shown}: materialize it first{after}"
        )

    def contents(self, group: Group, window: Window, version: int | None = None) -> list[str]:
        """The names of what the window's partitions hold, of those with rows: equal names, equal rows."""
        return self._table(group).contents(WHOLE if group.dimension else window, version)

    def digests(self, group: Group, windows: Sequence[Window]) -> list[str]:
        """For each window the name of all that its partitions hold: equal names, equal rows in equal partitions."""
        return self._table(group).digests([WHOLE] * len(windows) if group.dimension else windows)

    def present(self, group: Group) -> dict[datetime, str]:
        """The content of each partition that was written, "" of one without rows, by its first instant, in order."""
        return self._table(group).present()

    def written_since(self, group: Group, version: int) -> list[tuple[int, datetime, frozenset[str]]]:
        """The table's versions after one: the number of each, when it was made, and the partitions it changed."""
        return self._table(group).written_since(version)

    def missing(self, group: Group, window: Window) -> list[str]:
        """The keys of the window's partitions that were never written."""
        return [group.period.key(start) for start in self._table(group).missing(group.period.starts(window))]

    def known_until(self, group: Group) -> datetime | None:
        """The end of the latest partition with rows."""
        last = self._table(group).last()
        return None if last is None else last + group.period.length

    def written_until(self, group: Group) -> datetime | None:
        """The end of the latest partition that was written, with rows or without."""
        last = self._table(group).last_written()
        return None if last is None else last + group.period.length

    def first_written(self, group: Group) -> datetime | None:
        """The first instant of the earliest partition that was written, with rows or without."""
        return self._table(group).first()

    def whole_from(self, groups: Sequence[Group]) -> dict[str, datetime | None]:
        """For each group by name the instant from which on no row reaches back before history begins.

        None where the group, or one that it is computed from, was never written.
        """
        return whole_from(self.storage, self.catalogue.rows(), [group.name for group in groups])

    def version(self, group: Group) -> int | None:
        """The table's version now, to pin a dataset to; None before its first write."""
        return self._table(group).version()

    def _table(self, group: Group) -> PartitionedTable:
        table = PartitionedTable(self.storage.at(group.name), contract_of(group), hold=self._tables is not None)
        return table if self._tables is None else self._tables.setdefault(group.name, table)


def contract_of(group: Group) -> TableContract:
    """What the rows of a group's table are."""
    never_null = frozenset(column for column in group.columns if not group.schema.is_nullable(column))
    return TableContract(group.columns, group.partitions, group.keys, never_null)
