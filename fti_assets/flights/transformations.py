"""From source rows to feature groups: plain functions, a frame in and a frame out."""

import numpy as np
import pandas as pd
import pandera.pandas as pa

from fti_assets.flights import schemas
from fti_assets.flights.clock import block_minutes

LATE_MINUTES = 15
CLIP = (-60.0, 300.0)
"""One stranded flight must not stand for an hour of traffic."""
FASTEST_WIND = 200.0
"""Miles per hour; the data hold one of 1,048, which is no wind."""


def as_read(rows: pd.DataFrame) -> pd.DataFrame:
    """Departures, the flights to predict, and aircraft: as their sources have them."""
    return rows


def as_due(schedule: pd.DataFrame) -> pd.DataFrame:
    """Flights whose time to leave has come."""
    due = schedule.assign(block_minutes=block_minutes(schedule), due_at=schedule["scheduled_departure"])
    return _columns_of(schemas.Due, due)


def as_left(takeoffs: pd.DataFrame) -> pd.DataFrame:
    """Flights that left, and how late."""
    left = takeoffs.assign(
        block_minutes=block_minutes(takeoffs),
        delay=takeoffs["dep_delay"].clip(*CLIP),
        is_late=takeoffs["dep_delay"] >= LATE_MINUTES,
    )
    return _columns_of(schemas.Takeoff, left)


def as_landed(landings: pd.DataFrame) -> pd.DataFrame:
    """Flights that landed: the labels, and what trailing windows are made of."""
    landed = landings.assign(
        arrival_delay=landings["arr_delay"],
        delay=landings["arr_delay"].clip(*CLIP),
        is_late=landings["arr_delay"] >= LATE_MINUTES,
        lost=landings["arr_delay"] - landings["dep_delay"],
    )
    return _columns_of(schemas.Arrival, landed)


def as_published(observations: pd.DataFrame) -> pd.DataFrame:
    """Weather as published, implausible winds taken out and directions resolved into two components."""
    wind = observations["wind_speed"].where(observations["wind_speed"] <= FASTEST_WIND)
    direction = np.deg2rad(observations["wind_direction"])
    weather = observations.assign(
        wind_speed=wind, wind_east=wind * np.sin(direction), wind_north=wind * np.cos(direction)
    )
    return _columns_of(schemas.Weather, weather)


def _columns_of(schema: type[pa.DataFrameModel], rows: pd.DataFrame) -> pd.DataFrame:
    return rows[list(schema.to_schema().columns)]
