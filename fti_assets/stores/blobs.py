"""Objects named by what they hold."""

import attrs

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.sealed import sha256
from fti_assets.stores.storage import Storage


@attrs.frozen
class Blobs:
    """Objects below a storage, each called by the SHA-256 of its bytes, so that equal ones are there once."""

    storage: Storage

    def put(self, content: bytes, *, synced: bool = True) -> str:
        """Keep some bytes; gives their name, 64 hexadecimal digits. Corrupt when others are kept under it."""
        digest = sha256(content)
        if not self.storage.create(_key(digest), content, synced=synced):
            self.get(digest)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of that name. Corrupt, naming the object, when it is gone or holds others."""
        content = self.storage.read(_key(digest))
        where = self.storage.url_of(_key(digest))
        if content is None:
            raise Corrupt(f"{where}: it is gone, but something names it")
        if sha256(content) != digest:
            raise Corrupt(f"{where}: it was changed or cut: its content does not hash to its name")
        return content

    def url_of(self, digest: str) -> str:
        """What a person or another tool opens an object by."""
        return self.storage.url_of(_key(digest))


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:]}"
