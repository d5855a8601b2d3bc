import shutil
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import DAY, HOURLY, WEEKLY, Period, Window, midnight
from fti_assets.stores.tables import PartitionedTable

COLUMNS: dict[str, Kind] = {"at": Kind.TIME, "value": Kind.INTEGER}
NEW_YEAR = date(2024, 1, 1)
JANUARY = Window.of_days("2024-01-01", "2024-01-31")
WINTER = Window.of_days("2023-12-01", "2024-02-29")


def rows(window: Window, value: int, every: timedelta = DAY) -> pl.DataFrame:
    """A row at each step, numbered from the value on."""
    at = pl.datetime_range(window.start, window.end, every, closed="left", time_unit="us", eager=True).alias("at")
    return at.to_frame().with_columns(value=value + pl.int_range(pl.len()))


def write(table: PartitionedTable, window: Window, value: int = 0) -> int:
    return table.write(rows(window, value), window, pl.col("at")).version


def kept(table: PartitionedTable) -> list[str]:
    """The months that have a file."""
    return sorted(path.name[: len("2024-01")] for path in table.path.glob("_months/*"))


def without_partitions(table: PartitionedTable) -> None:
    """Delete every partition's own file: what can still be read, is read from months."""
    for folder in table.path.glob("ds=*"):
        shutil.rmtree(folder)


def test_a_month_is_kept_when_all_its_days_are_written_at_once_or_one_after_the_other(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    write(table, WINTER)
    assert kept(table) == ["2023-12", "2024-01", "2024-02"]
    slowly = PartitionedTable(tmp_path / "slowly", COLUMNS)
    for day in range(31):
        assert kept(slowly) == []
        write(slowly, Window(JANUARY.start + day * DAY, JANUARY.start + (day + 1) * DAY), day)
    assert kept(slowly) == ["2024-01"]
    without_partitions(slowly)
    assert slowly.read(JANUARY).equals(rows(JANUARY, 0))


def test_whole_months_and_stretches_of_a_third_of_one_are_read_from_their_files(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    write(table, WINTER)
    without_partitions(table)
    assert table.read(WINTER).equals(rows(WINTER, 0))
    assert table.read(JANUARY, ["value"])["value"].to_list() == list(range(31, 62))
    assert table.read(Window.of_days("2024-01-05", "2024-01-15"))["value"].to_list() == list(range(35, 46))
    assert table.read(Window.of_days("2023-12-21", "2024-02-10"))["value"].to_list() == list(range(20, 72))
    with pytest.raises(FileNotFoundError):
        table.read(Window.of_days("2024-01-05", "2024-01-14"))


def test_a_corrected_day_makes_its_month_anew_and_the_month_as_it_was_is_read_from_its_days(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    before = write(table, WINTER)
    write(table, Window.of_days("2024-01-10", "2024-01-10"), 999)
    assert kept(table) == ["2023-12", "2024-01", "2024-02"]
    assert table.read(JANUARY)["value"].to_list() == [*range(31, 40), 999, *range(41, 62)]
    assert table.read(JANUARY, version=before)["value"].to_list() == list(range(31, 62))
    without_partitions(table)
    assert table.read(JANUARY)["value"].to_list() == [*range(31, 40), 999, *range(41, 62)]


def test_a_month_file_that_goes_away_costs_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    write(table, WINTER)
    shutil.rmtree(table.path / "_months")
    assert table.read(WINTER).equals(rows(WINTER, 0))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "exists", lambda _: True)  # it was there, and is not when it is opened
        assert table.read(WINTER).equals(rows(WINTER, 0))


def test_empty_days_count_and_a_month_without_rows_has_no_file(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    some = rows(JANUARY, 0).filter(pl.col("value") % 3 == 1)
    table.write(some, JANUARY, pl.col("at"))
    february = Window.of_days("2024-02-01", "2024-02-29")
    table.write(some.clear(), february, pl.col("at"))
    assert kept(table) == ["2024-01"]
    without_partitions(table)
    assert table.read(JANUARY).equals(some)
    assert table.read(Window.of_days("2024-01-09", "2024-01-31"))["value"].to_list() == [10, 13, 16, 19, 22, 25, 28]
    assert table.read(february).equals(some.clear())


@pytest.mark.parametrize(("period", "every"), [(HOURLY, timedelta(minutes=20)), (WEEKLY, DAY)])
def test_months_of_hours_and_weeks_are_kept_too(tmp_path: Path, period: Period, every: timedelta) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS, period)
    whole = period.covering(WINTER)
    table.write(rows(whole, 0, every), whole, pl.col("at"))
    assert "2024-01" in kept(table)
    without_partitions(table)
    weeks = Window(midnight("2024-01-01"), midnight("2024-01-29"))
    assert table.read(weeks).equals(rows(whole, 0, every).filter(pl.col("at").is_between(*_bounds(weeks))))


def _bounds(window: Window) -> tuple[pl.Expr, pl.Expr]:
    return pl.lit(window.start), pl.lit(window.end - timedelta(microseconds=1))


def test_delta_readers_pass_the_months_by(tmp_path: Path) -> None:
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    write(table, WINTER)
    delta = DeltaTable(table.path)
    assert delta.to_pyarrow_table().num_rows == 91
    assert delta.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False) == []
    assert kept(table) == ["2023-12", "2024-01", "2024-02"]


spans = st.tuples(st.integers(0, 69), st.integers(1, 70)).map(lambda s: (s[0], min(70, s[0] + s[1])))


@settings(max_examples=25, deadline=None)
@given(writes=st.lists(spans, min_size=1, max_size=5), reads=st.lists(spans, min_size=1, max_size=5))
def test_whatever_was_written_any_window_reads_as_its_days_do(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, int]], reads: list[tuple[int, int]]
) -> None:
    table = PartitionedTable(tmp_path_factory.mktemp("t") / "t", COLUMNS)
    values: dict[int, int] = {}
    for n, (first, end) in enumerate(writes):
        write(table, _window(first, end), 1000 * n)
        values |= {day: 1000 * n + day - first for day in range(first, end)}
    for first, end in reads:
        assert table.read(_window(first, end))["value"].to_list() == [
            values[day] for day in range(first, end) if day in values
        ]


def _window(first: int, end: int) -> Window:
    return Window(midnight(NEW_YEAR) + first * DAY, midnight(NEW_YEAR) + end * DAY)
