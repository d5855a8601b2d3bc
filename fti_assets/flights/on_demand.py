"""Features computed from the request: the clock, the schedule, and whether the aircraft can be back in time."""

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame

from fti_assets.flights import clock

NEW_YORK = "America/New_York"
TURN_MINUTES = 90.0
"""Two turns on the ground of 45 minutes each, between an aircraft's flight out of New York and its next one."""


class Calendar(pa.DataFrameModel):
    """The local clock and the schedule's slack."""

    block_minutes: float = pa.Field(description="scheduled minutes from gate to gate")
    minute_of_day: int = pa.Field(description="scheduled departure, by New York's clock")
    arrival_minute: int = pa.Field(description="scheduled arrival, by New York's clock too")
    weekday: int = pa.Field(description="day of departure in New York; 0 is Monday")
    speed: float = pa.Field(description="miles a scheduled minute")
    padding: float = pa.Field(description="scheduled minutes beyond a plain flight's")


class Overdue(pa.DataFrameModel):
    """How many more flights were due in the last hours than left: those that wait. Negative while a queue shrinks."""

    origin_overdue_1h: float = pa.Field(nullable=True, description="flights, at the origin")
    origin_overdue_3h: float = pa.Field(nullable=True, description="flights, at the origin")
    origin_overdue_12h: float = pa.Field(nullable=True, description="flights, at the origin")
    airline_overdue_3h: float = pa.Field(nullable=True, description="flights of the carrier, at the origin")
    airline_overdue_12h: float = pa.Field(nullable=True, description="flights of the carrier, at the origin")


class Turn(pa.DataFrameModel):
    """Where the aircraft is, and whether it can be back in time; null where nothing is known of it."""

    in_the_air: float = pa.Field(nullable=True, description="1 if it left and has not landed since")
    aircraft_delay: float = pa.Field(nullable=True, description="of its last flight: at landing, or so far at takeoff")
    minutes_since_takeoff: float = pa.Field(nullable=True, description="since it last left New York")
    minutes_since_landing: float = pa.Field(nullable=True, description="since a flight from New York last landed")
    departure_gap: float = pa.Field(nullable=True, description="minutes between its last scheduled departure and this")
    slack: float = pa.Field(nullable=True, description="minutes to spare after it flew back and turned twice")
    scheduled_slack: float = pa.Field(nullable=True, description="the same, had all been on time")
    delay_per_gap: float = pa.Field(nullable=True, description="its delay as a share of the gap")
    legs: float = pa.Field(nullable=True, description="how many flights as long as its last would fill the gap")
    due_gap: float = pa.Field(nullable=True, description="minutes between when it was last due to leave and this")
    overdue_minutes: float = pa.Field(description="how long it has been due and has not left; 0 if it is not")
    slack_if_due: float = pa.Field(nullable=True, description="slack; of an overdue aircraft, as if it left at once")


def calendar(flights: pd.DataFrame) -> DataFrame[Calendar]:
    """New York's clock, the time from gate to gate, and padding against 450 miles an hour and 35 minutes on top."""
    leaves = flights["scheduled_departure"].dt.tz_convert(NEW_YORK)
    arrives = flights["scheduled_arrival"].dt.tz_convert(NEW_YORK)
    block = clock.block_minutes(flights)
    return pd.DataFrame(
        {
            "block_minutes": block,
            "minute_of_day": leaves.dt.hour * 60 + leaves.dt.minute,
            "arrival_minute": arrives.dt.hour * 60 + arrives.dt.minute,
            "weekday": leaves.dt.day_of_week,
            "speed": flights["distance"] / block,
            "padding": block - flights["distance"] / 7.5 - 35,
        }
    )


def overdue(flights: pd.DataFrame) -> DataFrame[Overdue]:
    """Due less left, in the windows that end when the prediction is made."""
    return pd.DataFrame(
        {
            f"{who}_overdue_{window}": flights[f"{who}_due_flight_count_{window}"]
            - flights[f"{who}_left_flight_count_{window}"]
            for who, windows in (("origin", ("1h", "3h", "12h")), ("airline", ("3h", "12h")))
            for window in windows
        }
    )


def turn(flights: pd.DataFrame) -> DataFrame[Turn]:
    """The aircraft's last flight out of New York, and the slack left for coming back and turning twice.

    It comes back to New York as it left, so it needs the block time of its last flight once more. An aircraft that
    left and has not landed is expected its block time after it left; one that was due and has not left cannot be back
    before it leaves.
    """
    now, leaves = flights["predict_at"], flights["scheduled_departure"]
    left, left_scheduled = flights["aircraft_left_departed_at"], flights["aircraft_left_scheduled_departure"]
    landed, due = flights["aircraft_landed_landed_at"], flights["aircraft_due_due_at"]
    block, due_block = flights["aircraft_left_block_minutes"], flights["aircraft_due_block_minutes"]
    in_the_air = (left_scheduled != flights["aircraft_landed_scheduled_departure"]) & left.notna()
    reached = landed.where(~in_the_air, left + clock.minutes(block))
    delay = flights["aircraft_landed_arrival_delay"].where(~in_the_air, flights["aircraft_left_delay"])
    gap = clock.in_minutes(leaves - left_scheduled)
    slack = clock.in_minutes(leaves - reached) - block - TURN_MINUTES
    is_overdue = (due > left_scheduled) | (left_scheduled.isna() & due.notna())
    slack_once_left = clock.in_minutes(leaves - now) - 2 * due_block - TURN_MINUTES
    return pd.DataFrame(
        {
            "in_the_air": in_the_air.astype(float).where(left.notna()),
            "aircraft_delay": delay,
            "minutes_since_takeoff": clock.in_minutes(now - left),
            "minutes_since_landing": clock.in_minutes(now - landed),
            "departure_gap": gap,
            "slack": slack,
            "scheduled_slack": gap - 2 * block - TURN_MINUTES,
            "delay_per_gap": delay / np.maximum(gap, 60.0),
            "legs": gap / np.maximum(block, 60.0),
            "due_gap": clock.in_minutes(leaves - due),
            "overdue_minutes": clock.in_minutes(now - due).where(is_overdue, 0.0),
            "slack_if_due": slack.where(~is_overdue, slack_once_left),
        }
    )
