import statistics
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fti_assets.contracts.time import Window
from fti_assets.features.windows import runs
from fti_assets.features.windows.measures import Measures
from fti_assets.features.windows.tiles import tiles_of
from fti_assets.features.windows.trailing import grid_windows, trailing

TIME = pl.Datetime("us", "UTC")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STATISTICS = ("count", "sum", "mean", "std", "min", "max")
START = datetime(2013, 1, 1, tzinfo=UTC)
Row = tuple[Any, ...]


def rows_of(rows: list[Row], dtype: type[pl.DataType] = pl.Float64) -> pl.DataFrame:
    """Rows of (key, hour known, delay)."""
    cells = [(key, None if at is None else START + at * HOUR, delay) for key, at, delay in rows]
    return pl.DataFrame(cells, schema={"key": pl.String, "tile": TIME, "delay": dtype}, orient="row")


def hours(first: int, end: int) -> Window:
    return Window(START + first * HOUR, START + end * HOUR)


def windows(
    rows: pl.DataFrame,
    window: Window,
    names: tuple[str, ...] = STATISTICS,
    lengths: tuple[int, ...] = (3,),
    every: timedelta = HOUR,
) -> pl.DataFrame:
    labels = {f"{length}h": length * HOUR for length in lengths}
    return trailing(
        rows, by=["key"], known_at="tile", columns={"delay": names}, lengths=labels, every=every, window=window
    )


def counts(at: int) -> dict[int, int]:
    """Of one row known at 10:00, the count in each window of two hours before the hours around."""
    frame = windows(rows_of([("UA", at, 1.0)]), hours(0, 24), ("count",), lengths=(2,))
    return {t.hour: n for t, n in frame.select("as_of", "delay_count_2h").rows()}


def test_a_row_is_in_the_windows_that_end_after_it_and_start_no_later() -> None:
    assert counts(10) == {11: 1, 12: 1}  # not 10: known at t is outside; 12: known at t - length is inside


def test_a_microsecond_before_the_end_is_inside() -> None:
    early = rows_of([("UA", 10, 1.0)]).with_columns(pl.col("tile") - timedelta(microseconds=1))
    frame = windows(early, hours(0, 24), ("count",), lengths=(2,))
    assert [t.hour for t in frame["as_of"]] == [10, 11]


def test_each_statistic_of_a_window_is_right() -> None:
    frame = windows(rows_of([("UA", 0, 1.0), ("UA", 1, 2.0), ("UA", 2, 6.0)]), hours(3, 4))
    assert frame.to_dicts() == [
        {
            "key": "UA",
            "as_of": START + 3 * HOUR,
            "delay_count_3h": 3,
            "delay_sum_3h": 9.0,
            "delay_mean_3h": 3.0,
            "delay_std_3h": pytest.approx(7**0.5),
            "delay_min_3h": 1.0,
            "delay_max_3h": 6.0,
        }
    ]


def test_an_empty_shorter_window_counts_zero_and_is_null_elsewhere() -> None:
    frame = windows(rows_of([("UA", 0, 4.0)]), hours(3, 4), lengths=(1, 3))
    row = frame.row(0, named=True)
    assert {name: row[f"delay_{name}_1h"] for name in STATISTICS} == dict.fromkeys(STATISTICS) | {"count": 0}
    assert row["delay_mean_3h"] == 4.0
    assert row["delay_std_3h"] is None  # one value has no sample deviation


def test_a_key_whose_values_are_all_null_has_a_row_of_nulls() -> None:
    frame = windows(rows_of([("UA", 0, None), ("UA", 1, float("nan"))]), hours(2, 3))
    assert frame.row(0)[2:] == (0, None, None, None, None, None)


def test_keys_without_a_row_in_the_longest_window_and_null_keys_have_no_row() -> None:
    frame = windows(rows_of([("UA", 0, 1.0), (None, 2, 1.0), ("DL", None, 1.0)]), hours(4, 8))
    assert frame.height == 0
    assert frame.schema["delay_count_3h"] == pl.Int64
    assert frame.schema["delay_std_3h"] == pl.Float64
    assert frame.schema["as_of"] == TIME


