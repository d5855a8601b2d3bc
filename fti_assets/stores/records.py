"""Append-only journals: numbered objects, each of which holds the hash of the one before."""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from fti_assets.contracts.errors import Conflict, Corrupt
from fti_assets.stores.sealed import canonical_json, sealed, unsealed
from fti_assets.stores.storage import Storage

FIRST = "0" * 64
"""The `previous_hash` of the first record."""
_TRIES = 200

Record = dict[str, Any]
Decide = Callable[[list[Record]], Mapping[str, Any] | None]

_VERIFIED: dict[Storage, list[Record]] = {}
"""What this process has read and verified of each journal: a record never changes, so it is read once."""
_ONE_READER = threading.RLock()


@attrs.frozen
class Records:
    """A journal: the objects `00000000.json`, `00000001.json`, … below a storage.

    A record is JSON with `index`, `previous_hash`, `nonce` and `hash`, the SHA-256 of all else. What a writer adds is
    there for all, or not at all: it puts the next number where none is, and looks again when another was first.
    """

    storage: Storage

    def all(self) -> list[Record]:
        """The records, oldest first. Corrupt, naming the object, when one was changed, removed, emptied or moved.

        The next number is asked for until there is none: a listing from an offset differs from one bucket to another.
        """
        with _ONE_READER:
            verified = self._verified()
            while (content := self.storage.read(_key(len(verified)))) is not None:
                verified.append(self._follows(verified, content))
            return list(verified)

    def append(self, decide: Decide) -> Record | None:
        """Add what `decide` makes of the records that are there; None when it makes nothing of them.

        It is asked again whenever another writer was first. Conflict when others keep winning.
        """
        nonce = os.urandom(8).hex()
        for _ in range(_TRIES):
            records = self.all()
            facts = decide(records)
            if facts is None:
                return None
            previous = records[-1]["hash"] if records else FIRST
            record = sealed({**facts, "nonce": nonce, "index": len(records), "previous_hash": previous})
            if self.storage.create(_key(len(records)), canonical_json(record)):
                return record
        raise Conflict(f"{self.storage.url}: others wrote {_TRIES} times meanwhile; nothing was changed, try again")

    def verify(self) -> list[Record]:
        """The records, each read again from the storage. Corrupt, naming the first that is not as it was written."""
        _VERIFIED.pop(self.storage, None)
        records = self.all()
        beyond = [name for name in self.storage.names() if name >= _key(len(records))]
        if beyond:
            raise Corrupt(f"{self.storage.url_of(_key(len(records)))}: it is gone, but {beyond[0]} is there")
        return records

    def _verified(self) -> list[Record]:
        """What was verified before, unless the journal was deleted and begun anew."""
        verified = _VERIFIED.setdefault(self.storage, [])
        if verified:
            newest = self.storage.read(_key(len(verified) - 1))
            if newest != canonical_json(verified[-1]):
                verified.clear()
        return verified

    def _follows(self, records: list[Record], content: bytes) -> Record:
        where = self.storage.url_of(_key(len(records)))
        record = unsealed(where, content)
        if content != canonical_json(record):
            raise Corrupt(f"{where}: expected canonical JSON")
        if record.get("index") != len(records) or record.get("previous_hash") != (
            records[-1]["hash"] if records else FIRST
        ):
            raise Corrupt(f"{where}: the chain is broken: the record does not follow the one before it")
        return record


def _key(index: int) -> str:
    return f"{index:08}.json"
