"""A value that changes, on a storage on which nothing is replaced: numbered objects, of which the newest counts."""

import os
import re
from collections.abc import Callable

import attrs

from fti_assets.contracts.errors import Conflict
from fti_assets.stores.sealed import sealed_bytes, unsealed_bytes
from fti_assets.stores.storage import Storage

_KEY = re.compile(r"[0-9]{8}")
_TRIES = 200
_NONCE = 8


@attrs.frozen
class Revisions:
    """One value: the objects `00000000`, `00000001`, … below a storage, each after its SHA-256 and a nonce.

    Older ones are history; maintenance may delete them.

    Args:
        storage: where they lie, and nothing else does.
        synced: False for what can be made again, which need not survive a power cut.
    """

    storage: Storage
    synced: bool = True

    def newest(self) -> bytes | None:
        """The value; None before the first. Corrupt, naming the object, when it was changed or cut."""
        keys = self.keys()
        return self._read(keys[-1]) if keys else None

    def change(self, decide: Callable[[bytes | None], bytes | None]) -> bool:
        """Make the value what `decide` makes of it, which is asked again when another writer was first.

        False, with nothing changed, when it gives None or the value itself. Conflict when others keep winning.
        """
        nonce = os.urandom(_NONCE)  # tells this writer's value from another's that is equal
        for _ in range(_TRIES):
            keys = self.keys()
            before = self._read(keys[-1]) if keys else None
            after = decide(before)
            if after is None or after == before:
                return False
            number = int(keys[-1]) + 1 if keys else 0
            if self.storage.create(f"{number:08}", sealed_bytes(nonce + after), synced=self.synced):
                return True
        raise Conflict(f"{self.storage.url}: others wrote {_TRIES} times meanwhile; nothing was changed, try again")

    def keys(self) -> list[str]:
        """The keys of all revisions that are kept, oldest first."""
        return [name for name in self.storage.names() if _KEY.fullmatch(name)]

    def _read(self, key: str) -> bytes:
        return unsealed_bytes(self.storage.url_of(key), self.storage.read(key) or b"")[_NONCE:]
