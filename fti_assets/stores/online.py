"""The online store: one SQLite file of the latest feature rows, looked up by key, and of what was answered."""

import json
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from fti_assets.contracts.errors import ContractViolation, FailingCase, MissingPartitions, ReadOnly
from fti_assets.contracts.group import Group
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import label_of

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PATIENCE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between attempts to open the file."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS reaches (name TEXT PRIMARY KEY, answers_from INTEGER, known_until INTEGER)",
    "CREATE TABLE IF NOT EXISTS responses "
    "(answered_at TEXT, model TEXT, version INTEGER, request TEXT, prediction BLOB)",
)


class OnlineStore:
    """A table `feature_<group>` for each group, replaced as a whole by each load, and the log of answers, `responses`.

    A reader sees all of a load or nothing of it. Feature times are microseconds since 1970; a value read is the
    value written, bit for bit.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(
        self,
        group: Group,
        rows: pl.DataFrame,
        answers_from: datetime | None = None,
        known_until: datetime | None = None,
        by: Collection[tuple[str, ...]] = (),
    ) -> int:
        """Replace the group's rows, in the order of the feature store; how many there are now.

        `answers_from` is the earliest prediction time, and moment that a value is wanted for, that the rows suffice
        for; None when they suffice for any.
        `known_until` is the instant from which on it is not among the rows what became known; None for a dimension.
        `by` are the columns of lookups, indexed; by default the group's keys.
        """
        plain = rows.select(_plain(name, kind) for name, kind in group.columns.items()).with_row_index("position_")
        columns = ", ".join(f'"{name}" {kind.sqlite}' for name, kind in group.columns.items())
        times = [group.event_time if group.ahead else group.known_at]
        marks = ", ".join("?" * plain.width)
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"DROP TABLE IF EXISTS {_table(group)}")
            connection.execute(f"CREATE TABLE {_table(group)} (position_ INTEGER, {columns})")
            connection.executemany(f"INSERT INTO {_table(group)} VALUES ({marks})", plain.iter_rows())
            for number, keys in enumerate(by or [group.keys]):
                order = ", ".join(f'"{name}"' for name in dict.fromkeys([*keys, *filter(None, times)]))
                connection.execute(f"CREATE INDEX key_{number}_of_{group.name} ON {_table(group)} ({order})")
            reach = [None if end is None else (end - _EPOCH) // _MICROSECOND for end in (answers_from, known_until)]
            connection.execute("INSERT OR REPLACE INTO reaches VALUES (?, ?, ?)", (group.name, *reach))
            connection.execute("COMMIT")
        return len(plain)

    def known_until(self, groups: Iterable[Group]) -> datetime | None:
        """The instant from which on it is not loaded of each group what became known; None where all are dimensions.

        MissingPartitions for a group that was never loaded.
        """
        with self._connection() as connection:
            ends = [end for group in groups if (end := _reach_of(connection, group)[1]) is not None]
        return _instant(min(ends)) if ends else None

    def look_up(
        self, selection: Selection, requests: pl.DataFrame, at: str, stale_up_to: timedelta = timedelta(0)
    ) -> pl.DataFrame:
        """The selection's columns for each request, by the rules of the joins of a batch; null where nothing is known.

        `requests` hold the spine's columns, `at` names their prediction time. Raises MissingPartitions for a group
        that was never loaded, and for a prediction time that its rows do not reach, or not by `stale_up_to`;
        ContractViolation for a time or moment before those that the rows suffice for.
        """
        group, query = selection.group, _query(selection)
        keys = requests.select(_plain(name, group.columns[key]) for key, name in selection.spine_keys.items())
        wanted_for = selection.moment or at
        times, moments = (requests[column].dt.epoch("us").to_list() for column in (at, wanted_for))
        found: list[Sequence[Any]] = []
        with self._connection() as connection:
            connection.execute("BEGIN")
            for column, instants in {at: times, wanted_for: moments}.items():
                _check_begin(connection, group, column, instants)
            _check_end(connection, group, at, times, stale_up_to)
            for key, time_, moment in zip(keys.iter_rows(), times, moments, strict=True):
                arguments = key if group.dimension else (*key, *_bounds(time_, moment, selection))
                row = None if None in arguments else connection.execute(query, arguments).fetchone()
                found.append(row or (None,) * len(selection.columns))
        return pl.DataFrame(
            _typed(name, group.columns[column], [row[position] for row in found])
            for position, (column, name) in enumerate(selection.names.items())
        )

    def log(
        self, model: str, version: int, requests: Sequence[Mapping[str, Any]], predictions: Sequence[float]
    ) -> None:
        """Append an answered batch to `responses`, a row for each request, its fields as JSON."""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        rows = [
            (now, model, version, json.dumps(dict(request), default=_iso), float(prediction))
            for request, prediction in zip(requests, predictions, strict=True)
        ]
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO responses VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """Keep the file open meanwhile: otherwise each last connection to close syncs it, which costs most of `log`."""
        with self._connection():
            yield

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own; closing it rolls back what was not committed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_read_only = not os.access(self.path.parent, os.W_OK)
        with closing(self._opened_as_it_is() if is_read_only else self._opened()) as connection:
            try:
                yield connection
            except sqlite3.OperationalError as error:
                raise (ReadOnly(f"{self.path}: it is read-only") if is_read_only else error) from error

    def _opened_as_it_is(self) -> sqlite3.Connection:
        """A connection to a file that nobody can write, not even the marks by which readers say that they read."""
        log = self.path.with_name(f"{self.path.name}-wal")
        if not self.path.exists() or (log.exists() and log.stat().st_size):
            raise ReadOnly(f"{self.path}: it was not loaded, or not closed, before its folder became read-only")
        return sqlite3.connect(f"{self.path.as_uri()}?immutable=1", uri=True, isolation_level=None)

    def _opened(self) -> sqlite3.Connection:
        """A connection to a file in write-ahead mode with its tables.

        SQLite's time-out does not cover the moment in which the last other connection folds the log up and goes: the
        file is then locked at once, and open again at once.
        """
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        patience = iter(_PATIENCE)
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                for table in _TABLES:
                    connection.execute(table)
                return connection
            except sqlite3.OperationalError:
                pause = next(patience, None)
                if pause is None:
                    connection.close()
                    raise
                time.sleep(pause)


def _table(group: Group) -> str:
    return f"feature_{group.name}"


def _query(selection: Selection) -> str:
    group = selection.group
    columns = ", ".join(f'"{c}"' for c in selection.columns)
    keys = " AND ".join(f'"{key}" = ?' for key in selection.keys)
    if group.dimension:
        return f"SELECT {columns} FROM {_table(group)} WHERE {keys} LIMIT 1"
    known, event = f'"{group.known_at}"', f'"{group.event_time}"'
    by_then, order = "", f"{known} DESC, {event} DESC"
    if selection.takes_in_force:
        by_then, order = f"AND {event} <= ? ", f"{event} DESC, {known} DESC"
    return (
        f"SELECT {columns} FROM {_table(group)} WHERE {keys} AND {known} <= ? AND {event} >= ? {by_then}"
        f"ORDER BY {order}, position_ DESC LIMIT 1"
    )


def _reach_of(connection: sqlite3.Connection, group: Group) -> tuple[int | None, int | None]:
    """The first time that the group's rows suffice for, and that from which on they do not, in microseconds."""
    query = "SELECT answers_from, known_until FROM reaches WHERE name = ?"
    loaded: tuple[int | None, int | None] | None = connection.execute(query, (group.name,)).fetchone()
    if loaded is None:
        raise MissingPartitions(f"the online store has no rows of {group.name}: materialize online/{group.name}")
    return loaded


