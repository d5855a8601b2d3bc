"""The log against `deltalake`: what one writes the other reads, at every version."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import DAILY, Window, midnight
from fti_assets.stores import delta_log
from fti_assets.stores.delta_log import DeltaLog, Snapshot
from fti_assets.stores.tables import PartitionedTable

COLUMNS: dict[str, Kind] = {"at": Kind.TIME, "value": Kind.INTEGER}


def frame(window: Window, value: int) -> pl.DataFrame:
    at = [start + timedelta(hours=5) for start in DAILY.starts(window)]
    return pl.DataFrame({"at": at, "value": value}, schema={"at": pl.Datetime("us", "UTC"), "value": pl.Int64})


def write(path: Path, first: int, last: int, value: int) -> int:
    window = Window(midnight("2024-01-01") + timedelta(days=first), midnight("2024-01-01") + timedelta(days=last + 1))
    return PartitionedTable(path, COLUMNS).write(frame(window, value), window, pl.col("at")).version


def forget() -> None:
    """As a new process would begin."""
    delta_log._NEWEST.clear()


def files(snapshot: Snapshot | None) -> list[str]:
    assert snapshot is not None
    return sorted(path for paths in snapshot.files.values() for path in paths)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6))
def test_every_version_holds_the_files_that_deltalake_sees_cold_and_warm(
    tmp_path_factory: pytest.TempPathFactory, ranges: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("log") / "t"
    for value, (one, other) in enumerate(ranges):
        newest = write(path, min(one, other), max(one, other), value)
    for version in range(newest + 1):
        expected = sorted(uri.split(f"{path.name}/")[-1] for uri in DeltaTable(path, version=version).file_uris())
        assert files(DeltaLog(path).snapshot(version)) == expected
        forget()
        assert files(DeltaLog(path).snapshot(version)) == expected
    assert files(DeltaLog(path).snapshot()) == expected
    marks = {str(day) for one, other in ranges for day in map(_day, range(min(one, other), max(one, other) + 1))}
    assert DeltaLog(path).snapshot().marks == marks
    assert all(DeltaTable(path).transaction_version(mark) is not None for mark in marks)


def _day(n: int) -> str:
    return str((midnight("2024-01-01") + timedelta(days=n)).date())


def test_a_checkpoint_says_what_the_log_before_it_said(tmp_path: Path) -> None:
    for day in range(40):
        write(tmp_path / "t", day, day, day)
    write(tmp_path / "t", 3, 5, 99)
    warm = DeltaLog(tmp_path / "t").snapshot()
    assert [p.name for p in (tmp_path / "t/_delta_log").glob("*.checkpoint.parquet")] == [
        f"{32:020}.checkpoint.parquet"
    ]
    forget()
    assert DeltaLog(tmp_path / "t").snapshot() == warm
    assert len(warm.marks) == 40
    early = DeltaLog(tmp_path / "t").snapshot(4)
    assert (early.version, len(early.marks)) == (4, 4)


def test_what_another_writer_of_delta_does_is_seen(tmp_path: Path) -> None:
    write(tmp_path / "t", 0, 2, 1)
    by_hand = frame(Window.of_days("2024-01-02", "2024-01-02"), 7).with_columns(ds=pl.col("at").dt.date())
    write_deltalake(DeltaTable(tmp_path / "t"), by_hand, mode="overwrite", predicate="ds = '2024-01-02'")
    table = PartitionedTable(tmp_path / "t", COLUMNS)
    assert table.read(Window.of_days("2024-01-01", "2024-01-03"))["value"].to_list() == [1, 7, 1]
    write(tmp_path / "t", 1, 1, 8)
    assert pl.read_delta(str(tmp_path / "t")).sort("at")["value"].to_list() == [1, 8, 1]


def test_a_version_that_there_is_not_is_named_with_the_newest(tmp_path: Path) -> None:
    write(tmp_path / "t", 0, 0, 1)
    with pytest.raises(DeclarationError, match="t has no version 7: the newest is 1"):
        DeltaLog(tmp_path / "t").snapshot(7)
    assert DeltaLog(tmp_path / "none").snapshot() is None


def test_a_table_that_was_deleted_and_made_anew_is_another(tmp_path: Path) -> None:
    write(tmp_path / "t", 0, 0, 1)
    write(tmp_path / "t", 1, 1, 1)
    assert len(DeltaLog(tmp_path / "t").snapshot().marks) == 2
    shutil.rmtree(tmp_path / "t")
    assert DeltaLog(tmp_path / "t").snapshot() is None
    write(tmp_path / "t", 5, 5, 1)
    assert DeltaLog(tmp_path / "t").snapshot().marks == {"2024-01-06"}


def test_a_version_is_added_once(tmp_path: Path) -> None:
    newest = write(tmp_path / "t", 0, 0, 1)
    log = DeltaLog(tmp_path / "t")
    mark = {"txn": {"appId": "2024-02-01", "version": 1}}
    assert log.commit(newest + 1, [mark])
    assert not log.commit(newest + 1, [{"txn": {"appId": "2024-03-01", "version": 1}}])
    assert log.snapshot().marks == {"2024-01-01", "2024-02-01"}
    assert not list(log.folder.glob(".*.tmp"))


def test_the_version_of_a_moment_is_the_newest_that_was_committed_by_then(tmp_path: Path) -> None:
    moments = [datetime.now(UTC)]
    for value in range(5):
        time.sleep(0.003)
        assert write(tmp_path / "t", 0, 0, value) == value + 1
        time.sleep(0.003)
        moments.append(datetime.now(UTC))
    log = DeltaLog(tmp_path / "t")
    assert [log.version_at(moment) for moment in moments] == [None, 1, 2, 3, 4, 5]
    assert DeltaLog(tmp_path / "none").version_at(moments[0]) is None
