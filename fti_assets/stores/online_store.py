"""The online store: the latest feature rows in one SQLite file, looked up by key as of a moment."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from fti_assets.compute.frames import POLARS_TYPES, TIME
from fti_assets.spec.errors import MissingPartitions
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.schema import Kind
from fti_assets.spec.selection import Selection

_TYPES: Mapping[Kind, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "number": "REAL",
    "boolean": "INTEGER",
    "time": "INTEGER",
}


class OnlineStore:
    """A table for each feature group, replaced as a whole by each load; readers see the old rows or the new.

    Times are microseconds since 1970; REAL is IEEE double, so a value read is the value written, bit for bit.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, group: FeatureGroup, rows: pl.DataFrame) -> int:
        """Replace the group's rows, in the order of the feature store; how many there are now."""
        times = [pl.col(t).dt.epoch("us") for t in group.times]
        plain = rows.select(list(group.columns)).with_columns(times).with_row_index("position_")
        columns = ", ".join(f'"{name}" {_TYPES[kind]}' for name, kind in group.columns.items())
        order = ", ".join(f'"{c}"' for c in (*group.keys, *([str(group.known_at)] if group.known_at else [])))
        marks = ", ".join("?" * plain.width)
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f'DROP TABLE IF EXISTS "{group.name}"')
            connection.execute(f'CREATE TABLE "{group.name}" (position_ INTEGER, {columns})')
            connection.executemany(f'INSERT INTO "{group.name}" VALUES ({marks})', plain.iter_rows())
            connection.execute(f'CREATE INDEX "{group.name}_by_key" ON "{group.name}" ({order})')
            connection.execute("COMMIT")
        return len(plain)

    def look_up(self, selection: Selection, requests: pl.DataFrame, at: str) -> pl.DataFrame:
        """The selection's columns for each request, by the rule of the point-in-time join; null where nothing is known.

        `requests` hold the spine's columns, `at` names their prediction time.
        """
        group = selection.group
        query = _query(selection)
        keys = list(selection.spine_keys.values())
        found: list[Sequence[Any]] = []
        with self._connection() as connection:
            known = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if (group.name,) not in known:
                raise MissingPartitions(f"online store has no rows of {group.name}: materialize online/{group.name}")
            for *key, moment in requests.select(*keys, pl.col(at)).iter_rows():
                arguments = key if group.dimension else [*key, *_bounds(moment, selection.age)]
                row = None if None in key else connection.execute(query, arguments).fetchone()
                found.append(row or (None,) * len(selection.columns))
        stored: dict[str, Any] = {
            name: pl.Int64() if group.columns[column] == "time" else POLARS_TYPES[group.columns[column]]
            for column, name in selection.names.items()
        }
        columns = {
            name: pl.Series(name, [row[i] for row in found], dtype=pl.Int64 if kind == pl.Boolean() else kind).cast(
                kind
            )
            for i, (name, kind) in enumerate(stored.items())
        }
        times = [
            pl.from_epoch(name, "us").cast(TIME) for c, name in selection.names.items() if group.columns[c] == "time"
        ]
        return pl.DataFrame(columns).with_columns(times)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            yield connection
        finally:
            connection.close()


def _query(selection: Selection) -> str:
    group = selection.group
    columns = ", ".join(f'"{c}"' for c in selection.columns)
    keys = " AND ".join(f'"{key}" = ?' for key in group.keys)
    if group.dimension:
        return f'SELECT {columns} FROM "{group.name}" WHERE {keys} LIMIT 1'
    known, event = group.known_at, group.event_time
    return (
        f'SELECT {columns} FROM "{group.name}" WHERE {keys} AND "{known}" <= ? AND "{event}" >= ? '
        f'ORDER BY "{known}" DESC, "{event}" DESC, position_ DESC LIMIT 1'
    )


def _bounds(moment: datetime, age: timedelta) -> tuple[int, int]:
    """The latest known time and the earliest event time, in microseconds."""
    epoch = datetime(1970, 1, 1, tzinfo=moment.tzinfo)
    at = (moment - epoch) // timedelta(microseconds=1)
    return at, at - age // timedelta(microseconds=1)
