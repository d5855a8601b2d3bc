"""What a table promises of its rows, and which changes of that its older rows allow."""

from collections.abc import Mapping

import attrs
import polars as pl

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.kinds import Kind

MONTH = "fti_month"
"""The column by which a table's files are parted: the month in which a row's partition starts, `2013-01`."""
PARTITION = "fti_partition"
"""The column that holds the key of a row's partition, `2013-01-05`."""
CONTENT = "fti_content"
"""The column that holds the digest of all rows of the partition."""


def _as_columns(columns: Mapping[str, Kind]) -> dict[str, Kind]:
    return dict(columns)


@attrs.frozen
class TableContract:
    """What a table's rows are.

    Attributes:
        columns: the kind of each column, in order.
        partitions: how much time each holds: hourly, daily or weekly.
        keys: the columns that tell rows apart; none where nothing does.
        never_null: the columns in which every row has a value.
    """

    columns: Mapping[str, Kind] = attrs.field(converter=_as_columns)
    partitions: str = "daily"
    keys: tuple[str, ...] = ()
    never_null: frozenset[str] = frozenset()

    @property
    def types(self) -> dict[str, pl.DataType]:
        """The Polars type of each column."""
        return {name: kind.polars for name, kind in self.columns.items()}

    @property
    def stored_types(self) -> dict[str, pl.DataType]:
        """The Polars types of a file's columns: the key and the content of a row's partition come first."""
        return {PARTITION: pl.String(), CONTENT: pl.String(), **self.types}

    def additions(self, name: str, stored: "TableContract") -> list[str]:
        """The columns that a table of the `stored` contract lacks; those that it alone has are not read or written.

        Raises DeclarationError, naming the table and the column, where the rows that are stored cannot be read so: a
        column of another type, one that held nulls and may not now, other keys or another period.
        """
        if (stored.partitions, stored.keys) != (self.partitions, self.keys):
            raise DeclarationError(
                f"the table of {name} holds {stored._shape}, but its contract says {self._shape}: {_elsewhere(name)}"
            )
        for column, kind in self.columns.items():
            there = stored.columns.get(column, kind)
            if there != kind:
                raise DeclarationError(
                    f"the table of {name} holds {column} as {there.annotation}, but its contract says "
                    f"{kind.annotation}: rows that are written keep their types: {_elsewhere(name)}"
                )
            if column in stored.columns and column in self.never_null - stored.never_null:
                raise DeclarationError(
                    f"the table of {name} holds {column} as {kind.annotation} that may be null, but its contract says "
                    f"{kind.annotation} that is never null: {_elsewhere(name)}"
                )
        return [column for column in self.columns if column not in stored.columns]

    def relaxations(self, stored: "TableContract") -> list[str]:
        """The columns that may be null from now on."""
        return [column for column in self.columns if column in stored.never_null - self.never_null]

    @property
    def _shape(self) -> str:
        keys = f" of keys {', '.join(self.keys)}" if self.keys else ""
        return f"{self.partitions} partitions{keys}"


def _elsewhere(name: str) -> str:
    return (
        f"declare it with version=2, or under another name, and materialize it; or delete the table of {name} and "
        "materialize that"
    )
