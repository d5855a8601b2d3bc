"""Dagster's event log in one SQLite file, written at the pace of a range run.

SQLAlchemy is how Dagster's storages speak to their database, so it is used here and not in `stores`, which hold all
that is the system's own.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

import dagster as dg
import sqlalchemy as db
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from fti_assets.assets.instance.check_rows import Stored, evaluate, plan
from fti_assets.assets.instance.dagster_private import (
    ASSET_EVENTS,
    ConsolidatedSqliteEventLogStorage,
    SqlEventLogStorageTable,
)
from fti_assets.stores.locks import locked

_BATCH = 500
_BUSY_SECONDS = 30
_PLANNED, _EVALUATED = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED, dg.DagsterEventType.ASSET_CHECK_EVALUATION
_Callback = Callable[[dg.EventLogEntry, str], Any]
_OPEN: "WeakSet[PooledSqliteEventLogStorage]" = WeakSet()


class PooledSqliteEventLogStorage(ConsolidatedSqliteEventLogStorage):
    """One SQLite file, one engine per process, few commits.

    It stores what Dagster's SQLite storages store. Those build an engine, open and close the file and commit two to
    four times for each event; here connections are pooled and an event with its asset and tag rows is one transaction,
    and so are the events of a range: what is planned, the materializations (Dagster hands them over together when
    DAGSTER_EVENT_BATCH_SIZE is set, as it is here unless it was), and a step's evaluations of one partition each, which
    wait for the step's next event. WAL and synchronous=NORMAL: a killed process loses nothing that was stored, a power
    cut at most the last events, neither the file. Threads and processes may share the file; connections never cross a
    fork.

    The Events tab of an asset shows one row for each run and millisecond. Events are made faster than that, so those of
    a run's batches are stored a millisecond apart or more: the last of n has a time up to n ms later than it happened.
    """

    _obs: Any  # untyped in Dagster

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        folder = Path(base_dir).absolute()
        self._engine = db.create_engine(
            f"sqlite:///{folder / 'event_log.db'}",
            max_overflow=-1,
            connect_args={"timeout": _BUSY_SECONDS},
        )
        db.event.listen(self._engine, "connect", _set_pragmas)
        self._storing = threading.local()
        self._waiting: list[dg.EventLogEntry] = []
        self._waiting_lock = threading.RLock()
        self._latest = ("", 0)
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(_BATCH))
        with locked(folder / "event_log.lock"):  # one process creates the tables, the others wait
            super().__init__(str(folder), inst_data)
        _OPEN.add(self)

    @contextmanager
    def _connect(self) -> Iterator[db.Connection]:
        if (shared := getattr(self._storing, "connection", None)) is not None:
            yield shared
        else:
            self.store_waiting()
            with self._engine.begin() as connection:
                yield connection

    @contextmanager
    def _one_transaction(self) -> Iterator[db.Connection]:
        with self._engine.begin() as self._storing.connection:
            try:
                yield self._storing.connection
            finally:
                self._storing.connection = None

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event with its asset, tag and check rows: all of them or none."""
        if event.run_id and event.dagster_event_type == _EVALUATED and _data(event).partition:
            with self._waiting_lock:
                self._waiting.append(event)
                if len(self._waiting) >= _BATCH:
                    self.store_waiting()
            return
        self.store_waiting()
        with self._one_transaction():
            super().store_event(event)

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store events with their asset, tag and check rows: all of them or none."""
        self.store_waiting()
        if events:
            self._store_batch(events)

    def store_waiting(self) -> None:
        """Store the evaluations that wait for their step's next event."""
        with self._waiting_lock:
            if self._waiting:
                self._store_batch(self._waiting)
                self._waiting = []

    def _store_batch(self, batch: Sequence[dg.EventLogEntry]) -> None:
        table, events = SqlEventLogStorageTable, self._a_millisecond_apart(batch)
        with self._one_transaction() as connection:
            rows = [self._event_to_row(event) for event in events]
            ids = connection.scalars(table.insert().returning(table.c.id, sort_by_parameter_order=True), rows).all()
            stored = list(zip(events, ids, strict=True))
            of_assets = [(e, i) for e, i in stored if e.dagster_event_type in ASSET_EVENTS and _asset_key(e)]
            if of_assets:
                self._store_asset_event_tags(connection, [e for e, _ in of_assets], [i for _, i in of_assets])
            # an asset's row holds its newest events: the last one of each type leaves it as all of them would
            newest = {(_asset_key(e), e.dagster_event_type): (e, i) for e, i in of_assets}
            for event, number in sorted(newest.values(), key=lambda numbered: numbered[1]):
                self._store_asset_event(connection, event, number)
            written = [Stored(e, i, row["event"]) for (e, i), row in zip(stored, rows, strict=True)]
            plan(connection, [row for row in written if row.event.dagster_event_type == _PLANNED])
            evaluated = [row for row in written if row.event.dagster_event_type == _EVALUATED]
            if not evaluate(connection, evaluated):
                for row in evaluated:
                    self._update_asset_check_evaluation(row.event, row.number)

    def _a_millisecond_apart(self, events: Sequence[dg.EventLogEntry]) -> list[dg.EventLogEntry]:
        """The events with times, in whole milliseconds, that rise within their run and go on from its last batch."""
        apart = []
        for event in events:
            run_id, latest = self._latest
            millisecond = int(event.timestamp * 1000)
            if event.run_id == run_id and millisecond <= latest:
                millisecond = latest + 1
                event = event._replace(timestamp=(millisecond + 0.5) / 1000)
            self._latest = event.run_id, millisecond
            apart.append(event)
        return apart

    def has_table(self, table_name: str) -> bool:
        with self._connect() as connection:
            return db.inspect(connection).has_table(table_name)

    def watch(self, run_id: str, cursor: str | None, callback: _Callback) -> None:
        """Call back for each later event of the run, whichever process stores it."""
        self._watchers[run_id][callback] = cursor
        if not self._obs:
            self._obs = Observer()
            self._obs.schedule(_WriteAheadLogWatch(self), self._base_dir)
            self._obs.start()

    def dispose(self) -> None:
        self.store_waiting()
        super().dispose()
        self._engine.dispose()


class _WriteAheadLogWatch(FileSystemEventHandler):
    """Dagster watches the database file, which a pooled connection leaves alone until a checkpoint."""

    def __init__(self, storage: PooledSqliteEventLogStorage) -> None:
        self._storage = storage

    def on_modified(self, event: FileSystemEvent) -> None:
        if str(event.src_path).endswith("event_log.db-wal"):
            self._storage.on_modified()


def _data(event: dg.EventLogEntry) -> Any:
    return event.get_dagster_event().event_specific_data


def _asset_key(event: dg.EventLogEntry) -> dg.AssetKey | None:
    return event.get_dagster_event().asset_key


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _close_connections() -> None:
    for storage in list(_OPEN):
        storage.store_waiting()
        storage._engine.dispose()


# A child that inherits open SQLite connections believes it holds their file locks, and the file can be lost.
if hasattr(os, "register_at_fork"):  # absent on Windows, which does not fork
    os.register_at_fork(before=_close_connections)
