import multiprocessing
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from multiprocessing.pool import Pool
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from fti_assets.contracts.errors import AlreadyIssued, ContractViolation, DeclarationError
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import HOURLY, WEEKLY, Period, Window, midnight
from fti_assets.stores.tables import PartitionedTable

COLUMNS: dict[str, Kind] = {"at": Kind.TIME, "value": Kind.INTEGER, "who": Kind.TEXT}
FIRST = date(2024, 1, 1)


def days(first: int, last: int) -> Window:
    """The days of January 2024 from one to another."""
    return Window.of_days(date(2024, 1, first), date(2024, 1, last))


def starts(first: int, last: int) -> list[datetime]:
    """The first instants of those days."""
    return [midnight(day) for day in days(first, last).days]


def rows(window: Window, values: list[int], who: str = "me") -> pl.DataFrame:
    """So many rows on each day of the window, in that order."""
    found = [(midnight(day) + timedelta(hours=1), value, who) for day in window.days for value in values]
    return pl.DataFrame(
        found, schema={"at": pl.Datetime("us", "UTC"), "value": pl.Int64, "who": pl.String}, orient="row"
    )


def write(table: PartitionedTable, window: Window, values: list[int], who: str = "me") -> int:
    return table.write(rows(window, values, who), window, pl.col("at")).version


