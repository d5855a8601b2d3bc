import multiprocessing
from pathlib import Path

import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.stores.revisions import Revisions
from fti_assets.stores.storage import Storage


def test_the_newest_is_the_value(storage: Storage) -> None:
    value = Revisions(storage)
    assert value.newest() is None
    assert value.change(lambda _: b"first")
    assert value.change(lambda before: (before or b"") + b", second")
    assert value.newest() == Revisions(storage).newest() == b"first, second"


def test_what_changes_nothing_writes_nothing(storage: Storage) -> None:
    value = Revisions(storage)
    value.change(lambda _: b"x")
    assert not value.change(lambda before: before)
    assert not value.change(lambda _: None)
    assert value.keys() == ["00000000"]


def _count(storage: Storage, times: int) -> None:
    for _ in range(times):
        Revisions(storage).change(lambda before: str(int(before or b"0") + 1).encode())


@pytest.mark.slow
def test_no_change_of_many_writers_is_lost(storage: Storage) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.starmap(_count, [(storage, 15)] * 4)
    assert Revisions(storage).newest() == b"60"


@pytest.mark.parametrize("attempt", range(10))
def test_a_flipped_bit_is_refused_with_the_name_of_the_object(tmp_path: Path, attempt: int) -> None:
    value = Revisions(Storage(tmp_path))
    value.change(lambda _: b"some value")
    path = tmp_path / "00000000"
    content = bytearray(path.read_bytes())
    place = attempt * 7919 % (len(content) * 8)
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(bytes(content))
    with pytest.raises(Corrupt, match="00000000: it was changed or cut"):
        value.newest()


def test_an_emptied_one_is_refused_and_never_nothing(tmp_path: Path) -> None:
    Revisions(Storage(tmp_path)).change(lambda _: b"some value")
    (tmp_path / "00000000").write_bytes(b"")
    with pytest.raises(Corrupt, match="00000000: it was changed or cut"):
        Revisions(Storage(tmp_path)).change(lambda _: b"another")
