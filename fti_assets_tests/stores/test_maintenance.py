"""What maintenance makes of a table, and what it leaves alone, on a folder and on a bucket."""

from datetime import timedelta

import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.maintenance import Maintenance, checkpoint, compact, maintain, vacuum, verify
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_log import TableLog
from fti_assets.stores.tables import PartitionedTable
from fti_assets_tests.stores.table_rows import days, starts, table_in, values, write

FEBRUARY = midnight("2024-02-10")
AT_ONCE = timedelta(0)


@pytest.fixture
def table(storage: Storage) -> PartitionedTable:
    """Five days that were added one after the other; the third was corrected, and the fourth has no rows."""
    table = table_in(storage)
    for day, numbers in ((1, [1, -1]), (2, [2, -2]), (3, [3, -3]), (3, [33, 0]), (4, []), (5, [5, -5])):
        write(table, days(day, day), numbers)
    return table


def files(table: PartitionedTable) -> list[str]:
    return [key for key in table.storage.objects() if key.startswith("fti_month=")]


def test_a_month_becomes_one_file_while_rows_contents_and_marks_stay(table: PartitionedTable) -> None:
    before, contents = values(table, days(1, 5)), table.contents(days(1, 5))
    newest = TableLog(table.storage).newest()
    assert newest is not None
    assert len(newest.files) > 1
    assert compact(table.storage, FEBRUARY) == ["2024-01"]
    assert compact(table.storage, FEBRUARY) == []
    compacted = TableLog(table.storage).newest()
    assert compacted is not None
    assert len(compacted.files) == 1
    assert (values(table, days(1, 5)), table.contents(days(1, 5))) == (before, contents)
    assert table.missing(starts(1, 6)) == starts(6, 6), "the fourth was written, with no rows"
    assert values(table, days(1, 5), version=3) == [1, -1, 2, -2, 3, -3]
    assert write(table, days(2, 2), [2, -2]).changed == [], "equal rows are equal after it"
    assert write(table, days(2, 2), [-2, 2]).changed == starts(2, 2)
    assert verify(table.storage) == 4


def test_a_month_that_ended_later_stays_as_it_is(table: PartitionedTable) -> None:
    assert compact(table.storage, midnight("2024-01-31")) == []


def test_the_order_of_rows_survives_files_of_many_row_groups_corrections_and_compaction(storage: Storage) -> None:
    table, many = table_in(storage), 40_000
    expected = {day: [n * 7919 % many for n in range(many)] for day in (1, 2, 3)}
    write(table, days(2, 3), expected[2])
    write(table, days(1, 1), expected[1])
    assert values(table, days(1, 3)) == expected[1] + expected[2] + expected[3]
    expected[2] = expected[2][::-1]
    write(table, days(2, 2), expected[2])
    compact(table.storage, FEBRUARY)
    for day in (1, 2, 3):
        assert values(table, days(day, day)) == expected[day]
    assert values(table, days(1, 3)) == expected[1] + expected[2] + expected[3]
    assert verify(table.storage) == 3


def test_the_log_is_summarized_once_and_opened_from_its_summary(table: PartitionedTable) -> None:
    assert checkpoint(table.storage) == 6
    assert checkpoint(table.storage) is None
    assert TableLog(table.storage).newest() == TableLog(table.storage).at(6)
    assert checkpoint(table_in(table.storage.at("nowhere")).storage) is None


def test_only_files_that_no_kept_version_names_are_deleted(table: PartitionedTable) -> None:
    storage = table.storage
    storage.create("fti_month=2024-01/of_a_killed_writer.parquet", b"half a file")
    compact(storage, FEBRUARY)
    assert vacuum(storage, keep=[]) == [], "all of them were of use a moment ago"
    deleted = vacuum(storage, keep=[3], grace=AT_ONCE)
    assert "fti_month=2024-01/of_a_killed_writer.parquet" in deleted
    assert values(table, days(1, 5), version=3) == [1, -1, 2, -2, 3, -3]
    assert values(table, days(1, 5)) == [1, -1, 2, -2, 33, 0, 5, -5]
    vacuum(storage, keep=[99], grace=AT_ONCE)
    assert len(files(table)) == 1
    with pytest.raises(Corrupt, match=r"parquet: it is gone, but the table's log names it"):
        table.read(days(1, 5), version=3)


