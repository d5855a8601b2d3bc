"""Locks on files, between threads and between processes; the kernel frees them when their holder dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from fti_assets.contracts.errors import Conflict

_SECONDS_BETWEEN_TRIES = 0.01


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the exclusive lock of a file, which is made when absent; wait while another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lock(path):
        yield


@contextmanager
def locked_at_once(path: Path, in_use: str) -> Iterator[None]:
    """Hold the exclusive lock of a file, which then has this process's number in it; never wait.

    Raises Conflict while another holds it; `in_use` says what that one has, as in "the home is in use by another run".
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise Conflict(f"{in_use} (see {path}): wait for it or stop it") from None
    try:
        path.write_text(str(os.getpid()))
        yield
    finally:
        lock.release()


def _lock(path: Path) -> FileLock:
    return FileLock(path, poll_interval=_SECONDS_BETWEEN_TRIES, fallback_to_soft=False)
