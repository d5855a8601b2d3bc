"""Windows on a grid, at instants and from a midnight on are what their definition says."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.time import Window
from fti_assets.features.windows import distinct
from fti_assets.features.windows.engine import windows_at, windows_on_grid
from fti_assets.features.windows.measures import Measures
from fti_assets.stores.frames import TIME
from fti_assets_tests.features.windows import plain_windows
from fti_assets_tests.features.windows.plain_windows import ALL, HOUR, NUMBERS, START, End, Row, agree, ends_of, rows_of

DAY = timedelta(days=1)
LENGTHS = {"5h": 5 * HOUR, "1d": DAY, "36h": 36 * HOUR, "3d": 3 * DAY, "9d": 9 * DAY}
DAYS = {"1d": DAY, "3d": 3 * DAY, "9d": 9 * DAY}


def asked(columns: Mapping[str, Sequence[str]]) -> Measures:
    return Measures(["key"], "known", columns, order=["n"])


def at(
    rows: pl.DataFrame,
    ends: Sequence[End],
    lengths: Mapping[str, timedelta],
    *functions: str,
    **closed: bool,
) -> pl.DataFrame:
    """The delays' windows at some ends."""
    measures = asked({"delay": functions})
    return windows_at(measures.of(rows), measures.instants(ends_of(ends), "t"), measures, lengths, **closed)


def grid(
    rows: pl.DataFrame,
    hours: range,
    lengths: Sequence[int],
    *functions: str,
    every: timedelta = HOUR,
    holds_end: bool = False,
) -> pl.DataFrame:
    """The delays' windows of so many hours at each hour."""
    measures, labels = asked({"delay": functions}), {f"{length}h": length * HOUR for length in sorted(lengths)}
    window = Window(START + hours.start * HOUR, START + hours.stop * HOUR)
    return windows_on_grid(measures.of(rows), measures, labels, every=every, window=window, holds_end=holds_end)


def test_a_row_is_in_the_windows_that_end_after_it_and_start_no_later() -> None:
    frame = grid(rows_of([("UA", 10, 1.0)]), range(24), [2], "count")
    assert [(t.hour, n) for t, n in frame.select("as_of", "delay_count_2h").rows()] == [(11, 1), (12, 1)]


def test_a_microsecond_before_the_end_is_inside() -> None:
    early = rows_of([("UA", 10, 1.0)]).with_columns(pl.col("known") - timedelta(microseconds=1))
    assert [t.hour for t in grid(early, range(24), [2], "count")["as_of"]] == [10, 11]


def test_a_window_at_an_instant_is_half_open_to_the_microsecond() -> None:
    rows, microsecond = rows_of([("UA", 10, 1.0)]), 1 / 3_600_000_000
    ends = [("UA", 34 - microsecond), ("UA", 34), ("UA", 34 + microsecond)]
    assert at(rows, ends, {"1d": DAY}, "count")["delay_count_1d"].to_list() == [1, 1, 0]
    assert at(rows, [("UA", 10)], {"1d": DAY}, "count")["delay_count_1d"].to_list() == [0]  # known at t: not before t


def test_a_window_that_holds_its_end_has_the_rows_known_at_it_and_not_those_at_its_start() -> None:
    rows, microsecond = rows_of([("UA", 10, 1.0)]), 1 / 3_600_000_000
    ends = [("UA", n) for n in (10 - microsecond, 10, 34 - microsecond, 34)]
    counts = at(rows, ends, {"1d": DAY}, "count", "distinct", holds_end=True)
    assert counts["delay_count_1d"].to_list() == counts["delay_distinct_1d"].to_list() == [0, 1, 1, 0]
    frame = grid(rows, range(24), [2], "count", holds_end=True)
    assert [(t.hour, n) for t, n in frame.select("as_of", "delay_count_2h").rows()] == [(10, 1), (11, 1)]


def test_a_sawtooth_that_holds_its_end_leaves_out_the_midnight_that_it_begins_at() -> None:
    rows = rows_of([("UA", 0, 1.0), ("UA", 1, 2.0), ("UA", 24, 4.0), ("UA", 31, 8.0)])
    frame = at(rows, [("UA", 24), ("UA", 31), ("UA", 48)], {"1d": DAY}, "sum", sawtooth=True, holds_end=True)
    assert frame["delay_sum_1d"].to_list() == [6.0, 14.0, 8.0]


def test_a_sawtooth_begins_at_the_midnight_before() -> None:
    rows = rows_of([("UA", 0, 1.0), ("UA", 23, 2.0), ("UA", 30, 4.0), ("UA", 31, 8.0)])
    frame = at(rows, [("UA", 31), ("UA", 47.5), ("UA", 48)], {"1d": DAY}, "sum", sawtooth=True)
    assert frame["delay_sum_1d"].to_list() == [7.0, 15.0, 12.0]  # yesterday whole, and today so far


