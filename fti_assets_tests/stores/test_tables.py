"""What readers and writers of a table see, on a folder and on a bucket."""

from datetime import timedelta

import polars as pl
import pytest
from deltalake import DeltaTable

from fti_assets.contracts.errors import Conflict, ContractViolation, DeclarationError
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import HOURLY, WEEKLY, Period, Window, midnight
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import TableContract
from fti_assets.stores.table_log import TableLog
from fti_assets.stores.tables import PartitionedTable
from fti_assets_tests.stores.table_rows import AT, COLUMNS, days, rows, starts, table_in, values, write

NEW_YEAR = midnight("2024-01-01")


def test_an_empty_day_is_written_and_not_missing(storage: Storage) -> None:
    table = table_in(storage)
    assert table.missing(starts(1, 2)) == starts(1, 2)
    assert (table.version(), table.first(), len(table.read(days(1, 2)))) == (None, None, 0)
    table.write(rows(days(2, 2), [5]), days(1, 3), AT)
    assert table.missing(starts(1, 4)) == starts(4, 4)
    assert (table.first(), table.last()) == (midnight("2024-01-01"), midnight("2024-01-02"))
    assert table.last_written() == midnight("2024-01-03")
    table.write(rows(days(2, 2), []), days(2, 2), AT)
    assert table.missing(starts(1, 3)) == []
    assert (table.first(), table.last()) == (midnight("2024-01-01"), None)


def test_an_empty_day_is_not_missing_when_the_log_was_summarized(storage: Storage) -> None:
    table = table_in(storage)
    for day in range(1, 14):
        write(table, days(day, day), [day] if day % 2 else [])
    assert TableLog(table.storage).newest() == TableLog(table.storage).at(13), "an own look sees what the writer sees"
    assert len(TableLog(table.storage).at(13).marks) == 13
    assert [len(TableLog(table.storage).at(version).marks) for version in (0, 1, 9, 10, 11)] == [0, 1, 9, 10, 11]
    assert table.missing(starts(1, 15)) == starts(14, 15)


def test_replacing_a_day_leaves_the_others_and_every_version_can_be_read_again(storage: Storage) -> None:
    table = table_in(storage)
    first = write(table, days(1, 3), [1, 2]).version
    second = write(table, days(2, 2), [9]).version
    assert table.version() == second > first
    assert values(table, days(1, 3)) == [1, 2, 9, 1, 2]
    assert values(table, days(1, 3), first) == [1, 2, 1, 2, 1, 2]
    assert table.read(days(2, 3), ["who", "value"]).columns == ["who", "value"]
    with pytest.raises(DeclarationError, match="t has no version 99: the newest is 2"):
        table.read(days(1, 3), version=99)


def test_readers_that_hold_a_version_see_none_of_what_is_written_meanwhile(storage: Storage) -> None:
    write(table_in(storage), days(1, 2), [1])
    held = table_in(storage, hold=True)
    assert held.version() == 1
    write(table_in(storage), days(2, 3), [2])
    table_in(storage).write(rows(days(1, 1), []), days(4, 4), AT)
    assert (held.version(), held.last(), held.missing(starts(1, 4))) == (1, midnight("2024-01-02"), starts(3, 4))
    assert values(held, days(1, 3)) == [1, 1]
    assert values(held, days(1, 3), version=2) == [1, 2, 2]
    assert held.contents(days(2, 3)) != held.contents(days(2, 3), version=2)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (rows(days(1, 3), [1]), "in 2024-01-01...2024-01-02 .*2024-01-03 01:00:00\\+00:00, 1 rows"),
        (rows(days(1, 1), [1]).with_columns(at=pl.lit(None, pl.Datetime("us", "UTC"))), "in 2024.*None, 1 rows"),
        (rows(days(1, 1), [1]).with_columns(value=pl.lit(1.5)), "value: is Int64 .*Float64"),
        (rows(days(1, 1), [1]).with_columns(who=pl.lit(1)), "who: is String .*Int32"),
    ],
)
def test_rows_of_other_days_or_types_are_refused_and_nothing_is_written(
    storage: Storage, frame: pl.DataFrame, message: str
) -> None:
    table = table_in(storage)
    with pytest.raises(ContractViolation, match=message):
        table.write(frame, days(1, 2), AT)
    assert table.missing(starts(1, 2)) == starts(1, 2)
    assert storage.objects() == []


