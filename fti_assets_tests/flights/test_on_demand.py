"""Literal flights with answers that a reader can check: all leave at 14:00 and are predicted at 12:00."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.flights.on_demand import calendar, overdue, turn
from fti_assets_tests.flights.conftest import utc
from fti_assets_tests.metamorphic import same_bits

DAY = "2013-07-01 "
KNOWN: dict[str, dict[str, object]] = {
    # left at 07:10 for 07:00, was due at 09:00, landed at 09:05
    "landed": {
        "aircraft_left_scheduled_departure": "07:00",
        "aircraft_left_departed_at": "07:10",
        "aircraft_left_block_minutes": 120.0,
        "aircraft_left_delay": 10.0,
        "aircraft_landed_scheduled_departure": "07:00",
        "aircraft_landed_landed_at": "09:05",
        "aircraft_landed_arrival_delay": 5.0,
        "aircraft_due_due_at": "07:00",
        "aircraft_due_block_minutes": 120.0,
    },
    # left at 10:30 for 10:00, two hours from gate to gate; landed last at 05:10 from an earlier flight
    "in the air": {
        "aircraft_left_scheduled_departure": "10:00",
        "aircraft_left_departed_at": "10:30",
        "aircraft_left_block_minutes": 120.0,
        "aircraft_left_delay": 30.0,
        "aircraft_landed_scheduled_departure": "03:00",
        "aircraft_landed_landed_at": "05:10",
        "aircraft_landed_arrival_delay": 10.0,
        "aircraft_due_due_at": "10:00",
        "aircraft_due_block_minutes": 120.0,
    },
    # left and landed on time in the night; was due again at 11:00, 100 minutes from gate to gate, and has not left
    "overdue": {
        "aircraft_left_scheduled_departure": "03:00",
        "aircraft_left_departed_at": "03:00",
        "aircraft_left_block_minutes": 120.0,
        "aircraft_left_delay": 0.0,
        "aircraft_landed_scheduled_departure": "03:00",
        "aircraft_landed_landed_at": "05:00",
        "aircraft_landed_arrival_delay": 0.0,
        "aircraft_due_due_at": "11:00",
        "aircraft_due_block_minutes": 100.0,
    },
    # was due at 11:30 for its first flight, an hour from gate to gate, and has not left
    "never left": {"aircraft_due_due_at": "11:30", "aircraft_due_block_minutes": 60.0},
    "nothing known": {},
}
COLUMNS = tuple(KNOWN["landed"])
TIMES = [column for column in COLUMNS if column.endswith(("_at", "_departure"))]


def flights() -> pd.DataFrame:
    """One flight for each case of KNOWN."""
    columns: dict[str, pd.Series] = {}
    for column in COLUMNS:
        values = [case.get(column) for case in KNOWN.values()]
        stamps = [None if value is None else f"{DAY}{value}" for value in values]
        columns[column] = utc(*stamps) if column in TIMES else pd.Series(values, dtype="float64")
    known = pd.DataFrame(columns)
    return known.assign(
        predict_at=pd.Timestamp(f"{DAY}12:00Z"),
        scheduled_departure=pd.Timestamp(f"{DAY}14:00Z"),
        scheduled_arrival=pd.Timestamp(f"{DAY}17:00Z"),
        distance=1_000,
    )


def turned(case: str) -> dict[str, float | None]:
    row = turn(flights()).iloc[list(KNOWN).index(case)]
    return {name: None if pd.isna(value) else float(value) for name, value in row.items()}


def test_an_aircraft_that_landed_has_the_minutes_left_after_flying_back_and_turning_twice() -> None:
    assert turned("landed") == {
        "in_the_air": 0,
        "aircraft_delay": 5,
        "minutes_since_takeoff": 290,
        "minutes_since_landing": 175,
        "departure_gap": 420,
        "slack": 295 - 120 - 90,
        "scheduled_slack": 420 - 240 - 90,
        "delay_per_gap": 5 / 420,
        "legs": 3.5,
        "due_gap": 420,
        "overdue_minutes": 0,
        "slack_if_due": 295 - 120 - 90,
    }


def test_an_aircraft_in_the_air_is_expected_its_block_time_after_it_left() -> None:
    assert turned("in the air") == {
        "in_the_air": 1,
        "aircraft_delay": 30,
        "minutes_since_takeoff": 90,
        "minutes_since_landing": 410,
        "departure_gap": 240,
        "slack": 90 - 120 - 90,  # expected at 12:30, an hour and a half before this flight leaves
        "scheduled_slack": 240 - 240 - 90,
        "delay_per_gap": 30 / 240,
        "legs": 2,
        "due_gap": 240,
        "overdue_minutes": 0,
        "slack_if_due": 90 - 120 - 90,
    }


def test_an_overdue_aircraft_has_the_slack_that_it_would_have_if_it_left_at_once() -> None:
    found = turned("overdue")
    assert found["in_the_air"] == 0
    assert found["overdue_minutes"] == 60
    assert found["due_gap"] == 180
    assert found["slack"] == 540 - 120 - 90
    assert found["slack_if_due"] == 120 - 200 - 90


def test_an_aircraft_that_never_left_is_overdue_and_no_more_is_known() -> None:
    known = {name: value for name, value in turned("never left").items() if value is not None}
    assert known == {"due_gap": 150, "overdue_minutes": 30, "slack_if_due": 120 - 120 - 90}


def test_of_an_aircraft_of_which_nothing_is_known_nothing_is_said() -> None:
    known = {name: value for name, value in turned("nothing known").items() if value is not None}
    assert known == {"overdue_minutes": 0}


def test_the_clock_is_new_york_s_on_either_side_of_the_night_in_which_it_went_forward() -> None:
    """A Friday at 08:00 EST and a Monday at 09:00 EDT, both 13:00 UTC; six hours to Los Angeles."""
    rows = pd.DataFrame(
        {
            "scheduled_departure": utc("2013-03-08 13:00", "2013-03-11 13:00"),
            "scheduled_arrival": utc("2013-03-08 19:00", "2013-03-11 19:00"),
            "distance": [2475, 2475],
        }
    )
    found = calendar(rows)
    assert found["minute_of_day"].tolist() == [8 * 60, 9 * 60]
    assert found["arrival_minute"].tolist() == [14 * 60, 15 * 60]
    assert found["weekday"].tolist() == [4, 0]
    assert found["block_minutes"].tolist() == [360, 360]
    assert found["speed"].tolist() == [6.875, 6.875]
    assert found["padding"].tolist() == [360 - 330 - 35] * 2


def counts() -> pd.DataFrame:
    """An origin where ten were due and seven left, one where a queue shrinks, and one of which nothing is known."""
    due, left = [10.0, 4.0, None], [7.0, 6.0, None]
    windows = {"origin": ("1h", "3h", "12h"), "airline": ("3h", "12h")}
    return pd.DataFrame(
        {
            f"{who}_{what}_flight_count_{window}": values
            for who in windows
            for window in windows[who]
            for what, values in (("due", due), ("left", left))
        }
    )


def test_overdue_are_those_that_were_due_less_those_that_left() -> None:
    found = overdue(counts())
    assert len(found.columns) == 5
    for column in found:
        assert found[column].iloc[:2].tolist() == [3, -2]
        assert pd.isna(found[column].iloc[2])


FUNCTIONS = {"calendar": calendar, "overdue": overdue, "turn": turn}
INPUTS = list(flights().columns) + [c for c in counts() if c not in flights()]
KNOWN_ALWAYS = ("predict_at", "scheduled_departure", "scheduled_arrival", "distance")


def any_flights(seed: int, count: int, unknown: float) -> pd.DataFrame:
    """Flights at any time of the year; each thing that is looked up is unknown with a likelihood."""
    random = np.random.default_rng(seed)
    columns: dict[str, pd.Series] = {}
    for name in INPUTS:
        if name.endswith(("_at", "_departure", "_arrival")):
            minutes = pd.Series(random.integers(0, 2000, count)).astype("timedelta64[us]") * 60_000_000
            values = (pd.Timestamp("2013-03-09", tz="UTC").as_unit("us") + minutes).astype("datetime64[us, UTC]")
        elif name == "distance":
            values = pd.Series(random.integers(1, 5000, count))
        else:
            values = pd.Series(random.normal(0, 300, count))
        is_unknown = random.random(count) < (0 if name in KNOWN_ALWAYS else unknown)
        columns[name] = values.mask(is_unknown) if is_unknown.any() else values
    columns["scheduled_arrival"] = columns["scheduled_departure"] + pd.Timedelta(minutes=int(random.integers(1, 900)))
    return pd.DataFrame(columns)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 6), unknown=st.floats(0, 1))
def test_a_batch_is_its_rows_one_by_one_bitwise(name: str, seed: int, count: int, unknown: float) -> None:
    rows = any_flights(seed, count, unknown)
    together = FUNCTIONS[name](rows)
    alone = [FUNCTIONS[name](rows.iloc[[n]].reset_index(drop=True)) for n in range(len(rows))]
    for row in alone:
        assert row.dtypes.to_dict() == together.dtypes.to_dict()
    assert same_bits(pl.from_pandas(pd.concat(alone, ignore_index=True)), pl.from_pandas(together))