def test_each_statistic_of_a_window_is_right() -> None:
    frame = grid(rows_of([("UA", 0, 1.0), ("UA", 1, 2.0), ("UA", 2, 6.0), ("UA", 2, 6.0)]), range(3, 4), [3], *ALL)
    assert frame.to_dicts() == [
        {
            "key": "UA",
            "as_of": START + 3 * HOUR,
            "delay_count_3h": 4,
            "delay_sum_3h": 15.0,
            "delay_mean_3h": 3.75,
            "delay_std_3h": pytest.approx(6.916666666666667**0.5),
            "delay_min_3h": 1.0,
            "delay_max_3h": 6.0,
            "delay_first_3h": 1.0,
            "delay_last_3h": 6.0,
            "delay_distinct_3h": 3,
        }
    ]


def test_an_empty_shorter_window_counts_zero_and_is_null_elsewhere() -> None:
    row = grid(rows_of([("UA", 0, 4.0)]), range(3, 4), [1, 3], *ALL).row(0, named=True)
    expected = dict.fromkeys(ALL) | {"count": 0, "distinct": 0}
    assert {name: row[f"delay_{name}_1h"] for name in ALL} == expected
    assert (row["delay_mean_3h"], row["delay_std_3h"]) == (4.0, None)  # one value has no sample deviation


def test_a_key_whose_values_are_all_null_has_a_row_of_nulls() -> None:
    frame = grid(rows_of([("UA", 0, None), ("UA", 1, float("nan"))]), range(2, 3), [3], *ALL)
    assert frame.row(0)[2:] == (0, None, None, None, None, None, None, None, 0)


def test_keys_without_a_row_in_the_longest_window_and_null_keys_have_no_row() -> None:
    frame = grid(rows_of([("UA", 0, 1.0), (None, 2, 1.0), ("DL", None, 1.0)]), range(4, 8), [3], *ALL)
    assert frame.height == 0
    types = dict.fromkeys((f"delay_{name}_3h" for name in ALL), pl.Float64)
    types |= {"delay_count_3h": pl.Int64, "delay_distinct_3h": pl.Int64}
    assert dict(frame.schema) == {"key": pl.String, "as_of": TIME, **types}


def test_every_key_and_instant_asked_for_has_one_row_also_with_nothing_in_its_windows() -> None:
    ends = [("UA", 2), ("UA", 2), ("DL", 3), (None, 3)]
    frame = at(rows_of([("UA", 1, 1.0)]), ends, {"1d": DAY}, "count", "mean", "last", "distinct")
    assert frame.drop("as_of").rows() == [("UA", 1, 1.0, 1.0, 1), ("DL", 0, None, None, 0)]
    nothing = at(rows_of([]), [], LENGTHS, *ALL)
    assert nothing.height == 0
    assert nothing.schema["delay_count_36h"] == pl.Int64


def test_booleans_count_as_zero_and_one_and_stay_what_they_are() -> None:
    rows = rows_of([("UA", 0, True), ("UA", 1, False)], pl.Boolean)
    assert grid(rows, range(2, 3), [2], "sum", "mean", "first").row(0)[2:] == (1.0, 0.5, True)


def test_whole_numbers_are_exact_beyond_what_a_double_holds() -> None:
    large = 2**60
    rows = rows_of([("UA", 0, large + 1), ("UA", 1, 5 - large), ("UA", 2, large + 3)], pl.Int64)
    frame = grid(rows, range(1, 4), [2], "first", "last", "sum", "std")
    assert frame["delay_first_2h"].to_list() == [large + 1, large + 1, 5 - large]
    assert frame["delay_last_2h"].to_list() == [large + 1, 5 - large, large + 3]
    assert frame["delay_sum_2h"].to_list() == [float(large), 6.0, 8.0]
    assert frame["delay_std_2h"].to_list() == [None, (large - 2) * 2**0.5, pytest.approx((large - 1) * 2**0.5)]


def test_texts_and_times_have_first_last_and_distinct_values() -> None:
    rows = rows_of([("UA", 1, 0.0), ("UA", 2, 0.0), ("UA", 3, 0.0)]).with_columns(gate=pl.Series(["B", "A", "B"]))
    measures = asked({"gate": ("first", "last", "distinct"), "known": ("last",)})
    ends = measures.instants(ends_of([("UA", 2.5), ("UA", 27)]), "t")
    frame = windows_at(measures.of(rows), ends, measures, {"1d": DAY})
    assert frame.drop("key", "as_of").rows() == [
        ("B", "A", 2, START + 2 * HOUR),
        ("B", "B", 1, START + 3 * HOUR),  # the row known at 02:00 is older than a day
    ]


