"""Processes that write one table at once: none loses, doubles or tears what another wrote."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.pool import Pool

import pytest

from fti_assets.contracts.errors import AlreadyIssued, StorageError
from fti_assets.stores import table_log
from fti_assets.stores.maintenance import verify
from fti_assets.stores.storage import Storage
from fti_assets_tests.stores.table_rows import AT, days, rows, starts, table_in, values, write

pytestmark = pytest.mark.slow
ROUNDS = 4


@pytest.fixture(scope="module")
def writers(bucket: str) -> Iterator[Pool]:
    """Twelve processes, which know how to get at the bucket."""
    assert bucket
    with multiprocessing.get_context("spawn").Pool(12) as pool:
        yield pool


def write_own_day(storage: Storage, day: int) -> None:
    """Correct a day that nobody else writes, and add one."""
    for value in range(1, ROUNDS + 1):
        write(table_in(storage), days(day, day), [value, value + 1])
    write(table_in(storage), days(day + 12, day + 12), [day])


@pytest.mark.parametrize("count", [2, 4, 12])
def test_writers_of_days_of_one_month_lose_nothing_of_each_other(storage: Storage, writers: Pool, count: int) -> None:
    writers.starmap(write_own_day, [(storage, day) for day in range(1, count + 1)], chunksize=1)
    table = table_in(storage)
    for day in range(1, count + 1):
        assert values(table, days(day, day)) == [ROUNDS, ROUNDS + 1]
    assert values(table, days(13, 12 + count)) == list(range(1, count + 1))
    assert table.version() == count * (ROUNDS + 1), "a version a write"
    written = [*starts(1, count), *starts(13, 12 + count)]
    assert table.missing(starts(1, 24)) == [start for start in starts(1, 24) if start not in written]
    assert verify(table.storage) == 2 * count


def write_overlapping_days(storage: Storage, who: str) -> None:
    """Write ranges that overlap those of the others, each day with three rows of one's own."""
    for first in (1, 2, 3):
        write(table_in(storage), days(first, first + 1), [1, 2, 3], who)


@pytest.mark.parametrize("count", [2, 4, 12])
def test_writers_of_overlapping_days_tear_none(storage: Storage, writers: Pool, count: int) -> None:
    writers.starmap(write_overlapping_days, [(storage, who) for who in "abcdefghijkl"[:count]], chunksize=1)
    table = table_in(storage)
    assert table.missing(starts(1, 4)) == []
    for day in range(1, 5):
        written = table.read(days(day, day))
        assert written["value"].to_list() == [1, 2, 3]
        assert written["who"].n_unique() == 1


def issue(storage: Storage, who: str) -> bool:
    """Write two days once; whether this process did."""
    try:
        table_in(storage).write(rows(days(1, 2), [1], who), days(1, 2), AT, once=True)
    except AlreadyIssued:
        return False
    return True


@pytest.mark.parametrize("count", [2, 4, 12])
def test_of_writers_that_write_days_once_one_wins(storage: Storage, writers: Pool, count: int) -> None:
    names = "abcdefghijkl"[:count]
    won = writers.starmap(issue, [(storage, who) for who in names], chunksize=1)
    assert sum(won) == 1
    winner = names[won.index(True)]
    assert table_in(storage).read(days(1, 2))["who"].to_list() == [winner, winner]


def _in_a_fork(storage: Storage, answer: "multiprocessing.SimpleQueue[str]") -> None:
    try:
        answer.put(str(table_in(storage).version()))
    except StorageError as error:
        answer.put(str(error))


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_process_that_was_forked_from_a_reader_of_tables_is_told_so(storage: Storage) -> None:
    write(table_in(storage), days(1, 1), [1])
    context = multiprocessing.get_context("fork")
    answer = context.SimpleQueue()
    process = context.Process(target=_in_a_fork, args=(storage, answer))
    process.start()
    assert "start processes with the method spawn or forkserver" in answer.get()
    process.join()
    assert table_log.table_log(storage.at("t")) is table_log.table_log(storage.at("t")), "one handle a process"
