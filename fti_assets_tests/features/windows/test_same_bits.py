"""A window has the same bits whatever else is asked for, however its rows come, and from rows, days or months."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fti_assets.contracts.time import Window, midnight
from fti_assets.features.windows import ends, engine, positions
from fti_assets.features.windows.engine import windows_at, windows_on_grid
from fti_assets.features.windows.measures import Measures
from fti_assets.features.windows.tiles import day_tiles, month_tiles
from fti_assets_tests.features.windows.plain_windows import ALL, HOUR, START, Row, ends_of, rows_of

DAY = timedelta(days=1)
LENGTHS = {"5h": 5 * HOUR, "36h": 36 * HOUR, "9d": 9 * DAY, "70d": 70 * DAY}
DAYS = {"1d": DAY, "9d": 9 * DAY, "70d": 70 * DAY}
MEASURES = Measures(["key"], "known", {"delay": ALL, "gate": ("first", "last", "distinct")}, order=["n"])
Lengths = Mapping[str, timedelta]


def many(rows: int = 4000) -> pl.DataFrame:
    """Rows of a hundred days near a billion, some at one instant, some null."""
    random = np.random.default_rng(5)
    at = random.integers(0, 24 * 100 * 4, rows) / 4
    delays = np.where(random.random(rows) < 0.1, None, 1e9 + random.normal(0, 3, rows).round(2))
    names = random.choice(["AA", "DL", "UA", "WN", "B6"], rows, p=[0.7, 0.1, 0.1, 0.05, 0.05])
    frame = rows_of(list(zip(names.tolist(), at.tolist(), delays.tolist(), strict=True)))
    return frame.with_columns(gate=pl.Series(random.choice(["A", "B", None], rows)))


def at(
    rows: pl.DataFrame,
    instants: pl.DataFrame,
    lengths: Lengths = LENGTHS,
    sawtooth: bool = False,
    tiles: Sequence[pl.DataFrame] = (),
    measures: Measures = MEASURES,
    holds_end: bool = False,
) -> pl.DataFrame:
    """Windows at the rows of `instants`; `rows` are the source's, or those of `Measures.of`."""
    used = rows if "time" in rows.columns else measures.of(rows)
    ends_asked = measures.instants(instants, "t")
    return windows_at(used, ends_asked, measures, lengths, sawtooth=sawtooth, holds_end=holds_end, tiles=tiles)


def grid(
    rows: pl.DataFrame,
    window: Window,
    lengths: Lengths = DAYS,
    every: timedelta = DAY,
    tiles: Sequence[pl.DataFrame] = (),
    holds_end: bool = False,
) -> pl.DataFrame:
    used = rows if "time" in rows.columns else MEASURES.of(rows)
    return windows_on_grid(used, MEASURES, lengths, every=every, window=window, holds_end=holds_end, tiles=tiles)


def days(first: int, end: int) -> Window:
    return Window(START + first * DAY, START + end * DAY)


def test_neither_order_nor_the_instants_asked_for_nor_other_windows_change_a_bit() -> None:
    rows = many()
    ends = rows.select("key", t="known")
    whole = at(rows, ends)
    for seed in range(3):
        assert_frame_equal(at(rows.sample(fraction=1.0, shuffle=True, seed=seed), ends.reverse()), whole)
    some = whole.filter(pl.col("as_of").is_between(START + 80 * DAY, START + 81 * DAY))
    near = rows.filter(pl.col("known").is_between(START + 10 * DAY, START + 81 * DAY))
    assert_frame_equal(at(near, some.select("key", t="as_of")), some, check_exact=True)
    assert_frame_equal(at(rows, ends, {"9d": 9 * DAY}), whole.select("key", "as_of", "^.*_9d$"), check_exact=True)


def test_several_stretches_of_a_grid_give_the_bits_of_one_whatever_the_order_of_rows() -> None:
    rows, lengths = many(), {"1h": HOUR, "7h": 7 * HOUR, "45h": 45 * HOUR}
    whole = grid(rows, days(3, 9), lengths, HOUR)
    parts = [
        grid(rows.sample(fraction=1.0, shuffle=True, seed=a), days(a, b), lengths, HOUR)
        for a, b in pairwise([3, 4, 7, 9])
    ]
    assert whole.height > 500
    assert_frame_equal(pl.concat(parts), whole, check_exact=True)


def test_a_grid_has_the_bits_of_windows_at_its_instants() -> None:
    frame = grid(many(), days(60, 99))
    assert_frame_equal(at(many(), frame.select("key", t="as_of"), DAYS), frame, check_exact=True)


def test_the_sum_of_a_window_does_not_know_what_lies_outside_it() -> None:
    rows = rows_of([("UA", 1, 1e100), ("UA", 30, 0.1), ("UA", 31, 1e-9), ("UA", 60, -1e100)])
    measures = Measures(["key"], "known", {"delay": ("sum", "mean")})
    frame = at(rows, ends_of([("UA", 40), ("UA", 61)]), {"1d": DAY, "3d": 3 * DAY}, measures=measures)
    assert frame["delay_sum_1d"].to_list() == [0.1 + 1e-9, -1e100]
    assert frame["delay_sum_3d"].to_list() == [1e100, 0.1 + 1e-9]  # nothing is lost beside 1e100 either
    assert frame["delay_mean_3d"].to_list() == [1e100 / 3, (0.1 + 1e-9) / 4]