def test_an_empty_day_is_written_and_not_missing(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    assert table.missing(starts(1, 2)) == starts(1, 2)
    assert (table.version(), table.first(), len(table.read(days(1, 2)))) == (None, None, 0)
    table.write(rows(days(2, 2), [5]), days(1, 3), pl.col("at"))
    assert table.missing(starts(1, 4)) == starts(4, 4)
    assert (table.first(), table.last()) == (midnight("2024-01-02"), midnight("2024-01-02"))
    table.write(rows(days(2, 2), []), days(2, 2), pl.col("at"))
    assert table.missing(starts(1, 3)) == []
    assert table.first() is None


def test_replacing_a_day_leaves_the_others_and_every_version_can_be_read_again(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    first = write(table, days(1, 3), [1, 2])
    second = write(table, days(2, 2), [9])
    assert table.version() == second > first
    assert table.read(days(1, 3))["value"].to_list() == [1, 2, 9, 1, 2]
    assert table.read(days(1, 3), version=first)["value"].to_list() == [1, 2, 1, 2, 1, 2]
    assert table.read(days(2, 3), ["who", "value"]).columns == ["who", "value"]


def test_rows_come_by_day_and_then_as_they_were_written(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    values = [(7919 * n) % 40_000 for n in range(40_000)]
    write(table, days(3, 3), values)
    both = pl.concat([rows(days(2, 2), values[::-1]), rows(days(1, 1), values)])
    table.write(both, days(1, 2), pl.col("at"))
    assert table.read(days(1, 3))["value"].to_list() == values + values[::-1] + values


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (rows(days(1, 3), [1]), "ds: in 2024-01-01...2024-01-02 .*2024-01-03 01:00:00\\+00:00, 1 rows"),
        (rows(days(1, 1), [1]).with_columns(at=pl.lit(None, pl.Datetime("us", "UTC"))), "ds: in .*None, 1 rows"),
        (rows(days(1, 1), [1]).with_columns(value=pl.lit(1.5)), "value: is Int64 .*Float64"),
        (rows(days(1, 1), [1]).with_columns(who=pl.lit(1)), "who: is String .*Int32"),
    ],
)
def test_rows_of_other_days_or_types_are_refused_and_nothing_is_written(
    tmp_path: Path, frame: pl.DataFrame, message: str
) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    with pytest.raises(ContractViolation, match=message):
        table.write(frame, days(1, 2), pl.col("at"))
    assert table.missing(starts(1, 2)) == starts(1, 2)


def test_narrow_integers_and_columns_of_nulls_are_written_in_the_tables_types(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    frame = rows(days(1, 1), [1]).with_columns(pl.col("value").cast(pl.UInt32), who=pl.lit(None))
    table.write(frame, days(1, 1), pl.col("at"))
    assert table.read(days(1, 1)).equals(frame.cast({"value": pl.Int64, "who": pl.String}))


def test_part_of_a_day_is_not_written_for_it_would_replace_the_rest(tmp_path: Path) -> None:
    noon = midnight(FIRST) + timedelta(hours=12)
    with pytest.raises(DeclarationError, match="expected whole days of UTC"):
        PartitionedTable(tmp_path / "t", COLUMNS).write(
            rows(days(1, 1), [1]), Window(midnight(FIRST), noon), pl.col("at")
        )


def test_a_table_of_other_columns_says_what_to_do(tmp_path: Path) -> None:
    write(PartitionedTable(tmp_path / "t", COLUMNS), days(1, 1), [1])
    with pytest.raises(
        DeclarationError, match="holds at, value, who in daily partitions, but its contract says at, price in "
    ):
        PartitionedTable(tmp_path / "t", {"at": Kind.TIME, "price": Kind.NUMBER}).read(days(1, 1))


def test_a_creator_killed_before_its_first_commit_leaves_no_broken_table(tmp_path: Path) -> None:
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    assert table.missing(starts(1, 1)) == starts(1, 1)
    write(table, days(1, 1), [1])
    assert table.read(days(1, 1))["value"].to_list() == [1]


@pytest.mark.parametrize(
    ("period", "columns"), [(HOURLY, {"ds": pl.Date(), "hour": pl.Int32()}), (WEEKLY, {"ds": pl.Date()})]
)
def test_hours_and_weeks_are_partitions_that_any_delta_reader_opens(
    tmp_path: Path, period: Period, columns: dict[str, pl.DataType]
) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS, period)
    window = Window.of_days("2024-01-01", "2024-01-14")
    frame = rows(window, [1, 2])
    wrote = table.write(frame, window, pl.col("at"))
    assert wrote.changed == period.starts(window)
    assert table.read(window).equals(frame)
    read_by_polars = pl.scan_delta(str(tmp_path / "t")).sort("at", maintain_order=True).collect()
    assert read_by_polars.select(list(COLUMNS)).sort("at", "value").equals(frame)
    assert {name: read_by_polars.schema[name] for name in columns} == columns
    assert read_by_polars["ds"].to_list() == [period.start_of(at).date() for at in frame["at"]]
    assert DeltaTable(tmp_path / "t").partitions()[0].keys() == columns.keys()


def test_an_hour_is_replaced_without_the_others_of_its_day_and_an_empty_one_is_not_missing(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS, HOURLY)
    table.write(rows(days(1, 1), [1, 2]), days(1, 1), pl.col("at"))
    hour = Window(midnight(FIRST) + timedelta(hours=1), midnight(FIRST) + timedelta(hours=2))
    table.write(rows(days(1, 1), [3]), hour, pl.col("at"))
    assert table.read(days(1, 1))["value"].to_list() == [3]
    assert table.missing(HOURLY.starts(days(1, 1))) == []
    assert table.missing(HOURLY.starts(days(2, 2))) == HOURLY.starts(days(2, 2))
    assert (table.first(), table.last()) == (hour.start, hour.start)
    half = Window(hour.start, hour.start + timedelta(minutes=30))
    assert table.read(half)["value"].to_list() == [3], "a window that cuts an hour reads the hour"
    tenth = Window(midnight(FIRST) + timedelta(hours=10), midnight(FIRST) + timedelta(hours=11))
    table.write(rows(days(1, 1), [4]).with_columns(at=pl.lit(tenth.start)), tenth, pl.col("at"))
    assert (table.first(), table.last()) == (hour.start, tenth.start), "the tenth hour follows the first"
    with pytest.raises(DeclarationError, match="expected whole hours of UTC"):
        table.write(rows(days(1, 1), [3]), half, pl.col("at"))


def test_a_table_of_other_partitions_says_what_to_do(tmp_path: Path) -> None:
    write(PartitionedTable(tmp_path / "t", COLUMNS), days(1, 1), [1])
    with pytest.raises(DeclarationError, match=r"in daily partitions, but its .* in weekly ones: name it anew"):
        PartitionedTable(tmp_path / "t", COLUMNS, WEEKLY).read(days(1, 1))


def test_partitions_that_hold_the_very_rows_already_are_left_as_they_are(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    first = write(table, days(1, 3), [1, 2])
    files = table.files(days(1, 3))
    same = table.write(rows(days(1, 3), [1, 2]), days(1, 3), pl.col("at"))
    assert (same.version, same.changed) == (first, [])
    one = rows(days(1, 4), [1, 2]).with_columns(
        value=pl.when(pl.col("at").dt.day() == 2).then(9).otherwise("value").cast(pl.Int64)
    )
    wrote = table.write(one.filter(pl.col("at").dt.day() < 4), days(1, 5), pl.col("at"))
    assert (wrote.version, wrote.changed) == (first + 1, [*starts(2, 2), *starts(4, 5)])
    assert [a == b for a, b in zip(files, table.files(days(1, 3)), strict=True)] == [True, False, True]
    assert table.read(days(1, 3))["value"].to_list() == [1, 2, 9, 9, 1, 2]
    reordered = table.write(rows(days(1, 1), [2, 1]), days(1, 1), pl.col("at"))
    assert reordered.changed == starts(1, 1), "the order of rows decides ties: another order is another content"
    emptied = table.write(rows(days(1, 1), []), days(1, 1), pl.col("at"))
    assert (emptied.changed, table.write(rows(days(1, 1), []), days(1, 1), pl.col("at")).changed) == (starts(1, 1), [])


@pytest.fixture(scope="module")
def writers() -> Iterator[Pool]:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        yield pool


def _writer(path: Path, who: str) -> None:
    """Write ranges that overlap those of the others, each day with three rows of one's own."""
    table = PartitionedTable(path, COLUMNS)
    for first in (1, 2, 3):
        write(table, days(first, first + 1), [1, 2, 3], who)


@pytest.mark.slow
def test_four_processes_that_write_overlapping_days_lose_none_and_tear_none(tmp_path: Path, writers: Pool) -> None:
    writers.starmap(_writer, [(tmp_path / "t", who) for who in "abcd"], chunksize=1)
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    assert table.missing(starts(1, 4)) == []
    for day in days(1, 4).days:
        found = table.read(Window.of_days(day, day))
        assert found["value"].to_list() == [1, 2, 3]
        assert found["who"].n_unique() == 1
    assert (table.version() or 0) >= 12


def _once(path: Path, who: str) -> bool:
    try:
        PartitionedTable(path, COLUMNS).write(rows(days(1, 2), [1], who), days(1, 2), pl.col("at"), once=True)
    except AlreadyIssued:
        return False
    return True


def test_of_four_processes_that_write_a_day_once_one_wins(tmp_path: Path, writers: Pool) -> None:
    won = writers.starmap(_once, [(tmp_path / "t", who) for who in "abcd"], chunksize=1)
    assert sum(won) == 1
    winner = "abcd"[won.index(True)]
    assert PartitionedTable(tmp_path / "t", COLUMNS).read(days(1, 2))["who"].to_list() == [winner, winner]