def test_a_null_is_refused_where_the_contract_says_never(storage: Storage) -> None:
    table = PartitionedTable(storage.at("t"), TableContract(COLUMNS, never_null=frozenset({"value"})))
    frame = rows(days(1, 1), [1, 2]).with_columns(value=pl.Series([1, None], dtype=pl.Int64))
    with pytest.raises(ContractViolation, match=r"value: is never null .*1 rows"):
        table.write(frame, days(1, 1), AT)
    assert table.version() is None


def test_narrow_integers_and_columns_of_nulls_are_written_in_the_tables_types(storage: Storage) -> None:
    table = table_in(storage)
    frame = rows(days(1, 1), [1]).with_columns(pl.col("value").cast(pl.UInt32), who=pl.lit(None))
    table.write(frame, days(1, 1), AT)
    assert table.read(days(1, 1)).equals(frame.cast({"value": pl.Int64, "who": pl.String}))


def test_part_of_a_day_is_not_written_for_it_would_replace_the_rest(storage: Storage) -> None:
    noon = NEW_YEAR + timedelta(hours=12)
    with pytest.raises(DeclarationError, match="expected whole days of UTC"):
        table_in(storage).write(rows(days(1, 1), [1]), Window(NEW_YEAR, noon), AT)


def test_a_creator_killed_before_its_first_commit_leaves_no_broken_table(storage: Storage) -> None:
    if storage.folder is not None:
        (storage.folder / "t" / "_delta_log").mkdir(parents=True)
    storage.create("t/fti_month=2024-01/of_nobody.parquet", b"half a fi")
    table = table_in(storage)
    assert table.missing(starts(1, 1)) == starts(1, 1)
    write(table, days(1, 1), [1])
    assert values(table, days(1, 1)) == [1]


def test_a_table_that_is_deleted_and_made_anew_is_noticed(storage: Storage) -> None:
    table = table_in(storage)
    for value in (1, 2, 3):
        write(table, days(value, value), [value])
    storage.delete(storage.objects())
    assert (table.version(), values(table, days(1, 3))) == (None, [])
    write(table, days(2, 2), [7])
    assert (table.version(), values(table, days(1, 3))) == (1, [7])


