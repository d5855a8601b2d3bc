"""The rows of the feature groups that are computed from one flight, one observation or one aircraft."""

import pandas as pd
import pandera.pandas as pa

from fti_assets.contracts.time import UTC


class Departure(pa.DataFrameModel):
    """A flight as scheduled, to be predicted two hours before it leaves.

    The published schedule names all of it the day before. The tail number is that of the aircraft that flew; it is
    missing for 2,512 flights, all of them cancelled, whose label never becomes known.
    """

    flight_id: str = pa.Field(description="scheduled departure, carrier, number and origin")
    carrier: str = pa.Field(description="IATA code of the airline")
    flight: int = pa.Field(description="the airline's flight number")
    tail_number: str = pa.Field(nullable=True, description="registration of the aircraft")
    origin: str = pa.Field(isin=("EWR", "JFK", "LGA"), description="airport in New York")
    destination: str = pa.Field(description="airport, three-letter code")
    distance: int = pa.Field(gt=0, description="miles")
    scheduled_departure: UTC = pa.Field(description="from the gate")
    scheduled_arrival: UTC = pa.Field(description="at the gate")
    predict_at: UTC = pa.Field(description="two hours before scheduled departure")

    @pa.dataframe_check(error="arrives after it departs, within a day")
    def takes_less_than_a_day(cls, rows: pd.DataFrame) -> pd.Series:  # noqa: N805
        """Scheduled from gate to gate."""
        took = rows["scheduled_arrival"] - rows["scheduled_departure"]
        return (took > pd.Timedelta(0)) & (took < pd.Timedelta(days=1))


class Due(pa.DataFrameModel):
    """A flight at the moment it was due to leave, whether it left or not.

    Set against the flights that left, it tells how many are waiting at their gates.
    """

    flight_id: str = pa.Field(description="as in the schedule")
    tail_number: str = pa.Field(nullable=True, description="registration of the aircraft")
    carrier: str = pa.Field(description="IATA code of the airline")
    flight: int = pa.Field(description="the airline's flight number")
    origin: str = pa.Field(description="airport in New York")
    block_minutes: float = pa.Field(gt=0, description="scheduled minutes from gate to gate")
    due_at: UTC = pa.Field(description="scheduled departure")


class Takeoff(pa.DataFrameModel):
    """A flight that left its gate in New York, known when it did."""

    tail_number: str = pa.Field(description="registration of the aircraft")
    flight_id: str = pa.Field(description="as in the schedule")
    carrier: str = pa.Field(description="IATA code of the airline")
    flight: int = pa.Field(description="the airline's flight number")
    origin: str = pa.Field(description="airport in New York")
    destination: str = pa.Field(description="airport, three-letter code")
    scheduled_departure: UTC = pa.Field(description="from the gate; it tells which flight this is, online too")
    block_minutes: float = pa.Field(gt=0, description="scheduled minutes from gate to gate")
    departed_at: UTC = pa.Field(description="when it left the gate")
    delay: float = pa.Field(ge=-60, le=300, description="minutes after schedule, clipped to -60 to 300")
    is_late: bool = pa.Field(description="left 15 minutes late or more")


class Arrival(pa.DataFrameModel):
    """A flight that reached its gate, known when it did: the models' labels, and what trailing windows are made of.

    A cancelled or diverted flight never arrives, so it has no row and no label.
    """

    flight_id: str = pa.Field(description="as in the schedule")
    carrier: str = pa.Field(description="IATA code of the airline")
    flight: int = pa.Field(description="the airline's flight number")
    tail_number: str = pa.Field(description="registration of the aircraft")
    origin: str = pa.Field(description="airport in New York")
    destination: str = pa.Field(description="airport, three-letter code")
    scheduled_departure: UTC = pa.Field(description="from the gate in New York")
    scheduled_arrival: UTC = pa.Field(description="at the gate")
    landed_at: UTC = pa.Field(description="when it reached the gate")
    arrival_delay: float = pa.Field(description="minutes after schedule; negative if early")
    delay: float = pa.Field(ge=-60, le=300, description="the same, clipped to -60 to 300")
    is_late: bool = pa.Field(description="15 minutes late or more")
    lost: float = pa.Field(description="minutes lost after leaving the gate; negative if made up")


class Weather(pa.DataFrameModel):
    """An hour's weather at an origin, published a few minutes after it was observed."""

    origin: str = pa.Field(description="airport in New York")
    observed_at: UTC = pa.Field(description="minute 51 of the hour")
    published_at: UTC = pa.Field(description="five minutes later")
    temperature: float = pa.Field(nullable=True, description="degrees Fahrenheit")
    dewpoint: float = pa.Field(nullable=True, description="degrees Fahrenheit")
    humidity: float = pa.Field(nullable=True, ge=0, le=100, description="per cent")
    wind_speed: float = pa.Field(nullable=True, ge=0, le=200, description="miles per hour; null where implausible")
    wind_gust: float = pa.Field(nullable=True, ge=0, le=200, description="miles per hour; null if none")
    wind_east: float = pa.Field(nullable=True, description="miles per hour out of the east, negative out of the west")
    wind_north: float = pa.Field(nullable=True, description="the same, out of the north")
    precipitation: float = pa.Field(nullable=True, ge=0, description="inches in the hour")
    pressure: float = pa.Field(nullable=True, gt=800, lt=1100, description="millibars at sea level")
    visibility: float = pa.Field(nullable=True, ge=0, description="miles; 10 is ten or more")


class Aircraft(pa.DataFrameModel):
    """An aircraft in the register; about one flight in six is by one that is not listed."""

    tail_number: str = pa.Field(description="registration")
    year_built: float = pa.Field(nullable=True, description="year")
    seats: int = pa.Field(gt=0, description="how many")
    manufacturer: str = pa.Field(description="as registered")
    engines: int = pa.Field(gt=0, description="how many")
