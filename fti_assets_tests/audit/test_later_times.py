import polars as pl
import pytest

from fti_assets.audit.later_times import known_before, later_times
from fti_assets_tests.audit.planted_leaks import FLIGHTS

ROWS = pl.from_pandas(FLIGHTS.drop(columns=["final_delay", "status"]))


def test_what_happened_after_a_planned_known_time_is_a_fact_with_the_values_made_from_it() -> None:
    (late,) = later_times(ROWS, "scheduled_arrival", ())
    assert (late.column, late.values, late.is_fact) == ("landed_at", ("delay", "is_late"), True)
    assert late.share == pytest.approx(float((FLIGHTS["landed_at"] > FLIGHTS["scheduled_arrival"]).mean()))
    assert late.example["landed_at"] > late.example["scheduled_arrival"]


def test_a_plan_beside_the_time_of_what_happened_is_no_fact() -> None:
    (late,) = later_times(ROWS, "landed_at", ())
    assert (late.column, late.is_fact) == ("scheduled_arrival", False)


def test_neither_is_a_fact_where_both_are_as_round() -> None:
    rounded = ROWS.with_columns(pl.col("landed_at").dt.truncate("5m"))
    minutes = (pl.col("landed_at") - pl.col("scheduled_arrival")).dt.total_minutes()
    (late,) = later_times(rounded.with_columns(delay=minutes.cast(pl.Float64)), "scheduled_arrival", ())
    assert late.is_fact is None


def test_a_declared_time_and_one_that_no_value_is_made_from_are_let_be() -> None:
    assert later_times(ROWS, "scheduled_arrival", ["landed_at"]) == []
    assert later_times(ROWS.drop("delay", "is_late"), "scheduled_arrival", ()) == []
    assert later_times(ROWS.with_columns(delay=pl.col("delay").sort(), is_late=True), "scheduled_arrival", ()) == []


def test_a_clipped_delay_in_hours_is_made_from_its_times_all_the_same() -> None:
    rows = ROWS.select("scheduled_arrival", "landed_at", hours=-pl.col("delay").clip(-30, 48) / 60)
    assert [late.values for late in later_times(rows, "scheduled_arrival", ())] == [("hours",)]


def test_a_time_that_was_known_before_is_a_plan() -> None:
    earlier = ROWS.select("flight_id", "scheduled_arrival", known="predict_at")
    assert known_before(ROWS, "scheduled_arrival", "landed_at", earlier, ["flight_id"])
    assert known_before(ROWS, "scheduled_arrival", "landed_at", earlier[:100], ["flight_id"])
    assert not known_before(ROWS, "scheduled_arrival", "landed_at", earlier[:10], ["flight_id"])
    assert not known_before(ROWS, "scheduled_arrival", "predict_at", earlier, ["flight_id"])
    moved = earlier.with_columns(pl.col("scheduled_arrival") + pl.duration(minutes=1))
    assert not known_before(ROWS, "scheduled_arrival", "landed_at", moved, ["flight_id"])
