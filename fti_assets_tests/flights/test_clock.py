from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.time import midnight
from fti_assets.flights.clock import block_minutes, in_minutes, minutes, next_at_clock

ZONES = ("America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/Puerto_Rico", "Asia/Kolkata")


def utc(*texts: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), utc=True)).dt.as_unit("us")


def minute_by_minute(after: datetime, clock: int, zone: str) -> datetime:
    """The obvious twin: wait until the wall clock reads it."""
    while True:
        local = after.astimezone(ZoneInfo(zone))
        if local.hour * 100 + local.minute == clock % 2400:
            return after
        after += timedelta(minutes=1)


def test_a_clock_is_read_in_the_zone_of_the_destination():
    left = utc("2013-01-01 22:00", "2013-01-01 22:00", "2013-01-01 22:00")
    clocks = pd.Series([2010, 2010, 2400])
    zones = pd.Series(["America/New_York", "America/Los_Angeles", "America/New_York"])
    assert list(next_at_clock(left, clocks, zones)) == list(
        utc("2013-01-02 01:10", "2013-01-02 04:10", "2013-01-02 05:00")
    )


def test_the_moment_itself_counts():
    now = utc("2013-07-01 12:00")
    assert list(next_at_clock(now, pd.Series([800]), pd.Series(["America/New_York"]))) == list(now)


def test_no_minutes_is_no_duration():
    assert minutes(pd.Series([1.0, None])).isna().tolist() == [False, True]
    assert str(minutes(pd.Series([90])).dtype) == "timedelta64[us]"


def test_durations_are_minutes_again():
    assert in_minutes(minutes(pd.Series([90.5, None]))).iloc[0] == 90.5
    assert in_minutes(minutes(pd.Series([90.5, None]))).isna().tolist() == [False, True]


def test_block_minutes_run_from_gate_to_gate_across_midnight():
    rows = pd.DataFrame({"scheduled_departure": utc("2013-12-31 21:30"), "scheduled_arrival": utc("2014-01-01 01:25")})
    assert block_minutes(rows).tolist() == [235]


@given(
    offset=st.integers(0, 200 * 24 * 60),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(ZONES),
)
@settings(max_examples=100, deadline=None)
def test_the_clock_read_is_the_one_found_by_waiting(offset, hour, minute, zone):
    after = midnight("2013-03-11") + timedelta(minutes=offset)  # between the two changes of the clocks
    expected = minute_by_minute(after, hour * 100 + minute, zone)
    got = next_at_clock(utc(str(after)), pd.Series([hour * 100 + minute]), pd.Series([zone]))
    assert got.iloc[0] == expected
