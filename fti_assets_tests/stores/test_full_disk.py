"""A disk that is full: it is said so, nothing is half written, and all goes on when there is room again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fti_assets.contracts.errors import StorageError
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.home import Home
from fti_assets.stores.maintenance import verify
from fti_assets.stores.storage import Storage
from fti_assets.stores.tables import PartitionedTable
from fti_assets_tests.stores.disks import small_disk
from fti_assets_tests.stores.table_rows import days, table_in, values, write

pytestmark = pytest.mark.slow

FULL = "the disk is full: make room and try again"
PAGE = 4096
"""Bytes that a disk gives at a time."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "4m") as folder:
        yield folder


def fill(disk: Path, leaving: int) -> Path:
    """A file that takes all of the disk but so many bytes."""
    filler = disk / "filler"
    statistics = os.statvfs(disk)
    filler.write_bytes(b"x" * (statistics.f_bavail * statistics.f_frsize - leaving))
    return filler


def files(disk: Path) -> list[Path]:
    return sorted(path for path in disk.rglob("*") if path.is_file())


def complaint_about(table: PartitionedTable, window: Window, numbers: list[int]) -> str:
    """What a write complains of; nothing when it was made."""
    try:
        write(table, window, numbers)
    except StorageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("day", [4, 2], ids=["a day is added", "a day is corrected"])
def test_a_table_on_a_full_disk_says_so_and_goes_on_when_there_is_room(disk: Path, day: int) -> None:
    table, numbers = table_in(Storage(disk / "home")), [n * 7919 % 1000 for n in range(3000)]
    write(table, days(1, 3), numbers)
    complaints = []
    for pages in range(100):
        filler = fill(disk, leaving=pages * PAGE)
        before = files(disk)
        complaint = complaint_about(table, days(day, day), [*numbers, 1])
        filler.unlink()
        if not complaint:
            break
        complaints.append(complaint)
        assert files(disk) == [path for path in before if path != filler], "what was begun is cleaned up"
        assert values(table, days(1, 4)) == numbers * 3
    assert len(complaints) > 2, "for want of room for the rows, and then for the commit"
    assert all(FULL in complaint for complaint in complaints)
    assert values(table, days(day, day)) == [*numbers, 1]
    assert values(table, days(1, 1)) == numbers
    assert verify(table.storage) == len(table.contents(days(1, 4)))


def test_a_registration_on_a_full_disk_leaves_no_version_and_is_made_when_there_is_room(disk: Path) -> None:
    home, files_of = Home(disk / "home"), {"model.bin": b"x" * 100_000}
    home.registry.register("returns", {"model.bin": b"first"}, cutoff=midnight("2024-01-01"), facts={})
    filler = fill(disk, leaving=4096)
    with pytest.raises(StorageError, match=FULL):
        home.registry.register("returns", files_of, cutoff=midnight("2024-01-02"), facts={})
    assert [version.version for version in home.registry.versions("returns")] == [1]
    filler.unlink()
    assert home.registry.register("returns", files_of, cutoff=midnight("2024-01-02"), facts={}).version == 2
    home.registry.verify("returns")