def test_first_and_last_of_one_instant_go_by_the_order_and_then_by_the_values() -> None:
    rows = rows_of([("UA", 1, 7.0), ("UA", 1, 5.0), ("UA", 1, 6.0), ("UA", 1, None)])
    for order, expected in ((["n"], (7.0, 6.0)), ([], (5.0, 7.0))):
        measures = Measures(["key"], "known", {"delay": ("first", "last")}, order=order)
        for shuffled in (rows, rows.reverse()):
            ends = measures.instants(ends_of([("UA", 2)]), "t")
            assert windows_at(measures.of(shuffled), ends, measures, {"1d": DAY}).row(0)[2:] == expected


def test_rows_count_that_meet_the_condition_and_a_null_condition_is_not_met() -> None:
    rows = rows_of([("UA", 0, 9.0), ("UA", 1, 2.0), ("UA", 1, 2.0), ("UA", 2, 40.0), ("UA", 3, None)])
    rows = rows.with_columns(gate=pl.Series(["B", "A", "A", "B", None]))
    columns = {"delay": ["count_late", "first", "last", "distinct"], "gate": ["last", "first_late"]}
    measures = Measures(["key"], "known", columns, where="n <> 3", conditions={"late": "delay > 5"}, order=["n"])
    window = Window(START + 4 * HOUR, START + 5 * HOUR)
    lengths = {"2h": 2 * HOUR, "4h": 4 * HOUR}
    frame = windows_on_grid(measures.of(rows), measures, lengths, every=HOUR, window=window)
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


def test_no_zero_is_negative() -> None:
    frame = grid(rows_of([("UA", 0, -0.0)]), range(1, 2), [1], "first", "min", "sum", "mean")
    assert np.copysign(1, frame.row(0)[2:]).tolist() == [1, 1, 1, 1]


def test_only_instants_of_the_grid_from_midnight_are_given() -> None:
    rows = rows_of([("UA", 0, 1.0)])
    frame = grid(rows, range(1, 24), [48], "count", every=6 * HOUR)
    assert [t.hour for t in frame["as_of"]] == [6, 12, 18]
    assert grid(rows, range(1, 5), [48], "count", every=6 * HOUR).height == 0


def test_rows_are_sorted_by_time_and_then_by_key() -> None:
    frame = grid(rows_of([("UA", 1, 1.0), ("DL", 0, 1.0), ("AA", 1, 1.0)]), range(1, 3), [3], "count")
    assert [(t.hour, key) for key, t in frame.select("key", "as_of").rows()] == [
        (1, "DL"), (2, "AA"), (2, "DL"), (2, "UA"),
    ]  # fmt: skip


@pytest.mark.parametrize("names", [("key", "time"), ("as_of", "end"), ("value", "count"), ("by_key", "value_0")])
def test_keys_may_have_any_name_and_are_kept_apart(names: tuple[str, str]) -> None:
    one, two = names
    rows = rows_of([("UA", 0, 1.0), ("UA", 0, 3.0), ("UA", 0, None)]).rename({"key": one})
    rows = rows.with_columns(pl.Series(two, [2, 1, None]))
    measures = Measures(names, "known", {"delay": ["sum", "last", "distinct"]}, order=["n"])
    window = Window(START + HOUR, START + 2 * HOUR)
    frame = windows_on_grid(measures.of(rows), measures, {"1h": HOUR}, every=HOUR, window=window, as_of="ended")
    assert frame.columns[:3] == [one, two, "ended"]
    assert frame.drop("ended").rows() == [("UA", 1, 3.0, 3.0, 1), ("UA", 2, 1.0, 1.0, 1)]
    ends = measures.instants(rows.with_columns(t=pl.col("known") + HOUR), "t")
    assert windows_at(measures.of(rows), ends, measures, {"1h": HOUR}, as_of="ended").equals(frame)


def test_values_too_large_to_be_summed_are_refused_and_still_have_extremes() -> None:
    rows = rows_of([("UA", 1, 1e200), ("UA", 2, float("inf"))])
    with pytest.raises(ContractViolation, match=r"delay: is a number below 1e\+144.*\(e\.g\. inf, 2 rows\)"):
        grid(rows, range(3, 4), [3], "mean")
    assert grid(rows, range(3, 4), [3], "count", "min", "max", "last").row(0)[2:] == (2, 1e200, np.inf, np.inf)


