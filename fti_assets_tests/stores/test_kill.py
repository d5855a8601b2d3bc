"""Writers killed at random moments: what readers see is whole all the while, and a rerun completes."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import polars as pl
import pytest

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.tables import PartitionedTable

COLUMNS: dict[str, Kind] = {"at": Kind.TIME, "value": Kind.INTEGER}
FIRST = midnight("2024-01-01")
DAYS = 6
EVERYTHING = Window(FIRST, FIRST + timedelta(days=DAYS))
ROWS = 40
KILLS = 50

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["fti_assets_tests.stores.test_kill"])


def table_of(path: Path) -> PartitionedTable:
    return PartitionedTable(path, COLUMNS)


def backfill(path: Path, first: int, last: int, value: int) -> None:
    """The days from one to another (not included), each with ROWS rows of one value."""
    window = Window(FIRST + timedelta(days=first), FIRST + timedelta(days=last))
    at = [FIRST + timedelta(days=day, minutes=n) for day in range(first, last) for n in range(ROWS)]
    frame = pl.DataFrame({"at": at, "value": value}, schema={"at": pl.Datetime("us", "UTC"), "value": pl.Int64})
    table_of(path).write(frame, window, pl.col("at"))


def backfill_for_ever(path: Path, seed: int) -> None:
    """Overlapping ranges, one after the other, each with a value of its own."""
    for n in range(1_000_000):
        first = n % (DAYS - 2)
        backfill(path, first, first + 3, seed * 1_000_000 + n)


def values_by_day(path: Path) -> list[int]:
    """The one value of each day; fails when a day is torn, doubled or lost."""
    rows = table_of(path).read(EVERYTHING).group_by(pl.col("at").dt.date(), maintain_order=True)
    found = rows.agg(pl.len(), pl.col("value").n_unique().alias("values"), pl.col("value").first())
    assert found["len"].to_list() == [ROWS] * DAYS
    assert found["values"].to_list() == [1] * DAYS
    return found["value"].to_list()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    backfill(tmp_path / "t", 0, DAYS, 0)
    return tmp_path / "t"


@pytest.fixture
def writers() -> Iterator[list[BaseProcess]]:
    started: list[BaseProcess] = []
    yield started
    for process in started:
        process.kill()
        process.join()


def start(writers: list[BaseProcess], path: Path, seed: int) -> BaseProcess:
    process = _processes.Process(target=backfill_for_ever, args=(path, seed))
    process.start()
    writers.append(process)
    return process


@pytest.mark.slow
def test_fifty_writers_killed_at_random_moments_leave_whole_days_and_a_rerun_completes(
    table: Path, writers: list[BaseProcess]
) -> None:
    dice, killed_after = random.Random(5), set[int]()  # noqa: S311
    for kill in range(1, KILLS + 1):
        before = table_of(table).version() or 0
        writer = start(writers, table, kill)
        while (table_of(table).version() or 0) == before:
            values_by_day(table)
        until = time.monotonic() + dice.uniform(0, 0.06)
        while time.monotonic() < until:
            values_by_day(table)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        assert writer.exitcode == -signal.SIGKILL, "it was killed while it wrote"
        values_by_day(table)
        killed_after.add((table_of(table).version() or 0) - before)
    assert len(killed_after) > 3, "at different moments of its work"
    backfill(table, 0, DAYS, 7)
    assert values_by_day(table) == [7] * DAYS
    assert pl.read_delta(str(table))["value"].to_list() == [7] * ROWS * DAYS, "and any reader of Delta can open it"


@pytest.mark.slow
def test_two_backfills_of_overlapping_ranges_at_once_lose_nothing_and_double_nothing(
    table: Path, writers: list[BaseProcess]
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
