"""The rows of the feature groups that are computed from one flight, one observation or one aircraft."""

import pandera.pandas as pa

from fti_assets.spec.time import UTC


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
    block_minutes: float = pa.Field(gt=0, le=1440, description="scheduled minutes from gate to gate")
    scheduled_departure: UTC = pa.Field(description="from the gate")
    scheduled_arrival: UTC = pa.Field(description="at the gate")
    predict_at: UTC = pa.Field(description="two hours before scheduled departure")


class Due(pa.DataFrameModel):
    """A flight at the moment it was due to leave, whether it left or not."""

    flight_id: str
    tail_number: str = pa.Field(nullable=True)
    carrier: str
    origin: str
    distance: int = pa.Field(gt=0, description="miles")
    block_minutes: float = pa.Field(gt=0, description="scheduled minutes from gate to gate")
    due_at: UTC = pa.Field(description="scheduled departure")


class Takeoff(pa.DataFrameModel):
    """An aircraft that left its gate in New York, known when it did."""

    tail_number: str
    flight_id: str
    carrier: str
    origin: str
    destination: str
    scheduled_departure: UTC
    block_minutes: float = pa.Field(gt=0, description="scheduled minutes from gate to gate")
    departed_at: UTC
    delay: float = pa.Field(ge=-60, le=300, description="minutes after schedule, clipped to -60 to 300")
    is_late: bool = pa.Field(description="left 15 minutes late or more")


class Arrival(pa.DataFrameModel):
    """A flight that reached its gate, known when it did; a cancelled or diverted one never is."""

    flight_id: str
    carrier: str
    flight: int
    tail_number: str
    origin: str
    destination: str
    scheduled_departure: UTC
    scheduled_arrival: UTC
    landed_at: UTC = pa.Field(description="when it reached the gate")
    arrival_delay: float = pa.Field(description="minutes after schedule; negative if early")
    delay: float = pa.Field(ge=-60, le=300, description="the same, clipped to -60 to 300")
    is_late: bool = pa.Field(description="15 minutes late or more")
    lost: float = pa.Field(description="minutes lost after leaving the gate")


class Weather(pa.DataFrameModel):
    """An hour's weather at an origin, published a few minutes after it was observed."""

    origin: str
    observed_at: UTC
    published_at: UTC
    temperature: float = pa.Field(nullable=True, description="degrees Fahrenheit")
    dewpoint: float = pa.Field(nullable=True, description="degrees Fahrenheit")
    humidity: float = pa.Field(nullable=True, ge=0, le=100, description="per cent")
    wind_speed: float = pa.Field(nullable=True, ge=0, le=200, description="miles per hour; null where implausible")
    wind_gust: float = pa.Field(nullable=True, ge=0, le=200, description="miles per hour")
    wind_east: float = pa.Field(nullable=True, description="miles per hour out of the east")
    wind_north: float = pa.Field(nullable=True, description="miles per hour out of the north")
    precipitation: float = pa.Field(nullable=True, ge=0, description="inches in the hour")
    pressure: float = pa.Field(nullable=True, gt=800, lt=1100, description="millibars at sea level")
    visibility: float = pa.Field(nullable=True, ge=0, description="miles")


class Aircraft(pa.DataFrameModel):
    """An aircraft in the register."""

    tail_number: str
    year_built: float = pa.Field(nullable=True)
    seats: int = pa.Field(gt=0)
    manufacturer: str
    engines: int = pa.Field(gt=0)
