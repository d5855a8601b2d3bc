"""Writers killed at random moments: what readers see is whole all the while, and a rerun completes."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from multiprocessing.process import BaseProcess

import polars as pl
import pytest

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.maintenance import compact, vacuum, verify
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import TableContract
from fti_assets.stores.table_log import table_log
from fti_assets.stores.tables import PartitionedTable

pytestmark = pytest.mark.slow
COLUMNS: dict[str, Kind] = {"at": Kind.TIME, "value": Kind.INTEGER}
FIRST = midnight("2024-01-29")
DAYS = 6
EVERYTHING = Window(FIRST, FIRST + timedelta(days=DAYS))
LATER = midnight("2030-01-01")
ROWS = 40
KILLS = 30

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["fti_assets_tests.stores.test_kill"])


def table_of(storage: Storage) -> PartitionedTable:
    return PartitionedTable(storage.at("t"), TableContract(COLUMNS))


def backfill(storage: Storage, first: int, last: int, value: int) -> None:
    """The days from one to another (not included), each with ROWS rows of one value."""
    window = Window(FIRST + timedelta(days=first), FIRST + timedelta(days=last))
    at = [FIRST + timedelta(days=day, minutes=n) for day in range(first, last) for n in range(ROWS)]
    frame = pl.DataFrame({"at": at, "value": value}, schema={"at": pl.Datetime("us", "UTC"), "value": pl.Int64})
    table_of(storage).write(frame, window, pl.col("at"))


def backfill_for_ever(storage: Storage, environment: Mapping[str, str], seed: int) -> None:
    """Overlapping ranges of two months, one after the other, each with a value of its own; and compactions."""
    os.environ.update(environment)
    for n in range(1_000_000):
        first = n % (DAYS - 2)
        backfill(storage, first, first + 3, seed * 1_000_000 + n)
        if n % 3 == 2:
            compact(storage.at("t"), LATER)


def values_by_day(storage: Storage) -> list[int]:
    """The one value of each day; fails when a day is torn, doubled or lost."""
    rows = table_of(storage).read(EVERYTHING).group_by(pl.col("at").dt.date(), maintain_order=True)
    days = rows.agg(pl.len(), pl.col("value").n_unique().alias("values"), pl.col("value").first())
    assert days["len"].to_list() == [ROWS] * DAYS
    assert days["values"].to_list() == [1] * DAYS
    return days["value"].to_list()


@pytest.fixture
def table(storage: Storage) -> Storage:
    backfill(storage, 0, DAYS, 0)
    return storage


@pytest.fixture
def writers() -> Iterator[list[BaseProcess]]:
    started: list[BaseProcess] = []
    yield started
    for process in started:
        process.kill()
        process.join()


def start(writers: list[BaseProcess], storage: Storage, seed: int) -> BaseProcess:
    process = _processes.Process(target=backfill_for_ever, args=(storage, dict(os.environ), seed))
    process.start()
    writers.append(process)
    return process


def test_thirty_writers_killed_at_random_moments_leave_whole_days_and_no_orphans(
    table: Storage, writers: list[BaseProcess]
) -> None:
    dice, killed_after = random.Random(5), set[int]()  # noqa: S311
    for kill in range(1, KILLS + 1):
        before = table_of(table).version() or 0
        writer = start(writers, table, kill)
        while (table_of(table).version() or 0) == before:
            values_by_day(table)
        until = time.monotonic() + dice.uniform(0, 0.2)
        while time.monotonic() < until:
            values_by_day(table)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        assert writer.exitcode == -signal.SIGKILL, "it was killed while it wrote"
        values_by_day(table)
        killed_after.add((table_of(table).version() or 0) - before)
    assert len(killed_after) > 2, "at different moments of its work"
    assert verify(table.at("t")) == DAYS
    backfill(table, 0, DAYS, 7)
    assert values_by_day(table) == [7] * DAYS
    vacuum(table.at("t"), keep=[], grace=timedelta(0))
    newest = table_log(table.at("t")).newest()
    named = sorted(f"t/{file.path}" for file in newest.files) if newest else []
    assert [key for key in table.objects() if "_delta_log" not in key] == named
    if table.folder is not None:
        partial = [path.name for path in table.folder.rglob("*") if path.name.startswith(".") or "#" in path.name]
        assert partial == []
    assert values_by_day(table) == [7] * DAYS


def test_two_backfills_of_overlapping_ranges_at_once_lose_nothing_and_double_nothing(
    table: Storage, writers: list[BaseProcess]
) -> None:
    both = [start(writers, table, seed) for seed in (1, 2)]
    seen: set[int] = set()
    begin = time.monotonic()
    while not {1, 2} <= seen and time.monotonic() - begin < 30:
        seen |= {value // 1_000_000 for value in values_by_day(table)}
    for _ in range(50):
        values_by_day(table)
    assert all(process.is_alive() for process in both)
    assert seen >= {1, 2}
    for process in both:
        process.kill()
        process.join()
    backfill(table, 0, DAYS, 7)
    assert values_by_day(table) == [7] * DAYS
    assert verify(table.at("t")) == DAYS
