"""The sources of the flights, each read by the moment its rows became known."""

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial

import pandas as pd
import pandera.pandas as pa

import fti_assets as fti
from fti_assets.flights import files, schemas

Schema = type[pa.DataFrameModel]
Table = Callable[[], pd.DataFrame]


def read_known(table: Table, schema: Schema, known_at: str, start: datetime, end: datetime) -> pd.DataFrame:
    """The schema's columns of those rows of a table that became known in [start, end), in that order."""
    rows = _in_order(table, schema, known_at)
    first, last = (rows[known_at].searchsorted(pd.Timestamp(instant)) for instant in (start, end))
    return rows.iloc[first:last].reset_index(drop=True)


def read_aircraft(start: datetime, end: datetime) -> pd.DataFrame:  # noqa: ARG001
    """Every aircraft, whatever the window: the registry is a dimension."""
    return files.planes()[list(schemas.Aircraft.to_schema().columns)]


@cache
def _in_order(table: Table, schema: Schema, known_at: str) -> pd.DataFrame:
    """The rows that ever became known; where `known_at` is null they never did."""
    rows = table()
    known = rows.loc[rows[known_at].notna(), list(schema.to_schema().columns)]
    return known.sort_values(known_at, kind="stable", ignore_index=True)


def _source(name: str, schema: Schema, table: Table, known_at: str) -> fti.Source:
    return fti.Source(schema, partial(read_known, table, schema, known_at), name=name)


# The schedule is published the day before, so all of a row is known by `predict_at`, when its prediction is asked for;
# `due` reads the same rows by the moment at which each flight is due to leave: what of the schedule has come to pass.
schedule = _source("schedule", schemas.Departure, files.flights, known_at="predict_at")
due = _source("due", schemas.Departure, files.flights, known_at="scheduled_departure")
takeoffs = _source("takeoffs", schemas.RawTakeoff, files.flights, known_at="departed_at")
landings = _source("landings", schemas.RawLanding, files.flights, known_at="landed_at")
observations = _source("observations", schemas.Observation, files.weather, known_at="published_at")
aircraft = fti.Source(schemas.Aircraft, read_aircraft, name="aircraft")
