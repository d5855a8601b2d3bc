"""The rows of the sources and of the feature groups that are computed from one flight, observation or aircraft."""

import pandas as pd
import pandera.pandas as pa

import fti_assets as fti

ORIGINS = ("EWR", "JFK", "LGA")


class _Flight(pa.DataFrameModel):
    """What every row about a flight tells."""

    flight_id: str = pa.Field(unique=True, description="scheduled departure, carrier, number and origin")
    carrier: str = pa.Field(str_length={"min_value": 2, "max_value": 2}, description="IATA code of the airline")
    flight: int = pa.Field(ge=1, le=9999, description="the airline's flight number")
    tail_number: str = pa.Field(description="registration of the aircraft that flew")
    origin: str = pa.Field(isin=ORIGINS, description="airport in New York, three-letter code")
    destination: str = pa.Field(str_length={"min_value": 3, "max_value": 3}, description="airport, three-letter code")


class Departure(_Flight):
    """A flight as scheduled, to be predicted two hours before it leaves.

    The published schedule names all of it the day before. The tail number is that of the aircraft that flew; it is
    missing for 2,512 flights, all of them cancelled, whose label never becomes known.
    """

    tail_number: str = pa.Field(nullable=True, description="registration of the aircraft; missing only if cancelled")
    distance: int = pa.Field(gt=0, le=6000, description="miles")
    scheduled_departure: fti.UTC = pa.Field(description="from the gate")
    scheduled_arrival: fti.UTC = pa.Field(description="at the gate")
    predict_at: fti.UTC = pa.Field(description="two hours before scheduled departure")

    @pa.dataframe_check(error="arrives after it departs, within a day")
    def takes_less_than_a_day(cls, rows: pd.DataFrame) -> pd.Series:  # noqa: N805
        """Scheduled from gate to gate."""
        took = rows["scheduled_arrival"] - rows["scheduled_departure"]
        return (took > pd.Timedelta(0)) & (took < pd.Timedelta(days=1))


class Due(_Flight):
    """A flight at the moment it was due to leave, whether it left or not.

    Set against the flights that left, it tells how many are waiting at their gates.
    """

    tail_number: str = pa.Field(nullable=True, description="registration of the aircraft")
    block_minutes: float = pa.Field(gt=0, description="scheduled minutes from gate to gate")
    due_at: fti.UTC = pa.Field(description="scheduled departure")


class RawTakeoff(_Flight):
    """A flight that left the gate, as it is reported when it does."""

    scheduled_departure: fti.UTC = pa.Field(description="from the gate")
    scheduled_arrival: fti.UTC = pa.Field(description="at the gate")
    departed_at: fti.UTC = pa.Field(description="when it left the gate")
    dep_delay: float = pa.Field(ge=-120, le=2880, description="minutes after schedule; negative if early")


class Takeoff(_Flight):
    """A flight that left its gate in New York, known when it did."""

    scheduled_departure: fti.UTC = pa.Field(description="from the gate; it tells which flight this is, online too")
    block_minutes: float = pa.Field(gt=0, description="scheduled minutes from gate to gate")
    departed_at: fti.UTC = pa.Field(description="when it left the gate")
    delay: float = pa.Field(ge=-60, le=300, description="minutes after schedule, clipped to -60 to 300")
    is_late: bool = pa.Field(description="left 15 minutes late or more")


class RawLanding(RawTakeoff):
    """A flight that reached its gate, as it is reported when it does; cancelled and diverted flights never do."""

    landed_at: fti.UTC = pa.Field(description="when it reached the gate, in true UTC across time zones")
    arr_delay: float = pa.Field(ge=-180, le=2880, description="minutes after schedule; negative if early")


class Arrival(_Flight):
    """A flight that reached its gate, known when it did: the models' labels, and what trailing windows are made of.

    A cancelled or diverted flight never arrives, so it has no row and no label.
    """

    scheduled_departure: fti.UTC = pa.Field(description="from the gate in New York")
    scheduled_arrival: fti.UTC = pa.Field(description="at the gate")
    landed_at: fti.UTC = pa.Field(description="when it reached the gate")
    arrival_delay: float = pa.Field(description="minutes after schedule; negative if early")
    delay: float = pa.Field(ge=-60, le=300, description="the same, clipped to -60 to 300")
    is_late: bool = pa.Field(description="15 minutes late or more")
    lost: float = pa.Field(description="minutes lost after leaving the gate; negative if made up")


class _Report(pa.DataFrameModel):
    """What every row about an hour's weather tells."""

    origin: str = pa.Field(isin=ORIGINS, description="airport in New York, three-letter code")
    observed_at: fti.UTC = pa.Field(description="minute 51, when the hour's routine report is made")
    published_at: fti.UTC = pa.Field(description="five minutes later")
    temperature: float = pa.Field(nullable=True, ge=-40, le=130, description="degrees Fahrenheit")
    dewpoint: float = pa.Field(nullable=True, ge=-60, le=100, description="degrees Fahrenheit")
    humidity: float = pa.Field(nullable=True, ge=0, le=100, description="relative, per cent")
    wind_speed: float = pa.Field(nullable=True, ge=0, description="miles per hour")
    wind_gust: float = pa.Field(nullable=True, ge=0, le=250, description="miles per hour; missing if none")


class Observation(_Report):
    """An hour's weather at one of the three airports, as reported at minute 56.

    Values are raw: one wind speed of 1,048 mph (Newark, 12 February, 08:51 UTC) is left for the features to judge.
    """

    wind_direction: float = pa.Field(nullable=True, ge=0, le=360, description="degrees from north; 0 is calm")
    precipitation: float = pa.Field(nullable=True, ge=0, le=20, description="inches in the hour")
    pressure: float = pa.Field(nullable=True, ge=850, le=1100, description="millibars at sea level")
    visibility: float = pa.Field(nullable=True, ge=0, le=10, description="miles; 10 is ten or more")


class Weather(_Report):
    """An hour's weather at an origin, published a few minutes after it was observed."""

    wind_speed: float = pa.Field(nullable=True, ge=0, le=200, description="miles per hour; null where implausible")
    wind_east: float = pa.Field(nullable=True, description="miles per hour out of the east, negative out of the west")
    wind_north: float = pa.Field(nullable=True, description="the same, out of the north")
    precipitation: float = pa.Field(nullable=True, ge=0, description="inches in the hour")
    pressure: float = pa.Field(nullable=True, gt=800, lt=1100, description="millibars at sea level")
    visibility: float = pa.Field(nullable=True, ge=0, description="miles; 10 is ten or more")


class Aircraft(pa.DataFrameModel):
    """An aircraft in the register; about one flight in six is by one that is not listed."""

    tail_number: str = pa.Field(unique=True, description="registration")
    year_built: float = pa.Field(nullable=True, ge=1903, le=2013, description="year")
    seats: int = pa.Field(ge=1, le=900, description="how many")
    manufacturer: str = pa.Field(description="as registered, so AIRBUS and AIRBUS INDUSTRIE are two")
    engines: int = pa.Field(ge=1, le=8, description="how many")
