import hashlib
from pathlib import Path

import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.blobs import Blobs
from fti_assets.stores.storage import Storage


def test_bytes_are_kept_once_under_their_hash(storage: Storage) -> None:
    blobs = Blobs(storage)
    digest = blobs.put(b"content")
    assert digest == blobs.put(b"content") == hashlib.sha256(b"content").hexdigest()
    assert blobs.get(digest) == b"content"
    assert len(storage.objects()) == 1


@pytest.mark.parametrize("content", [b"", b"conten", b"contentt", b"Content"])
def test_other_bytes_under_a_name_are_refused(tmp_path: Path, content: bytes) -> None:
    blobs = Blobs(Storage(tmp_path))
    digest = blobs.put(b"content")
    (path,) = tmp_path.rglob("*[0-9a-f]" * 8)
    path.write_bytes(content)
    for read in (lambda: blobs.get(digest), lambda: blobs.put(b"content")):
        with pytest.raises(Corrupt, match=f"{digest[2:]}: it was changed or cut"):
            read()


def test_one_that_is_gone_is_missed(storage: Storage) -> None:
    with pytest.raises(Corrupt, match="it is gone, but something names it"):
        Blobs(storage).get("ab" * 32)
