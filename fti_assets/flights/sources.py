"""The sources of the flights, each read by the moment its rows became known."""

from datetime import datetime
from functools import cache

import pandas as pd

from fti_assets.contracts.schema import columns_of
from fti_assets.contracts.source import Source
from fti_assets.flights import files
from fti_assets.flights.source_schemas import Aircraft, Landing, Observation, Schedule, Takeoff


def read_schedule(start: datetime, end: datetime) -> pd.DataFrame:
    """The flights to be predicted in [start, end), two hours before they are due to leave.

    The schedule is published the day before, so all of a row is known by then; it enters at `predict_at`, the moment
    at which its prediction is asked for.
    """
    return _between(_schedule(), "predict_at", start, end)


def read_due(start: datetime, end: datetime) -> pd.DataFrame:
    """The same rows by the moment at which each flight is due to leave: what of the schedule has come to pass."""
    return _between(_schedule(), "scheduled_departure", start, end)


def read_observations(start: datetime, end: datetime) -> pd.DataFrame:
    """The weather published in [start, end)."""
    return _between(_observations(), "published_at", start, end)


def read_takeoffs(start: datetime, end: datetime) -> pd.DataFrame:
    """The flights that left the gate in [start, end)."""
    return _between(_takeoffs(), "departed_at", start, end)


def read_landings(start: datetime, end: datetime) -> pd.DataFrame:
    """The flights that reached their gate in [start, end)."""
    return _between(_landings(), "landed_at", start, end)


def read_aircraft(start: datetime, end: datetime) -> pd.DataFrame:  # noqa: ARG001
    """Every aircraft, whatever the window: the registry is a dimension."""
    return files.planes().copy()


schedule = Source("schedule", Schedule, read_schedule)
due = Source("due", Schedule, read_due)
observations = Source("observations", Observation, read_observations)
takeoffs = Source("takeoffs", Takeoff, read_takeoffs)
landings = Source("landings", Landing, read_landings)
aircraft = Source("aircraft", Aircraft, read_aircraft)


@cache
def _schedule() -> pd.DataFrame:
    return _by_time(files.flights(), Schedule, "predict_at")


@cache
def _observations() -> pd.DataFrame:
    return _by_time(files.weather(), Observation, "published_at")


@cache
def _takeoffs() -> pd.DataFrame:
    return _by_time(files.flights(), Takeoff, "departed_at")


@cache
def _landings() -> pd.DataFrame:
    return _by_time(files.flights(), Landing, "landed_at")


def _by_time(rows: pd.DataFrame, schema: type, known_at: str) -> pd.DataFrame:
    """The schema's columns of the rows that ever became known, in the order in which they did."""
    known = rows.loc[rows[known_at].notna(), list(columns_of(schema))]
    return known.sort_values(known_at, kind="stable", ignore_index=True)


def _between(rows: pd.DataFrame, known_at: str, start: datetime, end: datetime) -> pd.DataFrame:
    first, last = (rows[known_at].searchsorted(pd.Timestamp(instant)) for instant in (start, end))
    return rows.iloc[first:last].reset_index(drop=True)
