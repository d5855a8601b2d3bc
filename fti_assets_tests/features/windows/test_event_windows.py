"""Windows that end at any instant agree with brute force and with SQL, bit for bit however they are computed."""

import math
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fti_assets.features.windows import ends as ends_module
from fti_assets.features.windows import event_windows as module
from fti_assets.features.windows import measures as measures_module
from fti_assets.features.windows.event_windows import event_windows, windows_at
from fti_assets.features.windows.lines import day_tiles
from fti_assets.features.windows.measures import DAY_LENGTH, Measures

TIME = pl.Datetime("us", "UTC")
START = datetime(2013, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUMBERS = ("count", "sum", "mean", "std", "min", "max")
ALL = (*NUMBERS, "first", "last", "distinct")
LENGTHS = {"5h": 5 * HOUR, "1d": DAY, "36h": 36 * HOUR, "3d": 3 * DAY, "9d": 9 * DAY}
DAYS = {label: length for label, length in LENGTHS.items() if not length % DAY}
Row = tuple[Any, ...]


def rows_of(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of (key, hour known, delay); each has a number of its own."""
    cells = [(key, START + at * HOUR, delay, n) for n, (key, at, delay) in enumerate(rows)]
    return pl.DataFrame(cells, {"key": pl.String, "known": TIME, "delay": pl.Float64, "n": pl.Int64}, orient="row")


def ends_of(ends: Sequence[Row]) -> pl.DataFrame:
    """Instants of (key, hour)."""
    return pl.DataFrame([(k, START + at * HOUR) for k, at in ends], {"key": pl.String, "as_of": TIME}, orient="row")


def asked(columns: dict[str, Sequence[str]] | None = None) -> Measures:
    return Measures(["key"], "known", columns or {"delay": ALL}, order=["n"])


def windows(rows: pl.DataFrame, ends: pl.DataFrame, lengths: dict[str, timedelta], sawtooth: bool = False) -> Any:
    return event_windows(asked().of(rows), ends, asked(), lengths, sawtooth)


def test_a_window_is_half_open_to_the_microsecond() -> None:
    rows = rows_of([("UA", 10, 1.0)])
    early, late = timedelta(microseconds=-1), timedelta(microseconds=1)
    ends = pl.concat([ends_of([("UA", 34)]).with_columns(pl.col("as_of") + by) for by in (early, timedelta(0), late)])
    assert windows(rows, ends, {"1d": DAY})["delay_count_1d"].to_list() == [1, 1, 0]
    ends = ends_of([("UA", 10)])
    assert windows(rows, ends, {"1d": DAY})["delay_count_1d"].to_list() == [0]  # known at t: not before t


def test_a_sawtooth_begins_at_the_midnight_before() -> None:
    rows = rows_of([("UA", 0, 1.0), ("UA", 23, 2.0), ("UA", 30, 4.0), ("UA", 31, 8.0)])
    frame = windows(rows, ends_of([("UA", 31), ("UA", 47.5), ("UA", 48)]), {"1d": DAY}, sawtooth=True)
    assert frame["delay_sum_1d"].to_list() == [7.0, 15.0, 12.0]  # yesterday whole, and today so far


def test_every_key_and_instant_has_one_row_also_with_nothing_in_its_windows() -> None:
    frame = windows(rows_of([("UA", 1, 1.0)]), ends_of([("UA", 2), ("UA", 2), ("DL", 3), (None, 3)]), {"1d": DAY})
    assert frame.select("key", "delay_count_1d", "delay_mean_1d", "delay_last_1d", "delay_distinct_1d").rows() == [
        ("UA", 1, 1.0, 1.0, 1),
        ("DL", 0, None, None, 0),
    ]
    nothing = windows(rows_of([]), ends_of([]), LENGTHS)
    assert nothing.height == 0
    assert nothing.schema["delay_count_36h"] == pl.Int64


def test_first_and_last_of_one_instant_go_by_the_order_given() -> None:
    rows = rows_of([("UA", 1, 5.0), ("UA", 1, 7.0), ("UA", 1, None)])
    for shuffled in (rows, rows.reverse()):
        frame = windows(shuffled, ends_of([("UA", 2)]), {"1d": DAY})
        assert frame.select("delay_first_1d", "delay_last_1d").row(0) == (5.0, 7.0)


def test_texts_and_times_have_first_last_and_distinct_values() -> None:
    rows = rows_of([("UA", 1, 0.0), ("UA", 2, 0.0), ("UA", 3, 0.0)]).with_columns(gate=pl.Series(["B", "A", "B"]))
    measures = asked({"gate": ("first", "last", "distinct"), "known": ("last",)})
    frame = event_windows(measures.of(rows), ends_of([("UA", 2.5), ("UA", 27)]), measures, {"1d": DAY})
    assert frame.select(pl.exclude("key", "as_of")).rows() == [
        ("B", "A", 2, START + 2 * HOUR),
        ("B", "B", 1, START + 3 * HOUR),  # the row known at 02:00 is older than a day
    ]


def brute_force(rows: Sequence[Row], ends: Sequence[Row], begins: Callable[[float, float], float]) -> list[Row]:
    answers = []
    for key, t in sorted({(k, t) for k, t in ends if k is not None}, key=lambda end: (end[1], end[0])):
        answer: Row = (key, START + t * HOUR)
        spans = [begins(t, length / HOUR) for length in LENGTHS.values()]
        ordered = sorted(rows, key=lambda row: row[1])
        held = [[v for k, at, v in ordered if k == key and since <= at < t and v is not None] for since in spans]
        for function in (len, *map(_or_null, (math.fsum, statistics.fmean))):
            answer += tuple(map(function, held))
        answer += tuple(statistics.stdev(values) if len(values) > 1 else None for values in held)
        for function in map(_or_null, (min, max, lambda values: values[0], lambda values: values[-1])):
            answer += tuple(map(function, held))
        answers.append((*answer, *(len(set(values)) for values in held)))
    return answers


def _or_null(function: Callable[[list[float]], float]) -> Callable[[list[float]], float | None]:
    return lambda values: function(values) if values else None


def _agrees(frame: pl.DataFrame, expected: list[Row]) -> None:
    assert len(frame) == len(expected)
    for row, other in zip(frame.rows(), expected, strict=True):
        assert row[:2] == other[:2]
        assert row[2:] == tuple(v if v is None else pytest.approx(v, rel=1e-14, abs=0) for v in other[2:])


hours = st.integers(-600, 600).map(lambda n: n / 2)
keys = st.sampled_from(["UA", "DL", None])
values = st.floats(-1e6, 1e6).map(lambda v: round(v, 1)) | st.sampled_from([1.0, 2.0]) | st.none()
worlds = st.lists(st.tuples(keys, hours, values), max_size=40)
instants = st.lists(st.tuples(keys, hours), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(worlds, instants)
def test_exact_windows_agree_with_brute_force(rows: list[Row], ends: list[Row]) -> None:
    frame = windows(rows_of(rows), ends_of(ends), LENGTHS)
    _agrees(frame, brute_force(rows, ends, lambda t, length: t - length))


@settings(max_examples=100, deadline=None)
@given(worlds, instants)
def test_sawtooth_windows_agree_with_brute_force(rows: list[Row], ends: list[Row]) -> None:
    frame = windows(rows_of(rows), ends_of(ends), DAYS, sawtooth=True)
    expected = brute_force(rows, ends, lambda t, length: t // 24 * 24 - length)
    count, kept = len(LENGTHS), [list(LENGTHS).index(label) for label in DAYS]
    picked = [0, 1, *(2 + n * count + k for n in range(len(ALL)) for k in kept)]
    _agrees(frame, [tuple(row[n] for n in picked) for row in expected])


def many() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows near a billion, some at one instant, some null; and instants, most of them of rows."""
    random = np.random.default_rng(5)
    at = random.integers(0, 24 * 40 * 4, 4000) / 4
    delays = np.where(random.random(4000) < 0.1, None, 1e9 + random.normal(0, 3, 4000).round(2))
    named = random.choice(["AA", "DL", "UA", "WN", "B6"], 4000, p=[0.7, 0.1, 0.1, 0.05, 0.05])
    rows = rows_of(list(zip(named.tolist(), at.tolist(), delays.tolist(), strict=True)))
    return rows, rows.select("key", as_of="known")


def test_it_agrees_with_sql_near_a_billion() -> None:
    rows, ends = many()
    frame = windows_at(
        rows, ends, by=["key"], known_at="known", columns={"delay": NUMBERS}, lengths={"9d": 9 * DAY, "36h": 36 * HOUR}
    )
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("rows", rows.to_arrow())
        between = "RANGE BETWEEN INTERVAL {} PRECEDING AND INTERVAL 1 microsecond PRECEDING"
        over = f"OVER (PARTITION BY key ORDER BY known {between})"
        functions = ("count(delay)", "sum(delay)", "avg(delay)", "stddev_samp(delay)", "min(delay)", "max(delay)")
        columns = [f"{f} {over.format(i)}" for f in functions for i in ("216 hours", "36 hours")]
        expected = database.execute(f"SELECT DISTINCT key, known, {', '.join(columns)} FROM rows ORDER BY known, key")
        answers = expected.fetchall()
    assert [row[:2] for row in frame.rows()] == [row[:2] for row in answers]
    for name, given_ in zip(frame.columns[2:], list(zip(*answers, strict=True))[2:], strict=True):
        near = 1e-6 if "std" in name else 1e-12  # DuckDB's loses digits
        assert frame[name].to_list() == [v if v is None else pytest.approx(v, rel=near) for v in given_]


def test_neither_order_nor_the_instants_asked_for_nor_other_windows_change_a_bit() -> None:
    rows, ends = many()
    whole = windows(rows, ends, LENGTHS)
    for seed in range(3):
        shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
        assert_frame_equal(windows(shuffled, ends.reverse(), LENGTHS), whole, check_exact=True)
    some = whole["as_of"].is_between(START + 20 * DAY, START + 21 * DAY)
    before = pl.col("known").is_between(START + 11 * DAY, START + 21 * DAY)
    part = windows(rows.filter(before), whole.filter(some).select("key", "as_of"), LENGTHS)
    assert_frame_equal(part, whole.filter(some), check_exact=True)
    assert_frame_equal(windows(rows, ends, {"3d": 3 * DAY}), whole.select("key", "as_of", "^.*_3d$"), check_exact=True)


def from_kept(used: pl.DataFrame, at: pl.DataFrame, lengths: dict[str, timedelta], sawtooth: bool) -> pl.DataFrame:
    """The windows from tiles of all days that none of them cuts."""
    ends_in = at.drop_nulls()["as_of"].dt.epoch("us") // DAY_LENGTH
    cut = {end - length // DAY * back for end in ends_in for length in lengths.values() for back in (0, 1)}
    days = used.with_columns(day=pl.col("known") // DAY_LENGTH).partition_by("day", include_key=False, as_dict=True)
    rows = pl.concat([used.clear(), *(part for (day,), part in days.items() if day in cut)])
    kept = [day_tiles(part, asked()) for (day,), part in days.items() if day not in cut]
    return event_windows(rows, at, asked(), lengths, sawtooth, kept)


@pytest.mark.parametrize("sawtooth", [False, True])
def test_whole_days_that_were_kept_give_the_bits_of_their_rows(sawtooth: bool) -> None:
    rows, ends = many()
    used, lengths = asked().of(rows), {"1d": DAY, "9d": 9 * DAY, "30d": 30 * DAY}
    ends = ends.filter(pl.col("as_of").is_between(START + 35 * DAY, START + 36 * DAY, closed="left"))
    expected = event_windows(used, ends, asked(), lengths, sawtooth)
    assert_frame_equal(from_kept(used, ends, lengths, sawtooth), expected, check_exact=True)


def test_neither_blocks_nor_threads_nor_times_beyond_64_bits_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, ends = many()
    expected = windows(rows, ends, LENGTHS)
    monkeypatch.setattr(measures_module, "CODES", 1)
    monkeypatch.setattr(ends_module, "CODES", 1)
    assert_frame_equal(windows(rows, ends, LENGTHS), expected, check_exact=True)
    for block, threads in ((7, 1), (100, 3)):
        monkeypatch.setattr(module, "_BLOCK", block)
        monkeypatch.setattr(module, "_THREADS", threads)
        assert_frame_equal(windows(rows, ends, LENGTHS), expected, check_exact=True)


def test_keys_may_be_numbers_and_several() -> None:
    rows, ends = many()
    expected = windows(rows, ends, LENGTHS)
    named = pl.col("key").replace_strict({"AA": 1, "B6": 2, "DL": 3, "UA": 4, "WN": 5})
    rows_, ends_ = (frame.with_columns(named) for frame in (rows, ends))
    assert_frame_equal(windows(rows_, ends_, LENGTHS), expected.with_columns(named), check_exact=True)
    both, one = Measures(["key", "one"], "known", {"delay": ALL}, order=["n"]), pl.lit(1).alias("one")
    frame = event_windows(both.of(rows.with_columns(one)), ends.with_columns(one), both, LENGTHS)
    assert_frame_equal(frame.drop("one"), expected, check_exact=True)


def test_the_sum_of_a_window_does_not_know_what_lies_outside_it() -> None:
    rows = rows_of([("UA", 1, 1e100), ("UA", 30, 0.1), ("UA", 31, 1e-9), ("UA", 60, -1e100)])
    frame = windows(rows, ends_of([("UA", 40), ("UA", 61)]), {"1d": DAY, "3d": 3 * DAY})
    assert frame["delay_sum_1d"].to_list() == [0.1 + 1e-9, -1e100]
    assert frame["delay_sum_3d"].to_list() == [1e100, 0.1 + 1e-9]  # nothing is lost beside 1e100 either
    assert frame["delay_mean_3d"].to_list() == [1e100 / 3, (0.1 + 1e-9) / 4]


mixed = st.floats(-1e12, 1e12) | st.floats(-1e-9, 1e-9) | st.integers(-9, 9).map(float) | st.none()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.just("UA"), hours, mixed), max_size=25), instants, st.booleans())
def test_kept_days_of_values_of_any_size_give_the_bits_of_their_rows(
    rows: list[Row], ends: list[Row], sawtooth: bool
) -> None:
    used, at = asked().of(rows_of(rows)), ends_of(ends)
    expected = event_windows(used, at, asked(), DAYS, sawtooth)
    assert_frame_equal(from_kept(used, at, DAYS, sawtooth), expected, check_exact=True)