def test_a_reader_that_holds_the_version_before_reads_on(table: PartitionedTable) -> None:
    held = table_in(Storage(table.storage.url.rpartition("/")[0]), hold=True)
    before = held.contents(days(1, 5))
    maintain(table.storage, (), older_than=FEBRUARY)
    assert values(held, days(1, 5)) == [1, -1, 2, -2, 33, 0, 5, -5]
    assert held.contents(days(1, 5)) == before


def test_what_would_be_done_is_what_is_done_then(table: PartitionedTable) -> None:
    storage = table.storage
    storage.create("fti_month=2024-01/of_a_killed_writer.parquet", b"half a file")
    objects = storage.objects()
    told = maintain(storage, (), older_than=FEBRUARY, grace=AT_ONCE, dry_run=True)
    assert storage.objects() == objects
    done = maintain(storage, (), older_than=FEBRUARY, grace=AT_ONCE)
    assert told.compacted == done.compacted == ["2024-01"]
    assert (told.summarized, done.summarized) == (6, 7), "compaction is a version too"
    assert set(told.deleted) < set(done.deleted), "what compaction replaced is of no use now"
    assert maintain(storage, (), older_than=FEBRUARY, grace=AT_ONCE) == Maintenance([], None, [])


def test_a_table_whose_first_writer_was_killed_is_left_without_its_files(storage: Storage) -> None:
    storage.create("fti_month=2024-01/of_a_killed_writer.parquet", b"half a file")
    assert verify(storage) == 0
    done = maintain(storage, (), older_than=FEBRUARY, grace=AT_ONCE)
    assert (done.summarized, len(done.deleted), storage.objects()) == (None, 1, [])


def test_every_flipped_bit_of_rows_is_named_by_their_file(storage: Storage) -> None:
    table = table_in(storage)
    write(table, days(1, 2), list(range(500)))
    (key,) = files(table)
    content = table.storage.read(key) or b""
    for place in range(0, len(content), len(content) // 40):
        flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        table.storage.delete([key])
        table.storage.create(key, flipped)
        with pytest.raises(Corrupt, match=f"{key.rpartition('/')[2]}: it was changed since it was written"):
            verify(table.storage)


@pytest.mark.parametrize("of", ["emptied", "a line less", "half a line", "gone"])
def test_a_commit_that_is_not_whole_is_told_by_its_name(table: PartitionedTable, of: str) -> None:
    key = "_delta_log/00000000000000000003.json"
    lines = (table.storage.read(key) or b"").splitlines(keepends=True)
    cut = {"emptied": b"", "a line less": b"".join(lines[:-1]), "half a line": b"".join(lines)[:-20]}
    table.storage.delete([key])
    if of in cut:
        table.storage.create(key, cut[of])
    with pytest.raises(Corrupt, match=f"{key}: it "):
        verify(table.storage)
    with pytest.raises(Corrupt, match=f"{key}: it "):
        TableLog(table.storage).newest()


@pytest.mark.parametrize("of", ["emptied", "shortened", "gone"])
def test_a_file_that_is_not_whole_is_told_by_its_name_when_it_is_read(table: PartitionedTable, of: str) -> None:
    newest = TableLog(table.storage).newest()
    assert newest is not None
    key = next(file.path for file in newest.files if file.first == "2024-01-05")
    content = table.storage.read(key) or b""
    table.storage.delete([key])
    if of != "gone":
        table.storage.create(key, content[: 0 if of == "emptied" else len(content) // 2])
    for read in (lambda: table.read(Window.of_days("2024-01-01", "2024-01-05")), lambda: verify(table.storage)):
        with pytest.raises(Corrupt, match=f"{key.rpartition('/')[2]}: it "):
            read()
    assert table.read(days(1, 3)).height == 6, "what lies elsewhere is read"
