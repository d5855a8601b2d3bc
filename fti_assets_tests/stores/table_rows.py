"""Small tables for tests: rows of January 2024, so many on each day."""

from datetime import date, datetime, timedelta

import polars as pl

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import TableContract
from fti_assets.stores.tables import PartitionedTable, Write

COLUMNS: dict[str, Kind] = {"at": Kind.TIME, "value": Kind.INTEGER, "who": Kind.TEXT}
AT = pl.col("at")


def table_in(storage: Storage, partitions: str = "daily", hold: bool = False) -> PartitionedTable:
    """The table `t` of these columns."""
    return PartitionedTable(storage.at("t"), TableContract(COLUMNS, partitions), hold)


def days(first: int, last: int) -> Window:
    """The days of January 2024 from one to another."""
    return Window.of_days(date(2024, 1, first), date(2024, 1, last))


def starts(first: int, last: int) -> list[datetime]:
    """The first instants of those days."""
    return [midnight(day) for day in days(first, last).days]


def rows(window: Window, values: list[int], who: str = "me") -> pl.DataFrame:
    """So many rows on each day of the window, in that order."""
    literal = [(midnight(day) + timedelta(hours=1), value, who) for day in window.days for value in values]
    types = {name: kind.polars for name, kind in COLUMNS.items()}
    return pl.DataFrame(literal, schema=types, orient="row")


def write(table: PartitionedTable, window: Window, values: list[int], who: str = "me") -> Write:
    """Replace the window's days by these rows."""
    return table.write(rows(window, values, who), window, AT)


def values(table: PartitionedTable, window: Window, version: int | None = None) -> list[int]:
    """The values of the window's rows."""
    return table.read(window, version=version)["value"].to_list()
