"""What the raw rows of each source look like."""

import pandas as pd
import pandera.pandas as pa

from fti_assets.contracts.time import UTC

ORIGINS = ("EWR", "JFK", "LGA")


class _Flight(pa.DataFrameModel):
    """What every row about a flight tells."""

    flight_id: str = pa.Field(unique=True, description="scheduled departure, carrier, number and origin")
    carrier: str = pa.Field(str_length={"min_value": 2, "max_value": 2}, description="IATA code of the airline")
    flight: int = pa.Field(ge=1, le=9999, description="the airline's flight number")
    tail_number: str = pa.Field(description="registration of the aircraft that flew")
    origin: str = pa.Field(isin=ORIGINS, description="airport in New York, three-letter code")
    destination: str = pa.Field(str_length={"min_value": 3, "max_value": 3}, description="airport, three-letter code")
    scheduled_departure: UTC = pa.Field(description="from the gate")


class Schedule(_Flight):
    """A flight as scheduled, known the day before it leaves.

    The tail number is that of the aircraft that flew: it is missing for 2,512 flights, all of them cancelled.
    """

    tail_number: str = pa.Field(nullable=True, description="registration of the aircraft; missing only if cancelled")
    distance: int = pa.Field(gt=0, le=6000, description="miles")
    scheduled_arrival: UTC = pa.Field(description="at the gate")
    predict_at: UTC = pa.Field(description="two hours before scheduled departure")

    @pa.dataframe_check(error="arrives after it departs, within a day")
    def takes_less_than_a_day(cls, rows: pd.DataFrame) -> pd.Series:  # noqa: N805
        """Scheduled from gate to gate."""
        took = rows["scheduled_arrival"] - rows["scheduled_departure"]
        return (took > pd.Timedelta(0)) & (took < pd.Timedelta(days=1))


class Takeoff(_Flight):
    """A flight that left the gate, known when it did."""

    scheduled_arrival: UTC = pa.Field(description="at the gate")
    departed_at: UTC = pa.Field(description="when it left the gate")
    dep_delay: float = pa.Field(ge=-120, le=2880, description="minutes after schedule; negative if early")


class Landing(Takeoff):
    """A flight that reached its gate, known when it did; cancelled and diverted flights never do."""

    landed_at: UTC = pa.Field(description="when it reached the gate, in true UTC across time zones")
    arr_delay: float = pa.Field(ge=-180, le=2880, description="minutes after schedule; negative if early")
    air_time: float = pa.Field(gt=0, le=1200, description="minutes in the air")
    taxi_time: float = pa.Field(ge=0, le=480, description="minutes on the ground at both ends, between the gates")


class Observation(pa.DataFrameModel):
    """An hour's weather at one of the three airports, published at minute 56.

    Values are raw: one wind speed of 1,048 mph (Newark, 12 February, 08:51 UTC) is left for the features to judge.
    """

    origin: str = pa.Field(isin=ORIGINS, description="airport, three-letter code")
    observed_at: UTC = pa.Field(description="minute 51, when the hour's routine report is made")
    published_at: UTC = pa.Field(description="five minutes later")
    temp: float = pa.Field(nullable=True, ge=-40, le=130, description="degrees Fahrenheit")
    dewpoint: float = pa.Field(nullable=True, ge=-60, le=100, description="degrees Fahrenheit")
    humidity: float = pa.Field(nullable=True, ge=0, le=100, description="relative, per cent")
    wind_direction: float = pa.Field(nullable=True, ge=0, le=360, description="degrees from north; 0 is calm")
    wind_speed: float = pa.Field(nullable=True, ge=0, description="miles per hour")
    wind_gust: float = pa.Field(nullable=True, ge=0, le=250, description="miles per hour; missing if none")
    precipitation: float = pa.Field(nullable=True, ge=0, le=20, description="inches in the hour")
    pressure: float = pa.Field(nullable=True, ge=850, le=1100, description="millibars at sea level")
    visibility: float = pa.Field(nullable=True, ge=0, le=10, description="miles; 10 is ten or more")


class Aircraft(pa.DataFrameModel):
    """An aircraft as registered; about one flight in six is by one that is not listed."""

    tail_number: str = pa.Field(unique=True, description="registration")
    year_built: float = pa.Field(nullable=True, ge=1903, le=2013, description="year")
    manufacturer: str = pa.Field(description="as registered, so AIRBUS and AIRBUS INDUSTRIE are two")
    model: str = pa.Field(description="as registered")
    engines: int = pa.Field(ge=1, le=8, description="how many")
    seats: int = pa.Field(ge=1, le=900, description="how many")
    engine_type: str = pa.Field(description="such as Turbo-fan")
