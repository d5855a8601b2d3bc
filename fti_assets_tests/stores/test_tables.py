import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from datetime import date, timedelta
from multiprocessing.pool import Pool
from pathlib import Path

import polars as pl
import pytest

from fti_assets.spec.errors import AlreadyIssued, ContractViolation, DeclarationError
from fti_assets.spec.schema import Kind
from fti_assets.spec.time import Window, midnight
from fti_assets.stores.tables import DayTable, day_of

COLUMNS: dict[str, Kind] = {"at": "time", "value": "integer", "who": "text"}
FIRST = date(2024, 1, 1)


def days(first: int, last: int) -> Window:
    """The days of January 2024 from one to another."""
    return Window.of_days(date(2024, 1, first), date(2024, 1, last))


def rows(window: Window, values: list[int], who: str = "me") -> pl.DataFrame:
    """So many rows on each day of the window, in that order."""
    found = [(midnight(day) + timedelta(hours=1), value, who) for day in window.days for value in values]
    return pl.DataFrame(
        found, schema={"at": pl.Datetime("us", "UTC"), "value": pl.Int64, "who": pl.String}, orient="row"
    )


def write(table: DayTable, window: Window, values: list[int], who: str = "me") -> int:
    return table.write(rows(window, values, who), window, day_of("at"))


def test_an_empty_day_is_written_and_not_missing(tmp_path: Path) -> None:
    table = DayTable(tmp_path / "t", COLUMNS)
    assert table.missing(days(1, 2).days) == days(1, 2).days
    assert (table.version(), table.first_day(), len(table.read(days(1, 2)))) == (None, None, 0)
    table.write(rows(days(2, 2), [5]), days(1, 3), day_of("at"))
    assert table.missing(days(1, 4).days) == [date(2024, 1, 4)]
    assert (table.first_day(), table.last_day()) == (date(2024, 1, 2), date(2024, 1, 2))
    table.write(rows(days(2, 2), []), days(2, 2), day_of("at"))
    assert table.missing(days(1, 3).days) == []
    assert table.first_day() is None


def test_replacing_a_day_leaves_the_others_and_every_version_can_be_read_again(tmp_path: Path) -> None:
    table = DayTable(tmp_path / "t", COLUMNS)
    first = write(table, days(1, 3), [1, 2])
    second = write(table, days(2, 2), [9])
    assert table.version() == second > first
    assert table.read(days(1, 3))["value"].to_list() == [1, 2, 9, 1, 2]
    assert table.read(days(1, 3), version=first)["value"].to_list() == [1, 2, 1, 2, 1, 2]
    assert table.read(days(2, 3), ["who", "value"]).columns == ["who", "value"]


def test_rows_come_by_day_and_then_as_they_were_written(tmp_path: Path) -> None:
    table = DayTable(tmp_path / "t", COLUMNS)
    values = [(7919 * n) % 40_000 for n in range(40_000)]
    write(table, days(3, 3), values)
    both = pl.concat([rows(days(2, 2), values[::-1]), rows(days(1, 1), values)])
    table.write(both, days(1, 2), day_of("at"))
    assert table.read(days(1, 3))["value"].to_list() == values + values[::-1] + values


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (rows(days(1, 3), [1]), "ds: in 2024-01-01...2024-01-02 .*2024-01-03, 1 rows"),
        (rows(days(1, 1), [1]).with_columns(at=pl.lit(None, pl.Datetime("us", "UTC"))), "ds: in .*None, 1 rows"),
        (rows(days(1, 1), [1]).with_columns(value=pl.lit(1.5)), "value: is Int64 .*Float64"),
        (rows(days(1, 1), [1]).with_columns(who=pl.lit(1)), "who: is String .*Int32"),
    ],
)
def test_rows_of_other_days_or_types_are_refused_and_nothing_is_written(
    tmp_path: Path, frame: pl.DataFrame, message: str
) -> None:
    table = DayTable(tmp_path / "t", COLUMNS)
    with pytest.raises(ContractViolation, match=message):
        table.write(frame, days(1, 2), day_of("at"))
    assert table.missing(days(1, 2).days) == days(1, 2).days


