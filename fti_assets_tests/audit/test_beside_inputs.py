from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fti_assets.audit.beside_inputs import (
    LATER,
    another_clock,
    data_beside,
    exchanged,
    names_beside,
    replaced,
    state_kept,
    telling_files,
    without_later,
)

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOURS = pd.date_range("2024-03-01T10:00Z", periods=5, freq="h").as_unit("us")
FRAME = pd.DataFrame({"at": HOURS, "due": HOURS + pd.Timedelta("1h"), "n": range(5)})
NUMBERS = np.arange(3.0)
TOTALS: dict[str, int] = {}
LIMIT = 3


def helper() -> pd.DataFrame:
    return FRAME


@cache
def kept() -> pd.DataFrame:
    return pd.DataFrame({"at": HOURS})


def of_module() -> object:
    return helper(), kept(), pd.read_parquet, LIMIT


class Table:
    """Rows of an object."""

    def __init__(self) -> None:
        self.rows = FRAME

    def read(self) -> pd.DataFrame:
        return self.rows


def names(*functions: Callable[..., object]) -> list[str]:
    return sorted(name.name for name in data_beside(*functions))


def test_data_are_seen_in_the_module_through_helpers_caches_readers_closures_objects_and_partials() -> None:
    inner = pl.Series([1, 2])
    table = Table()
    assert names(of_module) == ["FRAME", "kept", "read_parquet"]
    assert names(lambda: inner) == ["inner"]
    assert names(table.read) == ["rows"]
    assert names(partial(lambda function: function(), of_module)) == ["FRAME", "kept", "read_parquet"]
    assert names(lambda: np.arange(3)) == []


def test_data_are_altered_for_a_while_and_of_a_function_its_answers() -> None:
    by_name = {name.name: name for name in data_beside(of_module)}
    with replaced(by_name["FRAME"], partial(without_later, NOON)):
        assert len(helper()) == 3
    with replaced(by_name["kept"], partial(without_later, NOON)):
        assert len(kept()) == 3
    assert (len(helper()), len(kept())) == (5, 5)


def test_rows_all_of_whose_times_are_later_are_taken_away() -> None:
    assert list(without_later(NOON, FRAME)["n"]) == [0, 1, 2]
    reported = FRAME.assign(at=HOURS[0])
    assert without_later(NOON, reported).equals(reported)
    assert list(without_later(NOON, FRAME.set_index("at")["n"])) == [0, 1, 2]
    assert without_later(NOON, pl.from_pandas(FRAME).lazy()).collect()["n"].to_list() == [0, 1, 2]
    new_york = FRAME.assign(at=HOURS.tz_convert("America/New_York"), due=HOURS)
    assert list(without_later(NOON, new_york)["n"]) == [0, 1, 2]


def test_times_of_no_zone_may_be_those_of_any_place() -> None:
    local = pd.DataFrame({"at": (HOURS + pd.Timedelta("14h")).tz_localize(None)})
    assert len(without_later(NOON, local)) == 3
    assert pl.from_pandas(local).pipe(partial(without_later, NOON)).height == 3


def test_data_without_times_are_exchanged_and_others_are_not() -> None:
    numbers = pd.Series([1, 2, 3], index=["a", "b", "c"])
    assert exchanged(numbers).to_dict() == {"a": 2, "b": 3, "c": 1}
    assert exchanged(NUMBERS).tolist() == [1, 2, 0]
    assert exchanged(pl.Series([1, 2, 3])).to_list() == [2, 3, 1]
    assert exchanged(FRAME) is FRAME
    assert exchanged(without_later(NOON, FRAME)[:0]).empty


def test_the_other_clock_is_another_day_and_time_for_python_and_pandas() -> None:
    before = datetime.now(UTC)
    with another_clock():
        assert datetime.now(UTC) - before > LATER - pd.Timedelta("1h")
        assert pd.Timestamp.now("UTC") - before > LATER - pd.Timedelta("1h")
    assert datetime.now(UTC) - before < pd.Timedelta("1h")


def count(rows: list[str]) -> None:
    for row in rows:
        TOTALS[row] = TOTALS.get(row, 0) + 1


def test_what_functions_keep_is_taken_from_them_again() -> None:
    TOTALS["a"] = 1
    with state_kept([count]):
        count(["a", "b"])
        assert TOTALS == {"a": 2, "b": 1}
    assert TOTALS == {"a": 1}
    assert "TOTALS" in [name.name for name in names_beside(count)]
    TOTALS.clear()


def test_the_files_that_a_function_opens_are_told(tmp_path: Path) -> None:
    path, paths = tmp_path / "notes.txt", set[str]()
    path.write_text("noted")
    assert telling_files(lambda _frame: path.read_text(), paths)(FRAME) == "noted"
    assert paths == {str(path)}
    with pytest.raises(FileNotFoundError):
        telling_files(lambda: open(tmp_path / "none.txt").read(), paths)()  # noqa: PTH123, SIM115
    path.read_text()
    assert len(paths) == 2
