"""Dagster's event log in one SQLite file, written at the pace of a range run."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

import dagster as dg
import sqlalchemy as db
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.base import EventHandlerFn
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from filelock import FileLock
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

_ENGINES: WeakSet[db.Engine] = WeakSet()


class PooledSqliteEventLogStorage(ConsolidatedSqliteEventLogStorage):
    """Event log storage for `dagster.yaml`: one SQLite file, one engine per process, one commit per event.

    It stores what Dagster's SQLite storages store. Those build an engine, open and close the file and commit two to
    four times for each event; here connections are pooled and an event with its asset and tag rows is one transaction:
    5 ms per asset and partition of a range run instead of 27 (100 on a busy disk). WAL and synchronous=NORMAL: a killed
    process loses nothing that was stored, a power cut at most the last events, neither the file. Threads and processes
    may share the file; connections never cross a fork.
    """

    _obs: Any  # untyped in Dagster

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        folder = Path(base_dir).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        self._engine = db.create_engine(
            f"sqlite:///{folder / 'event_log.db'}",
            max_overflow=-1,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        db.event.listen(self._engine, "connect", _set_pragmas)
        _ENGINES.add(self._engine)
        self._storing = threading.local()
        with FileLock(folder / "event_log.lock"):  # one process creates the tables, the others wait
            super().__init__(str(folder), inst_data)

    @contextmanager
    def _connect(self) -> Iterator[db.Connection]:
        if (shared := getattr(self._storing, "connection", None)) is not None:
            yield shared
        else:
            with self._engine.begin() as connection:
                yield connection

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store an event with its asset, tag and check rows: all of them or none."""
        with self._engine.begin() as self._storing.connection:
            try:
                super().store_event(event)
            finally:
                self._storing.connection = None

    def has_table(self, table_name: str) -> bool:
        with self._connect() as connection:
            return db.inspect(connection).has_table(table_name)

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call back for each later event of the run, whichever process stores it."""
        self._watchers[run_id][callback] = cursor
        if not self._obs:
            self._obs = Observer()
            self._obs.schedule(_WriteAheadLogWatch(self), self._base_dir)
            self._obs.start()

    def dispose(self) -> None:
        super().dispose()
        self._engine.dispose()


class _WriteAheadLogWatch(FileSystemEventHandler):
    """Dagster watches the database file, which a pooled connection leaves alone until a checkpoint."""

    def __init__(self, storage: PooledSqliteEventLogStorage) -> None:
        self._storage = storage

    def on_modified(self, event: FileSystemEvent) -> None:
        if str(event.src_path).endswith("event_log.db-wal"):
            self._storage.on_modified()


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _close_connections() -> None:
    for engine in list(_ENGINES):
        engine.dispose()


# A child that inherits open SQLite connections believes it holds their file locks, and the file can be lost.
if hasattr(os, "register_at_fork"):  # absent on Windows, which does not fork
    os.register_at_fork(before=_close_connections)
