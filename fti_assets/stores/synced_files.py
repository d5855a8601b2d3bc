"""Files that can be trusted: made or replaced in one step, and on the disk before they count."""

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOT_SUPPORTED = {errno.EINVAL, errno.ENOTSUP}


@contextmanager
def in_one_step(path: Path) -> Iterator[Path]:
    """Where to write a file that then appears at `path` whole. For what can be made again: it is not waited for."""
    partial = _beside(path)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace(path: Path, content: bytes) -> None:
    """Exchange a file's content and wait until it is on the disk: a reader sees the old bytes or the new ones."""
    with in_one_step(path) as partial:
        partial.write_bytes(content)
        sync(partial)
    sync_directory(path.parent)


def create(path: Path, content: bytes, *, synced: bool = True) -> bool:
    """Make a file with these bytes, whole or not at all; false, with nothing changed, when there is one already.

    The folders above it are made. It is on the disk before this returns, unless what can be made again need not be.
    """
    above = [folder for folder in (path.parent, *path.parents) if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(path)
    try:
        partial.write_bytes(content)
        if synced:
            sync(partial)
        os.link(partial, path)
    except FileExistsError:
        return False
    finally:
        partial.unlink(missing_ok=True)
    if synced:
        for folder in dict.fromkeys((path.parent, *(made.parent for made in above))):
            sync_directory(folder)
    return True


def sync_directory(path: Path) -> None:
    """Make the entries of a directory survive a power cut, where the platform has a way to ask for that."""
    if hasattr(os, "O_DIRECTORY"):
        sync(path)


def sync(path: Path) -> None:
    """Wait until a file or directory is on the disk, where its file system has a way to ask for that."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    """A name beside the file's that no other writer takes."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")