def test_booleans_count_as_zero_and_one() -> None:
    frame = windows(rows_of([("UA", 0, True), ("UA", 1, False)], pl.Boolean), hours(2, 3), ("sum", "mean"))
    assert frame.row(0)[2:] == (1.0, 0.5)


def test_only_instants_of_the_grid_from_midnight_are_given() -> None:
    rows = rows_of([("UA", 0, 1.0)])
    frame = windows(rows, hours(1, 24), ("count",), lengths=(48,), every=6 * HOUR)
    assert [t.hour for t in frame["as_of"]] == [6, 12, 18]
    assert windows(rows, hours(1, 5), ("count",), lengths=(48,), every=6 * HOUR).height == 0


def test_rows_are_sorted_by_time_and_then_by_key() -> None:
    frame = windows(rows_of([("UA", 1, 1.0), ("DL", 0, 1.0), ("AA", 1, 1.0)]), hours(1, 3), ("count",))
    assert [(t.hour, key) for key, t in frame.select("key", "as_of").rows()] == [
        (1, "DL"),
        (2, "AA"),
        (2, "DL"),
        (2, "UA"),
    ]


def test_composite_keys_are_kept_apart() -> None:
    rows = rows_of([("UA", 0, 1.0), ("UA", 0, 3.0)]).with_columns(number=pl.Series([2, 1]))
    frame = trailing(
        rows,
        by=["key", "number"],
        known_at="tile",
        columns={"delay": ["sum"]},
        lengths={"1h": HOUR},
        every=HOUR,
        window=hours(1, 2),
    )
    assert frame.drop("as_of").rows() == [("UA", 1, 3.0), ("UA", 2, 1.0)]


def test_the_deviation_survives_values_near_a_billion() -> None:
    rows = rows_of([("UA", n, 1e9 + n % 2) for n in range(48)])
    std = windows(rows, hours(48, 49), ("std",), lengths=(48,))["delay_std_48h"][0]
    assert std == pytest.approx(statistics.stdev([0.0, 1.0] * 24), rel=1e-9)


def many_rows() -> pl.DataFrame:
    random = np.random.default_rng(7)
    keys, at = random.choice(["AA", "DL", "UA", "WN"], 600), random.integers(-200, 120, 600)
    return rows_of(list(zip(keys.tolist(), (at / 2).tolist(), random.normal(1e3, 50, 600).tolist(), strict=True)))


def test_several_windows_give_the_bits_of_one() -> None:
    whole = windows(many_rows(), hours(0, 50), lengths=(1, 7, 45))
    parts = [windows(many_rows(), hours(a, b), lengths=(1, 7, 45)) for a, b in ((0, 1), (1, 20), (20, 27), (27, 50))]
    assert whole.height > 150
    assert_frame_equal(pl.concat(parts), whole, check_exact=True)


def test_the_order_of_rows_does_not_change_a_bit() -> None:
    expected = windows(many_rows(), hours(0, 50), lengths=(1, 7, 45))
    for seed in range(3):
        shuffled = many_rows().sample(fraction=1.0, shuffle=True, seed=seed)
        assert_frame_equal(windows(shuffled, hours(0, 50), lengths=(1, 7, 45)), expected, check_exact=True)


def test_keys_taken_in_blocks_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = windows(many_rows(), hours(0, 50), lengths=(1, 7, 45))
    monkeypatch.setattr(runs, "_CELLS", 1000)  # three keys at a time
    assert_frame_equal(windows(many_rows(), hours(0, 50), lengths=(1, 7, 45)), expected, check_exact=True)


