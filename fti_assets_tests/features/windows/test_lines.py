from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fti_assets.contracts.errors import ContractViolation
from fti_assets.features.windows import distinct
from fti_assets.features.windows.lines import Line, by_key, day_tiles, lines
from fti_assets.features.windows.measures import DAY_LENGTH, Measures, numbered

START = datetime(1970, 1, 3, tzinfo=UTC)
MEASURES = Measures(["key"], "known", {"delay": ["sum", "last", "distinct"], "seats": ["max"]}, order=["n"])
CELLS = [("UA", 30, 4.0, None), ("UA", 1, 2.0, 8), ("DL", 1, 1.0, None), ("UA", 1, None, 9), (None, 2, 3.0, 1)]


Cell = tuple[str | None, int, float | None, int | None]
SCHEMA = {"key": pl.String, "known": pl.Datetime("us", "UTC"), "delay": pl.Float64, "seats": pl.Int64, "n": pl.Int64}


def rows_of(cells: list[Cell], measures: Measures = MEASURES) -> pl.DataFrame:
    rows = [(key, START + timedelta(hours=at), delay, seats, n) for n, (key, at, delay, seats) in enumerate(cells)]
    return measures.of(pl.DataFrame(rows, SCHEMA, orient="row"))


KEYS = pl.DataFrame({"by_key": ["DL", "UA"]})


def of(rows: pl.DataFrame, measures: Measures = MEASURES, keys: pl.DataFrame = KEYS, *kept: pl.DataFrame) -> list[Line]:
    return list(lines(rows, numbered(measures.keys, rows, keys), measures, keys, kept))


def test_a_line_has_the_values_that_are_there_by_key_and_time() -> None:
    delay, seats = of(rows_of(CELLS))
    assert delay.elements["key"].tolist() == [0, 1, 1]
    assert (delay.elements["time"] // 3_600_000_000 - 48).tolist() == [1, 1, 30]
    assert delay.values.to_list() == [1.0, 2.0, 4.0]
    assert (delay.elements["sum_0"].tolist(), delay.elements["last"].tolist()) == ([1, 2, 4], [0, 1, 2])
    assert delay.seen["value"].to_list() == [1.0, 2.0, 4.0]
    assert (seats.values.to_list(), seats.elements["key"].tolist()) == ([8, 9], [1, 1])
    assert sorted(seats.elements) == ["key", "max", "time"]  # and nothing that is not asked for
    (one, _) = of(rows_of(CELLS), keys=KEYS.head(1))
    assert one.values.to_list() == [1.0]  # of the keys that are asked for


def test_kept_days_stand_for_their_rows() -> None:
    rows = rows_of([*CELLS, ("UA", 3, 0.5, None)])
    first = pl.col("known") // DAY_LENGTH == 2
    (delay, seats) = of(rows.filter(~first), MEASURES, KEYS, day_tiles(rows.filter(first), MEASURES))
    assert (delay.elements["time"] / DAY_LENGTH).tolist() == [2, 2, 3.25]
    assert (delay.elements["key"].tolist(), delay.elements["count"].tolist()) == ([0, 1, 1], [1, 2, 1])
    assert delay.elements["sum_0"].tolist() == [1, 2, 4]
    assert delay.elements["sum_-1"].tolist() == [0, 1 << 25, 0]  # a limb that others do not have
    assert delay.values.gather(delay.elements["last"]).to_list() == [1.0, 0.5, 4.0]
    assert delay.seen.select("value", pl.col("time") / DAY_LENGTH).rows()[0] == (1.0, 2.0)
    assert (seats.elements["key"].tolist(), seats.elements["max"].tolist()) == ([1], [9.0])


def test_rows_of_one_instant_come_in_one_order_where_it_matters() -> None:
    told_by_values = Measures(["key"], "known", {"delay": ["first"]})
    at_once = [("UA", 1, value, None) for value in (0.1, 1e9, -1e9, 0.2)]
    for measures, expected in ((told_by_values, [-1e9, 0.1, 0.2, 1e9]), (MEASURES, [0.1, 1e9, -1e9, 0.2])):
        for rows in (rows_of(at_once, measures), rows_of(at_once, measures).reverse()):
            assert of(rows, measures)[0].values.to_list() == expected


def test_values_too_large_to_be_summed_are_refused_and_still_have_extremes() -> None:
    rows = rows_of([("UA", 1, 1e200, None), ("UA", 2, float("inf"), None)])
    with pytest.raises(ContractViolation, match=r"delay: is a number below 1e\+144.*\(e\.g\. inf, 2 rows\)"):
        of(rows)
    extremes = Measures(["key"], "known", {"delay": ["count", "min", "max", "last"]}, order=["n"])
    assert of(rows, extremes)[0].elements["max"].tolist() == [1e200, float("inf")]


def test_too_many_different_values_of_a_key_and_day_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "AT_MOST", 1)
    of(rows_of(CELLS))  # one a day
    with pytest.raises(ContractViolation, match="delay: has at most 1 different values a key and tile"):
        of(rows_of([*CELLS, ("UA", 2, 7.0, None)]))


@given(st.lists(st.integers(-1, 200_000)))
def test_numbers_are_ordered_stably(numbers: list[int]) -> None:
    expected = sorted(range(len(numbers)), key=lambda n: numbers[n])
    assert by_key(np.array(numbers, dtype=np.int64)).tolist() == expected
