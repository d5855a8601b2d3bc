"""Files that can be trusted: changed in one step, synced before they count, sealed with a hash."""

import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fti_assets.contracts.errors import Corrupt

_NOT_SUPPORTED = {errno.EINVAL, errno.ENOTSUP}


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8. ValueError when the value is more than JSON can hold."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected text, finite numbers, booleans, lists and mappings: {error}") from error


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as JSON reads it back, with `hash`: the SHA-256 of all else in canonical JSON."""
    plain = json.loads(canonical_json(record))
    return {**plain, "hash": sha256(canonical_json(plain))}


def unsealed(where: str, content: bytes) -> dict[str, Any]:
    """The sealed record in these bytes. Corrupt, naming `where`, when its hash is not that of its content."""
    try:
        record = json.loads(content)
        if not isinstance(record, dict) or "hash" not in record:
            raise Corrupt(f"{where}: expected a record with a hash")
        actual = sha256(canonical_json({key: value for key, value in record.items() if key != "hash"}))
    except ValueError as error:
        raise Corrupt(f"{where}: expected JSON: {error}") from error
    if actual != record["hash"]:
        raise Corrupt(f"{where}: the record was changed: its content hashes to {actual}, it says {record['hash']}")
    return record


def sync_directory(path: Path) -> None:
    """Make the entries of a directory survive a power cut, where the platform has a way to ask for that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
    finally:
        os.close(descriptor)


def write_synced(path: Path, content: bytes, mode: str = "wb") -> None:
    """Write (or with mode `ab` append) the bytes and wait until they are on the disk."""
    with path.open(mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def in_one_step(path: Path) -> Iterator[Path]:
    """Where to write a file that then appears at `path` whole. For what can be made again: it is not waited for."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace(path: Path, content: bytes) -> None:
    """Exchange a file's content and wait until it is on the disk: a reader sees the old bytes or the new ones."""
    with in_one_step(path) as partial:
        write_synced(partial, content)
    sync_directory(path.parent)


def create(path: Path, content: bytes) -> bool:
    """Make a file with these bytes, whole or not at all; false, with nothing changed, when there is one already."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write_synced(partial, content)
        os.link(partial, path)
    except FileExistsError:
        return False
    finally:
        partial.unlink(missing_ok=True)
    sync_directory(path.parent)
    return True
