import errno
import os
import pickle
from pathlib import Path

import pytest

from fti_assets.contracts.errors import DeclarationError, StorageError
from fti_assets.stores.storage import Storage


def test_an_object_is_put_once(storage: Storage) -> None:
    assert storage.create("a/1.json", b"first")
    assert not storage.create("a/1.json", b"second")
    assert storage.read("a/1.json") == b"first"
    assert storage.read("a/2.json") is storage.read("a/1.json/x") is None


def test_the_same_bytes_again_are_taken_for_a_lost_answer(storage: Storage) -> None:
    assert storage.create("a", b"first")
    assert storage.create("a", b"first")


def test_keys_and_names_come_in_order(storage: Storage) -> None:
    for key in ("b/2", "b/10", "a", "b/c/1"):
        storage.create(key, b"")
    assert storage.objects() == ["a", "b/10", "b/2", "b/c/1"]
    assert storage.objects("b") == ["b/10", "b/2", "b/c/1"]
    assert storage.names() == ["a", "b"]
    assert storage.names("b") == ["10", "2", "c"]
    assert storage.objects("nothing") == storage.names("nothing") == []


def test_what_lies_below_a_part_is_a_storage(storage: Storage) -> None:
    storage.at("models", "returns").create("1.json", b"x")
    assert storage.read("models/returns/1.json") == b"x"


def test_deleted_objects_are_gone(storage: Storage) -> None:
    storage.create("a", b"x")
    storage.delete(["a"])
    assert storage.read("a") is None


def test_a_storage_can_be_sent_to_another_process(storage: Storage) -> None:
    storage.create("a", b"x")
    sent = pickle.loads(pickle.dumps(storage))  # noqa: S301  # as pools send it
    assert (sent, sent.read("a")) == (storage, b"x")


@pytest.mark.parametrize("url", ["ftp://host/home", "s3://", "http://host/home", "s4://bucket", "memory://home"])
def test_an_unknown_scheme_is_refused(url: str) -> None:
    with pytest.raises(DeclarationError, match="expected a folder, or a bucket"):
        Storage(url)


def test_a_folder_may_be_a_url_relative_or_in_ones_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/people/ada")
    assert Storage("x").folder == tmp_path / "x"
    assert Storage(f"file://{tmp_path}/a%20b").folder == tmp_path / "a b"
    assert Storage("~/fti").folder == Path("/people/ada/fti")


def test_what_a_killed_writer_left_is_no_object(tmp_path: Path) -> None:
    (tmp_path / ".a.4711").write_bytes(b"half")
    assert Storage(tmp_path).objects() == Storage(tmp_path).names() == []


def test_a_full_disk_is_said_so_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    storage = Storage(tmp_path / "home")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="home/a: the disk is full: make room and try again"):
            storage.create("a", b"x")
    assert list((tmp_path / "home").iterdir()) == []
    assert storage.create("a", b"x")


def test_a_bucket_that_does_not_answer_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENDPOINT_URL", "http://127.0.0.1:9"), ("ALLOW_HTTP", "true"), ("REGION", "x")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setattr("fti_assets.stores.storage.RETRIES", {"max_retries": 0})
    with pytest.raises(StorageError, match=r"s3://bucket/prefix/a: "):
        Storage("s3://bucket/prefix").read("a")


def test_a_bucket_that_is_not_there_is_said_so(bucket: str) -> None:
    with pytest.raises(StorageError, match=r"^s3://absent/a/b/?: there is no such bucket"):
        Storage(f"{bucket.replace('tests', 'absent')}/a").names("b")