def _check_begin(connection: sqlite3.Connection, group: Group, at: str, moments: Sequence[int | None]) -> None:
    begin, _ = _reach_of(connection, group)
    early = [] if begin is None else [moment for moment in moments if moment is not None and moment < begin]
    if begin is not None and early:
        check = f"{_instant(begin)} or later, where {group.name} is loaded: predict earlier rows in batch"
        raise ContractViolation("request", [FailingCase(at, check, str(_instant(early[0])), len(early))])


def _check_end(
    connection: sqlite3.Connection, group: Group, at: str, times: Sequence[int], stale_up_to: timedelta
) -> None:
    _, end = _reach_of(connection, group)
    if end is not None and max(times) >= end + stale_up_to // _MICROSECOND:
        allowed = f", and stale_up_to={label_of(stale_up_to)} more is answered" if stale_up_to else ""
        raise MissingPartitions(
            f"the online rows of {group.name} reach {_instant(end)}, not {at}={_instant(max(times))}{allowed}: "
            f"materialize features/{group.name} and online/{group.name}, or say by fti.Model(…, stale_up_to=…) how "
            "much later a request may be answered"
        )


def _bounds(at: int | None, moment: int | None, selection: Selection) -> tuple[int | None, ...]:
    """The latest known time and the earliest event, for a value in force the latest one too, in microseconds."""
    earliest = None if moment is None else moment - selection.age // _MICROSECOND
    return (at, earliest, moment) if selection.takes_in_force else (at, earliest)


def _plain(name: str, kind: Kind) -> pl.Expr:
    """A column as SQLite holds it."""
    return pl.col(name).dt.epoch("us") if kind == Kind.TIME else pl.col(name)


def _typed(name: str, kind: Kind, values: Sequence[Any]) -> pl.Series:
    """What SQLite held as the column that it was."""
    held = pl.Int64() if kind in (Kind.TIME, Kind.BOOLEAN) else kind.polars
    return pl.Series(name, values, dtype=held).cast(kind.polars)


def _instant(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def _iso(value: datetime) -> str:
    return value.isoformat()