def test_a_table_that_is_deleted_under_a_writer_is_a_conflict_and_leaves_nothing(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_in(storage)
    write(table, days(1, 1), [1])
    commit = TableLog.commit

    def commit_to_nothing(*arguments: object) -> bool:
        storage.delete(storage.objects("t/_delta_log"))
        return commit(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(TableLog, "commit", commit_to_nothing)
    with pytest.raises(Conflict, match=r"t: not written: somebody deleted .*/t$"):
        write(table, days(2, 2), [2])
    monkeypatch.undo()
    assert (storage.objects("t/_delta_log"), table.version()) == ([], None)


@pytest.mark.parametrize("period", [HOURLY, WEEKLY])
def test_hours_and_weeks_are_partitions_that_any_delta_reader_opens(storage: Storage, period: Period) -> None:
    table = table_in(storage, period.name)
    window = Window.of_days("2024-01-01", "2024-01-14")
    frame = rows(window, [1, 2])
    assert table.write(frame, window, AT).changed == period.starts(window)
    assert table.read(window).equals(frame)
    assert [name.split()[0] for name in table.contents(window)] == [
        period.key(start) for start in dict.fromkeys(period.start_of(at) for at in frame["at"])
    ]
    read_by_arrow = pl.DataFrame(DeltaTable(table.storage.url).to_pyarrow_table())
    assert read_by_arrow.select(list(COLUMNS)).equals(frame)
    assert read_by_arrow["fti_month"].unique().to_list() == ["2024-01"]


def test_an_hour_is_replaced_without_the_others_of_its_day_and_an_empty_one_is_not_missing(storage: Storage) -> None:
    table = table_in(storage, "hourly")
    table.write(rows(days(1, 1), [1, 2]), days(1, 1), AT)
    hour = Window(NEW_YEAR + timedelta(hours=1), NEW_YEAR + timedelta(hours=2))
    table.write(rows(days(1, 1), [3]), hour, AT)
    assert values(table, days(1, 1)) == [3]
    assert table.missing(HOURLY.starts(days(1, 1))) == []
    assert table.missing(HOURLY.starts(days(2, 2))) == HOURLY.starts(days(2, 2))
    assert (table.first(), table.last()) == (NEW_YEAR, hour.start)
    half = Window(hour.start, hour.start + timedelta(minutes=30))
    assert values(table, half) == [3], "a window that cuts an hour reads the hour"
    tenth = Window(NEW_YEAR + timedelta(hours=10), NEW_YEAR + timedelta(hours=11))
    table.write(rows(days(1, 1), [4]).with_columns(at=pl.lit(tenth.start)), tenth, AT)
    assert (table.first(), table.last()) == (NEW_YEAR, tenth.start), "the tenth hour follows the first"
    with pytest.raises(DeclarationError, match="expected whole hours of UTC"):
        table.write(rows(days(1, 1), [3]), half, AT)


def test_a_week_belongs_to_the_month_in_which_it_starts(storage: Storage) -> None:
    table = table_in(storage, "weekly")
    window = Window.of_days("2024-01-22", "2024-02-11")
    table.write(rows(window, [1]), window, AT)
    assert len(table.read(Window.of_days("2024-02-01", "2024-02-01"))) == 7
    assert len(table.read(Window.of_days("2024-02-04", "2024-02-05"))) == 14
    assert (table.first(), table.last()) == (midnight("2024-01-22"), midnight("2024-02-05"))


def test_partitions_that_hold_the_very_rows_already_are_left_as_they_are(storage: Storage) -> None:
    table = table_in(storage)
    first = write(table, days(1, 3), [1, 2])
    contents = table.contents(days(1, 3))
    same = write(table, days(1, 3), [1, 2])
    assert (same.version, same.changed) == (first.version, [])
    one = rows(days(1, 3), [1, 2]).with_columns(value=pl.when(AT.dt.day() == 2).then(9).otherwise("value"))
    wrote = table.write(one.cast({"value": pl.Int64}), days(1, 5), AT)
    assert (wrote.version, wrote.changed) == (first.version + 1, [*starts(2, 2), *starts(4, 5)])
    assert [a == b for a, b in zip(contents, table.contents(days(1, 3)), strict=True)] == [True, False, True]
    assert values(table, days(1, 3)) == [1, 2, 9, 9, 1, 2]
    reordered = write(table, days(1, 1), [2, 1])
    assert reordered.changed == starts(1, 1), "the order of rows decides ties: another order is another content"
    assert write(table, days(1, 1), []).changed == starts(1, 1)
    assert write(table, days(1, 1), []).changed == []


def test_what_makes_a_value_another_is_written_though_it_compares_equal(storage: Storage) -> None:
    columns = {"at": Kind.TIME, "x": Kind.NUMBER}
    table = PartitionedTable(storage.at("t"), TableContract(columns))
    at = rows(days(1, 1), [1])["at"]
    for x, changes in ((0.0, True), (-0.0, True), (None, True), (float("nan"), True), (float("nan"), False)):
        frame = pl.DataFrame({"at": at, "x": [x]}, schema_overrides={"x": pl.Float64})
        assert bool(table.write(frame, days(1, 1), AT).changed) == changes, f"{x}"
        assert table.read(days(1, 1)).equals(frame)
