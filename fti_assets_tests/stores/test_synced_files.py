"""Files that change in one step, on the platforms that differ; sealed records are in the tests of what is sealed."""

import errno
import os

import pytest

from fti_assets.stores.synced_files import create, in_one_step, replace, sync_directory


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    with pytest.raises(ZeroDivisionError), in_one_step(path) as partial:
        _ = partial.write_bytes(b"half of") / 0
    assert list(tmp_path.iterdir()) == []
    with in_one_step(path) as partial:
        partial.write_bytes(b"all of it")
        assert not path.exists()
    assert path.read_bytes() == b"all of it"


def test_two_writers_of_one_process_do_not_share_what_they_write_aside(tmp_path):
    path = tmp_path / "file"
    with in_one_step(path) as first, in_one_step(path) as second:
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert path.read_bytes() == b"first", "it came last"


def test_a_file_is_created_once(tmp_path):
    assert create(tmp_path / "file", b"one")
    assert not create(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_sync_directories_is_no_fault(tmp_path, monkeypatch, code):
    synced = os.fsync

    def fsync(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112  # a descriptor, not a path
            raise OSError(code, os.strerror(code))
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    replace(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_platform_without_directories_to_open_is_no_fault(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_DIRECTORY")
    monkeypatch.setattr(os, "open", lambda *_: 1 / 0)
    sync_directory(tmp_path)


def test_a_disk_that_fails_is_told(tmp_path, monkeypatch):
    def fsync(_descriptor: int) -> None:
        raise OSError(errno.EIO, "disk")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="disk"):
        sync_directory(tmp_path)