def test_keys_may_be_numbers() -> None:
    rows, named = many(), pl.col("key").replace_strict({"AA": 1, "B6": 2, "DL": 3, "UA": 4, "WN": 5})
    ends = rows.select("key", t="known")
    frame = at(rows.with_columns(named), ends.with_columns(named))
    assert_frame_equal(frame, at(rows, ends).with_columns(named), check_exact=True)


def test_neither_blocks_nor_threads_nor_times_beyond_64_bits_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = many()
    ends_asked = rows.select("key", t="known")
    expected = at(rows, ends_asked)
    for module in (positions, ends):
        monkeypatch.setattr(module, "LARGEST_CODE", 1)
    assert_frame_equal(at(rows, ends_asked), expected, check_exact=True)
    for block, threads in ((7, 1), (100, 3)):
        monkeypatch.setattr(engine, "_BLOCK", block)
        monkeypatch.setattr(engine, "_THREADS", threads)
        assert_frame_equal(at(rows, ends_asked), expected, check_exact=True)


def in_tiles(rows: pl.DataFrame, edges: set[datetime]) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Months and days with no edge of a window within them as tiles, and the rows of all other days."""
    used = MEASURES.of(rows)
    time = pl.from_epoch("time", time_unit="us")
    by_day = used.with_columns(day=time.dt.date()).partition_by("day", include_key=False, as_dict=True)
    tiles, others = [], [used.clear()]
    months: dict[datetime, list[pl.DataFrame]] = {}
    for (day,), part in sorted(by_day.items()):
        start = midnight(day)
        month = start.replace(day=1)
        if not _is_cut(month, (month + 31 * DAY).replace(day=1), edges):
            months.setdefault(month, []).append(day_tiles(part, MEASURES))
        elif not _is_cut(start, start + DAY, edges):
            tiles.append(day_tiles(part, MEASURES))
        else:
            others.append(part)
    return pl.concat(others), [*tiles, *(month_tiles(parts, MEASURES) for parts in months.values())]


def _is_cut(start: datetime, end: datetime, edges: set[datetime]) -> bool:
    return any(start < edge < end for edge in edges)


@pytest.mark.parametrize("holds_end", [False, True])
@pytest.mark.parametrize("sawtooth", [False, True])
def test_days_and_months_as_tiles_give_the_bits_of_their_rows_at_instants(sawtooth: bool, holds_end: bool) -> None:
    rows, lengths, closed = many(), DAYS if sawtooth else LENGTHS, {"holds_end": holds_end}
    ends = rows.select("key", t="known").filter(pl.col("t").is_between(START + 95 * DAY, START + 96 * DAY))
    used, tiles = in_tiles(rows, edges_of(ends["t"].to_list(), lengths, sawtooth, **closed))
    assert 60 < len(tiles) < 75  # February as one, and other days
    expected = at(rows, ends, lengths, sawtooth, **closed)
    assert_frame_equal(at(used, ends, lengths, sawtooth, tiles, **closed), expected, check_exact=True)


@pytest.mark.parametrize("holds_end", [False, True])
@pytest.mark.parametrize("every", [DAY, HOUR])
def test_days_and_months_as_tiles_give_the_bits_of_their_rows_on_a_grid(every: timedelta, holds_end: bool) -> None:
    rows, lengths = many(), DAYS if every == DAY else {"5h": 5 * HOUR, "36h": 36 * HOUR, "70d": 70 * DAY}
    window = days(95, 96)
    ends = [window.start + n * every for n in range(DAY // every)]
    used, tiles = in_tiles(rows, edges_of(ends, lengths, sawtooth=False, holds_end=holds_end))
    assert (used.height == 0) == (every == DAY and not holds_end)
    expected = grid(rows, window, lengths, every, holds_end=holds_end)
    assert_frame_equal(grid(used, window, lengths, every, tiles, holds_end), expected, check_exact=True)


def edges_of(ends: Sequence[datetime], lengths: Lengths, sawtooth: bool, holds_end: bool) -> set[datetime]:
    """Where windows begin and end: the first instants that are in them, and the first that are not any more."""
    starts = {(midnight(t.date()) if sawtooth else t) - length for t in ends for length in lengths.values()}
    return {instant + timedelta(microseconds=holds_end) for instant in starts | set(ends)}


of_any_size = st.floats(-1e12, 1e12) | st.floats(-1e-9, 1e-9) | st.integers(-9, 9).map(float) | st.none()
hours = st.integers(-3000, 100).map(lambda n: n / 2) | st.integers(-60, 4).map(lambda n: float(24 * n))
worlds = st.lists(st.tuples(st.just("UA"), hours, of_any_size), max_size=25)
end_hours = st.integers(0, 60).map(float) | st.sampled_from([0.0, 24.0, 48.0])


@settings(max_examples=100, deadline=None)
@given(worlds, st.lists(st.tuples(st.just("UA"), end_hours), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_tiles_of_values_of_any_size_give_the_bits_of_their_rows(
    world: list[Row], ends: list[tuple[str, float]], sawtooth: bool, holds_end: bool
) -> None:
    rows, instants = rows_of(world).with_columns(gate=pl.lit("A")), ends_of(ends)
    used, tiles = in_tiles(rows, edges_of(instants["t"].to_list(), DAYS, sawtooth, holds_end))
    expected = at(rows, instants, DAYS, sawtooth, holds_end=holds_end)
    assert_frame_equal(at(used, instants, DAYS, sawtooth, tiles, holds_end=holds_end), expected, check_exact=True)