def test_too_many_different_values_of_a_key_and_day_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "AT_MOST", 1)
    rows = [("UA", 1, 1.0), ("UA", 2, 1.0), ("DL", 2, 2.0), ("UA", 25, 2.0)]
    assert grid(rows_of(rows), range(26, 27), [48], "distinct")["delay_distinct_48h"].to_list() == [1, 2]
    with pytest.raises(
        ContractViolation, match=r"delay: has at most 1 different values a key and day.*count rows inst"
    ):
        grid(rows_of([*rows, ("UA", 3, 7.0)]), range(26, 27), [48], "distinct")


keys = st.sampled_from(["UA", "DL", None])
hours = st.integers(-600, 600).map(lambda n: n / 2)
values = st.floats(-1e6, 1e6).map(lambda v: round(v, 1)) | st.sampled_from([1.0, 2.0]) | st.none()
of_any_size = st.floats(-1e12, 1e12) | st.floats(-1e-9, 1e-9) | st.integers(-9, 9).map(float) | st.none()
worlds = st.lists(st.tuples(keys, hours, values | of_any_size), max_size=40)
ends = st.lists(st.tuples(keys, hours), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(worlds, ends, st.booleans())
def test_windows_at_instants_agree_with_their_definition(rows: list[Row], ends: list[End], holds_end: bool) -> None:
    starts = {label: lambda t, length=length: t - length / HOUR for label, length in LENGTHS.items()}
    expected = plain_windows.at_ends(rows, ends, starts, holds_end)
    agree(at(rows_of(rows), ends, LENGTHS, *ALL, holds_end=holds_end), expected)


@settings(max_examples=100, deadline=None)
@given(worlds, ends, st.booleans())
def test_sawtooth_windows_agree_with_their_definition(rows: list[Row], ends: list[End], holds_end: bool) -> None:
    starts = {label: lambda t, length=length: t // 24 * 24 - length / HOUR for label, length in DAYS.items()}
    expected = plain_windows.at_ends(rows, ends, starts, holds_end)
    agree(at(rows_of(rows), ends, DAYS, *ALL, sawtooth=True, holds_end=holds_end), expected)


near = st.integers(-20, 40).map(lambda n: n / 2)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(keys, near, values), max_size=40),
    st.integers(-3, 6),
    st.integers(1, 6),
    st.sets(st.integers(1, 9), min_size=1, max_size=3),
    st.booleans(),
)
def test_windows_on_a_grid_agree_with_their_definition(
    rows: list[Row], first: int, instants: int, lengths: set[int], holds_end: bool
) -> None:
    hours = range(first, first + instants)
    expected = plain_windows.on_grid(rows, hours, {f"{length}h": length for length in sorted(lengths)}, holds_end)
    agree(grid(rows_of(rows), hours, list(lengths), *ALL, holds_end=holds_end), expected)


@pytest.mark.parametrize("holds_end", [False, True])
def test_windows_near_a_billion_agree_with_sql(holds_end: bool) -> None:
    random = np.random.default_rng(5)
    at_hour = random.integers(0, 24 * 40 * 4, 4000) / 4
    delays = np.where(random.random(4000) < 0.1, None, 1e9 + random.normal(0, 3, 4000).round(2))
    names = random.choice(["AA", "DL", "UA", "WN", "B6"], 4000, p=[0.7, 0.1, 0.1, 0.05, 0.05])
    rows = rows_of(list(zip(names.tolist(), at_hour.tolist(), delays.tolist(), strict=True)))
    instants = list(zip(names.tolist(), at_hour.tolist(), strict=True))
    frame = at(rows, instants, {"9d": 9 * DAY, "36h": 36 * HOUR}, *NUMBERS, holds_end=holds_end)
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("rows", rows.to_arrow())
        between = "RANGE BETWEEN INTERVAL {} PRECEDING AND INTERVAL 1 microsecond PRECEDING"
        if holds_end:
            between = "RANGE BETWEEN INTERVAL {} - INTERVAL 1 microsecond PRECEDING AND CURRENT ROW"
        over = f"OVER (PARTITION BY key ORDER BY known {between})"
        functions = ("count(delay)", "sum(delay)", "avg(delay)", "stddev_samp(delay)", "min(delay)", "max(delay)")
        columns = [f"{f} {over.format(i)}" for f in functions for i in ("216 hours", "36 hours")]
        answer = database.execute(f"SELECT DISTINCT key, known, {', '.join(columns)} FROM rows ORDER BY known, key")
        expected = pl.DataFrame(answer.fetchall(), frame.schema, orient="row")
    assert frame.select("key", "as_of").equals(expected.select("key", "as_of"))
    for name in frame.columns[2:]:
        near = 1e-6 if "std" in name else 1e-12  # DuckDB's loses digits
        assert frame[name].to_list() == [v if v is None else pytest.approx(v, rel=near) for v in expected[name]]