def brute_force(rows: list[Row], first: int, end: int, lengths: tuple[int, ...]) -> list[Row]:
    answers = []
    for t in range(first, end):
        for key in ("DL", "UA"):
            if not any(k == key and t - max(lengths) <= at < t for k, at, _ in rows):
                continue
            answer: Row = (key, START + t * HOUR)
            held = [[v for k, at, v in rows if k == key and t - n <= at < t and v is not None] for n in lengths]
            answer += tuple(len(values) for values in held)
            answer += tuple(sum(values) if values else None for values in held)
            answer += tuple(statistics.fmean(values) if values else None for values in held)
            answer += tuple(statistics.stdev(values) if len(values) > 1 else None for values in held)
            answer += tuple(min(values, default=None) for values in held)
            answer += tuple(max(values, default=None) for values in held)
            answers.append(answer)
    return answers


values = st.floats(-1e6, 1e6).map(lambda v: round(v, 3)) | st.none()
worlds = st.lists(st.tuples(st.sampled_from(["UA", "DL", None]), st.integers(-10, 20).map(lambda n: n / 2), values))


@settings(max_examples=100, deadline=None)
@given(worlds, st.integers(-3, 6), st.integers(1, 6), st.sets(st.integers(1, 9), min_size=1, max_size=3))
def test_it_agrees_with_brute_force(rows: list[Row], first: int, instants: int, lengths: set[int]) -> None:
    frame = windows(rows_of(rows), hours(first, first + instants), lengths=tuple(lengths))
    expected = brute_force(rows, first, first + instants, tuple(lengths))
    assert len(frame) == len(expected)
    for row, other in zip(frame.rows(), expected, strict=True):
        assert row[:2] == other[:2]
        assert row[2:] == tuple(v if v is None else pytest.approx(v, rel=1e-9, abs=1e-7) for v in other[2:])


def test_conditions_first_last_and_distinct_of_a_window() -> None:
    rows = rows_of([("UA", 0, 9.0), ("UA", 1, 2.0), ("UA", 1, 2.0), ("UA", 2, 40.0), ("UA", 3, None)])
    rows = rows.with_columns(gate=pl.Series(["B", "A", "A", "B", None]), n=pl.Series([0, 2, 1, 3, 4]))
    measures = Measures(
        ["key"],
        "tile",
        {"delay": ["count_late", "first", "last", "distinct"], "gate": ["last", "first_late"]},
        where="n <> 3",
        conditions={"late": "delay > 5"},
        order=["n"],
    )
    tiles = tiles_of(measures.of(rows), measures, HOUR)
    frame = grid_windows(tiles, measures, {"2h": 2 * HOUR, "4h": 4 * HOUR}, HOUR, hours(4, 5))
    assert frame.drop("key", "as_of").to_dicts() == [
        {
            "delay_count_late_2h": 0, "delay_count_late_4h": 1,
            "delay_first_2h": None, "delay_first_4h": 9.0,
            "delay_last_2h": None, "delay_last_4h": 2.0,
            "delay_distinct_2h": 0, "delay_distinct_4h": 2,
            "gate_last_2h": None, "gate_last_4h": "A",
            "gate_first_late_2h": None, "gate_first_late_4h": "B",
        }
    ]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(worlds, st.integers(1, 6), st.sets(st.integers(1, 9), min_size=1, max_size=3))
def test_first_last_and_distinct_agree_with_brute_force(rows: list[Row], instants: int, lengths: set[int]) -> None:
    measures = Measures(["key"], "tile", {"delay": ["first", "last", "distinct"]}, order=["n"])
    used = measures.of(rows_of(rows).with_row_index("n").sample(fraction=1.0, shuffle=True, seed=1))
    labels = {f"{length}h": length * HOUR for length in sorted(lengths)}
    frame = grid_windows(tiles_of(used, measures, HOUR), measures, labels, HOUR, hours(0, instants))
    ordered = sorted((row for row in rows if row[2] is not None), key=lambda row: row[1])
    for row in frame.iter_rows(named=True):
        t = (row["as_of"] - START) / HOUR
        for label, length in labels.items():
            held = [v for key, at, v in ordered if key == row["key"] and t - length / HOUR <= at < t]
            given_ = [row[f"delay_{function}_{label}"] for function in ("first", "last", "distinct")]
            assert given_ == [held[0] if held else None, held[-1] if held else None, len(set(held))]
