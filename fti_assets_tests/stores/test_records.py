import multiprocessing
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fti_assets.contracts.errors import Conflict, Corrupt
from fti_assets.stores import records
from fti_assets.stores.records import FIRST, Records
from fti_assets.stores.storage import Storage

WRITERS, EACH = 6, 12
SPAWN = multiprocessing.get_context("spawn")


def add(journal: Records, **facts: object) -> None:
    journal.append(lambda _: facts)


def whats(journal: Records) -> list[object]:
    return [record["what"] for record in journal.all()]


def test_records_come_back_in_order_each_with_the_hash_of_the_one_before(storage: Storage) -> None:
    journal = Records(storage)
    assert journal.all() == []
    for what in ("a", "é", 3):
        add(journal, what=what)
    assert whats(journal) == whats(Records(storage)) == ["a", "é", 3]
    written = journal.all()
    assert [record["previous_hash"] for record in written] == [FIRST, *(record["hash"] for record in written[:-1])]
    assert len({record["nonce"] for record in written}) == 3


def test_a_writer_decides_by_what_is_there_and_may_add_nothing(storage: Storage) -> None:
    journal = Records(storage)
    add(journal, what=1)
    assert journal.append(lambda before: {"what": before[-1]["what"] + 1} if before else None)
    assert journal.append(lambda before: None if before else {"what": 0}) is None
    assert whats(journal) == [1, 2]


def test_what_another_process_added_is_read(storage: Storage) -> None:
    journal = Records(storage)
    add(journal, what=1)
    with SPAWN.Pool(1) as pool:
        pool.apply(_add_some, (storage, "other", 2))
    assert whats(journal) == [1, "other 0", "other 1"]


def _add_some(storage: Storage, name: str, count: int) -> None:
    for n in range(count):
        Records(storage).append(lambda _, n=n: {"what": f"{name} {n}"})


@pytest.mark.slow
def test_many_writers_lose_and_double_nothing(storage: Storage) -> None:
    with SPAWN.Pool(WRITERS) as pool:
        pool.starmap(_add_some, [(storage, f"writer {w}", EACH) for w in range(WRITERS)])
    written = whats(Records(storage))
    assert sorted(map(str, written)) == sorted(f"writer {w} {n}" for w in range(WRITERS) for n in range(EACH))
    for writer in range(WRITERS):
        own = [what for what in written if str(what).startswith(f"writer {writer} ")]
        assert own == [f"writer {writer} {n}" for n in range(EACH)]
    Records(storage).verify()


def test_writers_of_one_process_id_lose_and_double_nothing(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in two pods on one volume, each of which is process 1 of its own."""
    monkeypatch.setattr("os.getpid", lambda: 1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: _add_some(storage, name, 5), "abcd"))
    assert sorted(map(str, whats(Records(storage)))) == sorted(f"{name} {n}" for name in "abcd" for n in range(5))
    Records(storage).verify()


@pytest.mark.slow
def test_killed_writers_leave_whole_records_and_block_nobody(storage: Storage) -> None:
    for attempt in range(8):
        writer = SPAWN.Process(target=_add_some, args=(storage, "killed", 1_000_000))
        writer.start()
        time.sleep(1 + attempt / 32)
        writer.kill()
        writer.join()
        assert writer.exitcode == -signal.SIGKILL
        before = Records(storage).verify()
        add(Records(storage), what="after")
        assert len(Records(storage).verify()) == len(before) + 1


def test_when_others_keep_winning_it_says_so_and_adds_nothing(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_TRIES", 3)

    def decide(before: list[dict[str, object]]) -> dict[str, object]:
        other = records.sealed({"what": "other", "index": len(before), "previous_hash": _last(before)})
        storage.create(f"{len(before):08}.json", records.canonical_json(other))
        return {"what": "mine"}

    with pytest.raises(Conflict, match="others wrote 3 times meanwhile; nothing was changed"):
        Records(storage).append(decide)
    assert set(whats(Records(storage))) == {"other"}


def _last(before: list[dict[str, object]]) -> object:
    return before[-1]["hash"] if before else FIRST


def changed(tmp_path: Path, number: int, content: bytes | None) -> Records:
    """Three records of which one is now this, or gone, as a process finds them that has not read them."""
    journal = Records(Storage(tmp_path))
    for what in "abc":
        add(journal, what=what)
    path = tmp_path / f"{number:08}.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    records._VERIFIED.clear()
    return journal


def test_a_flipped_bit_is_refused_with_the_name_of_the_object(tmp_path: Path) -> None:
    for attempt in range(40):
        folder = tmp_path / str(attempt)
        original = bytearray(_content_of(folder / "original", attempt % 3))
        place = attempt * 7919 % (len(original) * 8)
        original[place // 8] ^= 1 << place % 8
        with pytest.raises(Corrupt, match=rf"{attempt % 3:08}\.json"):
            changed(folder / "flipped", attempt % 3, bytes(original)).all()


def _content_of(folder: Path, number: int) -> bytes:
    journal = Records(Storage(folder))
    for what in "abc":
        add(journal, what=what)
    return (folder / f"{number:08}.json").read_bytes()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"what": 1'])
def test_an_emptied_or_cut_record_is_refused_and_never_nothing(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Corrupt, match=r"00000002.json"):
        changed(tmp_path, 2, content).all()


def test_a_removed_record_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(Corrupt, match=r"00000001.json: it is gone, but 00000002.json is there"):
        changed(tmp_path, 1, None).verify()


def test_a_record_of_another_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Corrupt, match=r"00000001.json: the chain is broken"):
        changed(tmp_path, 1, _content_of(tmp_path / "other", 2)).all()


def test_records_are_read_once_and_a_journal_begun_anew_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Records(Storage(tmp_path))
    for n in range(5):
        add(journal, what=n)
    journal.all()
    reads: list[str] = []
    read = Storage.read
    monkeypatch.setattr(Storage, "read", lambda self, key: [reads.append(key), read(self, key)][1])
    assert whats(journal) == list(range(5))
    assert reads == ["00000004.json", "00000005.json"]
    for path in tmp_path.iterdir():
        path.unlink()
    add(journal, what="anew")
    assert whats(journal) == ["anew"]