def test_narrow_integers_and_columns_of_nulls_are_written_in_the_tables_types(tmp_path: Path) -> None:
    table = DayTable(tmp_path / "t", COLUMNS)
    frame = rows(days(1, 1), [1]).with_columns(pl.col("value").cast(pl.UInt32), who=pl.lit(None))
    table.write(frame, days(1, 1), day_of("at"))
    assert table.read(days(1, 1)).equals(frame.cast({"value": pl.Int64, "who": pl.String}))


def test_part_of_a_day_is_not_written_for_it_would_replace_the_rest(tmp_path: Path) -> None:
    noon = midnight(FIRST) + timedelta(hours=12)
    with pytest.raises(DeclarationError, match="expected whole days"):
        DayTable(tmp_path / "t", COLUMNS).write(rows(days(1, 1), [1]), Window(midnight(FIRST), noon), day_of("at"))


def test_a_table_of_other_columns_says_what_to_do(tmp_path: Path) -> None:
    write(DayTable(tmp_path / "t", COLUMNS), days(1, 1), [1])
    with pytest.raises(DeclarationError, match="holds at, value, who, but its contract says at, price: name it anew"):
        DayTable(tmp_path / "t", {"at": "time", "price": "number"}).read(days(1, 1))


def test_a_creator_killed_before_its_first_commit_leaves_no_broken_table(tmp_path: Path) -> None:
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    table = DayTable(tmp_path / "t", COLUMNS)
    assert table.missing(days(1, 1).days) == days(1, 1).days
    write(table, days(1, 1), [1])
    assert table.read(days(1, 1))["value"].to_list() == [1]


@pytest.fixture(scope="module")
def writers() -> Iterator[Pool]:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        yield pool


def _writer(path: Path, who: str) -> None:
    """Write ranges that overlap those of the others, each day with three rows of one's own."""
    table = DayTable(path, COLUMNS)
    for first in (1, 2, 3):
        write(table, days(first, first + 1), [1, 2, 3], who)


@pytest.mark.slow
def test_four_processes_that_write_overlapping_days_lose_none_and_tear_none(tmp_path: Path, writers: Pool) -> None:
    writers.starmap(_writer, [(tmp_path / "t", who) for who in "abcd"], chunksize=1)
    table = DayTable(tmp_path / "t", COLUMNS)
    assert table.missing(days(1, 4).days) == []
    for day in days(1, 4).days:
        found = table.read(Window.of_days(day, day))
        assert found["value"].to_list() == [1, 2, 3]
        assert found["who"].n_unique() == 1
    assert (table.version() or 0) >= 12


def _once(path: Path, who: str) -> bool:
    try:
        DayTable(path, COLUMNS).write(rows(days(1, 2), [1], who), days(1, 2), day_of("at"), once=True)
    except AlreadyIssued:
        return False
    return True


def test_of_four_processes_that_write_a_day_once_one_wins(tmp_path: Path, writers: Pool) -> None:
    won = writers.starmap(_once, [(tmp_path / "t", who) for who in "abcd"], chunksize=1)
    assert sum(won) == 1
    winner = "abcd"[won.index(True)]
    assert DayTable(tmp_path / "t", COLUMNS).read(days(1, 2))["who"].to_list() == [winner, winner]


def _write_for_ever(path: Path) -> None:
    table, value = DayTable(path, COLUMNS), 1
    while True:
        write(table, days(1, 3), [value] * 50)
        value += 1


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_days(tmp_path: Path) -> None:
    table = DayTable(tmp_path / "t", COLUMNS)
    write(table, days(1, 3), [0] * 50)
    for kill in range(4):
        writer = multiprocessing.get_context("spawn").Process(target=_write_for_ever, args=(tmp_path / "t",))
        before = table.version() or 0
        writer.start()
        while (table.version() or 0) < before + 2:
            time.sleep(0.005)
        time.sleep(0.013 * kill)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        found = table.read(days(1, 3))
        assert found["value"].n_unique() == 1
        assert len(found) == 150
        write(table, days(1, 3), [0] * 50)
