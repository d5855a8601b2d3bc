"""Literal rows with answers that a reader can check, and a real day row by row."""

from collections.abc import Callable

import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.contracts.schema import schema_of
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import midnight
from fti_assets.flights import schemas, sources
from fti_assets.flights import transformations as t
from fti_assets.validation.conform import conform
from fti_assets_tests.flights.conftest import utc

EACH = {
    "departures": (t.as_read, sources.schedule, schemas.Departure),
    "due": (t.as_due, sources.due, schemas.Due),
    "takeoffs": (t.as_left, sources.takeoffs, schemas.Takeoff),
    "arrivals": (t.as_landed, sources.landings, schemas.Arrival),
    "weather": (t.as_published, sources.observations, schemas.Weather),
    "aircraft": (t.as_read, sources.aircraft, schemas.Aircraft),
}
each = pytest.mark.parametrize(("transformation", "source", "schema"), EACH.values(), ids=EACH)
Transformation = Callable[[pd.DataFrame], pd.DataFrame]


def flights(**columns: list[object]) -> pd.DataFrame:
    """Flights from Newark to Houston that are scheduled from 12:00 to 16:10."""
    rows = len(next(iter(columns.values())))
    return pd.DataFrame(
        {
            "flight_id": [f"flight-{n}" for n in range(rows)],
            "carrier": "UA",
            "flight": 1545,
            "tail_number": "N14228",
            "origin": "EWR",
            "destination": "IAH",
            "distance": 1400,
            "scheduled_departure": utc(*["2013-07-01 12:00"] * rows),
            "scheduled_arrival": utc(*["2013-07-01 16:10"] * rows),
            "predict_at": utc(*["2013-07-01 10:00"] * rows),
            "departed_at": utc(*["2013-07-01 12:00"] * rows),
            "landed_at": utc(*["2013-07-01 16:10"] * rows),
            **columns,
        }
    )


def observations(wind_speed: list[float | None], wind_direction: list[float | None]) -> pd.DataFrame:
    day = sources.observations.read(midnight("2013-07-01"), midnight("2013-07-02"))
    return day.head(len(wind_speed)).assign(
        wind_speed=pd.Series(wind_speed, dtype="float64"), wind_direction=pd.Series(wind_direction, dtype="float64")
    )


def test_an_arrival_is_late_from_fifteen_minutes_on_and_its_delay_is_clipped_where_it_is_averaged() -> None:
    landed = t.as_landed(flights(dep_delay=[10.0, 20.0, 0.0, 100.0], arr_delay=[14.0, 15.0, -80.0, 400.0]))
    assert landed["is_late"].tolist() == [False, True, False, True]
    assert landed["arrival_delay"].tolist() == [14, 15, -80, 400]
    assert landed["delay"].tolist() == [14, 15, -60, 300]
    assert landed["lost"].tolist() == [4, -5, -80, 300]


def test_a_takeoff_is_late_from_fifteen_minutes_on_and_carries_its_scheduled_minutes() -> None:
    left = t.as_left(flights(dep_delay=[14.0, 15.0, -61.0, 301.0]))
    assert left["is_late"].tolist() == [False, True, False, True]
    assert left["delay"].tolist() == [14, 15, -60, 300]
    assert left["block_minutes"].tolist() == [250] * 4


def test_a_flight_is_due_when_it_is_scheduled_with_or_without_an_aircraft() -> None:
    due = t.as_due(flights(tail_number=["N14228", None]))
    assert due["due_at"].tolist() == [pd.Timestamp("2013-07-01 12:00", tz="UTC")] * 2
    assert due["tail_number"].isna().tolist() == [False, True]
    assert due["block_minutes"].tolist() == [250, 250]


def test_wind_has_a_direction_it_comes_from() -> None:
    weather = t.as_published(observations([10.0, 10.0, 10.0, 10.0, 0.0], [90.0, 180.0, 270.0, 360.0, 0.0]))
    assert weather["wind_east"].round(9).tolist() == [10, 0, -10, 0, 0]
    assert weather["wind_north"].round(9).tolist() == [0, -10, 0, 10, 0]


def test_a_wind_of_1048_miles_an_hour_is_no_wind_and_one_of_unknown_direction_has_no_components() -> None:
    weather = t.as_published(observations([1048.36, 12.0, None], [90.0, None, 90.0]))
    assert weather["wind_speed"].isna().tolist() == [True, False, True]
    assert weather[["wind_east", "wind_north"]].isna().all().all()


@each
def test_a_real_day_keeps_the_group_s_contract_with_no_row_lost(
    transformation: Transformation, source: Source, schema: type[pa.DataFrameModel]
) -> None:
    rows = source.read(midnight("2013-07-01"), midnight("2013-07-02"))
    computed = transformation(rows)
    assert len(conform(computed, schema_of(schema), "test")) == len(rows) > 50
    assert transformation(rows.head(0)).empty


@each
def test_a_row_alone_is_what_it_is_among_others(
    transformation: Transformation,
    source: Source,
    schema: type[pa.DataFrameModel],  # noqa: ARG001
) -> None:
    rows = source.read(midnight("2013-02-12"), midnight("2013-02-13"))
    together = transformation(rows)
    for n in range(0, len(rows), len(rows) // 10):
        pd.testing.assert_frame_equal(transformation(rows.iloc[[n]]), together.iloc[[n]], check_exact=True)


@each
def test_what_is_given_is_not_changed(
    transformation: Transformation,
    source: Source,
    schema: type[pa.DataFrameModel],  # noqa: ARG001
) -> None:
    rows = source.read(midnight("2013-07-01"), midnight("2013-07-02"))
    before = rows.copy(deep=True)
    transformation(rows)
    pd.testing.assert_frame_equal(rows, before)
