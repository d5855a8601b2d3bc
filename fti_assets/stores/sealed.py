"""Content that says by itself whether it is what was written: hashes, canonical JSON, sealed records and bytes."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fti_assets.contracts.errors import Corrupt

_DIGEST = 64
"""Hexadecimal digits of a SHA-256."""


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


def sealed_bytes(content: bytes) -> bytes:
    """The bytes after their own SHA-256."""
    return sha256(content).encode() + content


def unsealed_bytes(where: str, content: bytes) -> bytes:
    """The bytes after their SHA-256. Corrupt, naming `where`, when it is another's."""
    digest, plain = content[:_DIGEST], content[_DIGEST:]
    if sha256(plain).encode() != digest:
        raise Corrupt(f"{where}: it was changed or cut: its content does not hash to what it says")
    return plain
