"""From source rows to feature groups: plain functions, a frame in and a frame out."""

import numpy as np
import pandas as pd

from fti_assets.contracts.schema import columns_of
from fti_assets.flights import schemas
from fti_assets.flights.clock import block_minutes

LATE_MINUTES = 15
CLIP = (-60.0, 300.0)
"""One stranded flight must not stand for an hour of traffic."""
FASTEST_WIND = 200.0
"""Miles per hour; the data hold one of 1,048, which is no wind."""


def as_scheduled(schedule: pd.DataFrame) -> pd.DataFrame:
    """Departures: the flights to predict."""
    return schedule[list(columns_of(schemas.Departure))]


def as_due(schedule: pd.DataFrame) -> pd.DataFrame:
    """Flights whose time to leave has come."""
    due = schedule.assign(block_minutes=block_minutes(schedule), due_at=schedule["scheduled_departure"])
    return due[list(columns_of(schemas.Due))]


def as_left(takeoffs: pd.DataFrame) -> pd.DataFrame:
    """Flights that left, and how late."""
    left = takeoffs.assign(
        block_minutes=block_minutes(takeoffs),
        delay=takeoffs["dep_delay"].clip(*CLIP),
        is_late=takeoffs["dep_delay"] >= LATE_MINUTES,
    )
    return left[list(columns_of(schemas.Takeoff))]


def as_landed(landings: pd.DataFrame) -> pd.DataFrame:
    """Flights that landed: the labels, and what trailing windows are made of."""
    landed = landings.assign(
        arrival_delay=landings["arr_delay"],
        delay=landings["arr_delay"].clip(*CLIP),
        is_late=landings["arr_delay"] >= LATE_MINUTES,
        lost=landings["arr_delay"] - landings["dep_delay"],
    )
    return landed[list(columns_of(schemas.Arrival))]


def as_published(observations: pd.DataFrame) -> pd.DataFrame:
    """Weather as published, implausible winds taken out and directions resolved into two components."""
    wind = observations["wind_speed"].where(observations["wind_speed"] <= FASTEST_WIND)
    direction = np.deg2rad(observations["wind_direction"])
    weather = observations.rename(columns={"temp": "temperature"}).assign(
        wind_speed=wind, wind_east=wind * np.sin(direction), wind_north=wind * np.cos(direction)
    )
    return weather[list(columns_of(schemas.Weather))]


def as_registered(aircraft: pd.DataFrame) -> pd.DataFrame:
    """The register's aircraft."""
    return aircraft[list(columns_of(schemas.Aircraft))]
