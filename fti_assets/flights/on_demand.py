"""Features computed from the request: the clock, the schedule, and whether the aircraft can be back in time."""

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame

NEW_YORK = "America/New_York"
TURN_MINUTES = 90.0
"""Two turns on the ground of 45 minutes each, between an aircraft's flight out of New York and its next one."""


class Calendar(pa.DataFrameModel):
    """The local clock and the schedule's slack."""

    minute_of_day: int
    arrival_minute: int
    weekday: int
    speed: float = pa.Field(nullable=True)
    padding: float


class Overdue(pa.DataFrameModel):
    """How many flights that were due to leave had not left when the prediction is made."""

    origin_overdue_1h: float = pa.Field(nullable=True)
    origin_overdue_3h: float = pa.Field(nullable=True)
    origin_overdue_12h: float = pa.Field(nullable=True)
    airline_overdue_3h: float = pa.Field(nullable=True)
    airline_overdue_12h: float = pa.Field(nullable=True)


class Turn(pa.DataFrameModel):
    """Where the aircraft is, and whether it can be back in time."""

    in_the_air: float = pa.Field(nullable=True)
    aircraft_delay: float = pa.Field(nullable=True)
    minutes_since_takeoff: float = pa.Field(nullable=True)
    minutes_since_landing: float = pa.Field(nullable=True)
    takeoff_gap: float = pa.Field(nullable=True)
    slack: float = pa.Field(nullable=True)
    scheduled_slack: float = pa.Field(nullable=True)
    delay_per_gap: float = pa.Field(nullable=True)
    legs: float = pa.Field(nullable=True)
    due_gap: float = pa.Field(nullable=True)
    overdue_minutes: float = pa.Field(nullable=True)
    slack_if_due: float = pa.Field(nullable=True)


def calendar(flights: pd.DataFrame) -> DataFrame[Calendar]:
    """New York's clock at departure, the arrival's in New York time, and padding against a plain 450 miles an hour."""
    leaves = flights["scheduled_departure"].dt.tz_convert(NEW_YORK)
    arrives = flights["scheduled_arrival"].dt.tz_convert(NEW_YORK)
    return pd.DataFrame(
        {
            "minute_of_day": leaves.dt.hour * 60 + leaves.dt.minute,
            "arrival_minute": arrives.dt.hour * 60 + arrives.dt.minute,
            "weekday": leaves.dt.day_of_week,
            "speed": flights["distance"] / flights["block_minutes"],
            "padding": flights["block_minutes"] - flights["distance"] / 7.5 - 35,
        }
    )


def overdue(flights: pd.DataFrame) -> DataFrame[Overdue]:
    """Due less left, in the windows that end when the prediction is made."""
    return pd.DataFrame(
        {
            f"{who}_overdue_{window}": flights[f"{who}_due_distance_count_{window}"]
            - flights[f"{who}_left_delay_count_{window}"]
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
    reached = landed.where(~in_the_air, left + pd.to_timedelta(block, unit="m"))
    delay = flights["aircraft_landed_arrival_delay"].where(~in_the_air, flights["aircraft_left_delay"])
    gap = _minutes(leaves - left_scheduled)
    slack = _minutes(leaves - reached) - block - TURN_MINUTES
    is_overdue = (due > left_scheduled) | (left_scheduled.isna() & due.notna())
    return pd.DataFrame(
        {
            "in_the_air": in_the_air.astype(float).where(left.notna()),
            "aircraft_delay": delay,
            "minutes_since_takeoff": _minutes(now - left),
            "minutes_since_landing": _minutes(now - landed),
            "takeoff_gap": gap,
            "slack": slack,
            "scheduled_slack": gap - 2 * block - TURN_MINUTES,
            "delay_per_gap": delay / np.maximum(gap, 60.0),
            "legs": gap / np.maximum(block, 60.0),
            "due_gap": _minutes(leaves - due),
            "overdue_minutes": _minutes(now - due).where(is_overdue, 0.0),
            "slack_if_due": slack.where(~is_overdue, _minutes(leaves - now) - 2 * due_block - TURN_MINUTES),
        }
    )


def _minutes(length: pd.Series) -> pd.Series:
    return length / pd.Timedelta(minutes=1)
