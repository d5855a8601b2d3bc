"""The rows of each feature group of trailing windows: `<column>_<statistic>_<window>`, known when the window ends.

A mean is null where its window holds no flight. Delays are in minutes, clipped to -60 to 300 so that one stranded
flight does not stand for an hour of traffic; the mean of `is_late` is a share; `lost` are minutes lost after leaving
the gate.
"""

import pandera.pandas as pa

from fti_assets.contracts.time import UTC


class _Trailing(pa.DataFrameModel):
    """Windows that end at `as_of`."""

    as_of: UTC


class OriginLandings(_Trailing):
    """How the flights from an origin that landed in the last hours did: delay, minutes lost on the way, share late."""

    origin: str
    delay_mean_1h: float = pa.Field(nullable=True)
    delay_mean_3h: float = pa.Field(nullable=True)
    delay_mean_12h: float = pa.Field(nullable=True)
    lost_mean_1h: float = pa.Field(nullable=True)
    lost_mean_3h: float = pa.Field(nullable=True)
    lost_mean_12h: float = pa.Field(nullable=True)
    is_late_mean_1h: float = pa.Field(nullable=True)
    is_late_mean_3h: float = pa.Field(nullable=True)
    is_late_mean_12h: float = pa.Field(nullable=True)


class OriginTakeoffs(_Trailing):
    """How the flights that left an origin in the last hours left: delay, how many, share 15 minutes late or more."""

    origin: str
    delay_mean_1h: float = pa.Field(nullable=True)
    delay_mean_3h: float = pa.Field(nullable=True)
    delay_mean_12h: float = pa.Field(nullable=True)
    flight_count_1h: int = pa.Field(ge=0)
    flight_count_3h: int = pa.Field(ge=0)
    flight_count_12h: int = pa.Field(ge=0)
    is_late_mean_1h: float = pa.Field(nullable=True)
    is_late_mean_3h: float = pa.Field(nullable=True)
    is_late_mean_12h: float = pa.Field(nullable=True)


class OriginDue(_Trailing):
    """How many flights were due to leave an origin in the last hours, whether they left or not."""

    origin: str
    flight_count_1h: int = pa.Field(ge=0)
    flight_count_3h: int = pa.Field(ge=0)
    flight_count_12h: int = pa.Field(ge=0)


class OriginSchedule(_Trailing):
    """How many flights are due to leave an origin in the hour or two before one that is predicted now."""

    origin: str
    flight_count_1h: int = pa.Field(ge=0)
    flight_count_2h: int = pa.Field(ge=0)


class AirlineTakeoffs(_Trailing):
    """How a carrier's flights left an origin in the last hours: delay, and how many."""

    carrier: str
    origin: str
    delay_mean_1h: float = pa.Field(nullable=True)
    delay_mean_3h: float = pa.Field(nullable=True)
    delay_mean_12h: float = pa.Field(nullable=True)
    flight_count_1h: int = pa.Field(ge=0)
    flight_count_3h: int = pa.Field(ge=0)
    flight_count_12h: int = pa.Field(ge=0)


class AirlineDue(_Trailing):
    """How many of a carrier's flights were due to leave an origin in the last hours, whether they left or not."""

    carrier: str
    origin: str
    flight_count_3h: int = pa.Field(ge=0)
    flight_count_12h: int = pa.Field(ge=0)


class DestinationLandings(_Trailing):
    """How flights from New York that reached a destination in the last hours did: delay, minutes lost, share late."""

    destination: str
    delay_mean_3h: float = pa.Field(nullable=True)
    delay_mean_12h: float = pa.Field(nullable=True)
    lost_mean_3h: float = pa.Field(nullable=True)
    lost_mean_12h: float = pa.Field(nullable=True)
    is_late_mean_3h: float = pa.Field(nullable=True)
    is_late_mean_12h: float = pa.Field(nullable=True)


class CarrierHistory(_Trailing):
    """What share of a carrier's flights were late over the last days."""

    carrier: str
    is_late_mean_1d: float = pa.Field(nullable=True)
    is_late_mean_7d: float = pa.Field(nullable=True)
    is_late_mean_30d: float = pa.Field(nullable=True)


class RouteHistory(_Trailing):
    """How late flights between two airports were over the last days."""

    origin: str
    destination: str
    delay_mean_1d: float = pa.Field(nullable=True)
    delay_mean_7d: float = pa.Field(nullable=True)
    delay_mean_30d: float = pa.Field(nullable=True)


class DestinationHistory(_Trailing):
    """What share of the flights to a destination were late over the last days."""

    destination: str
    is_late_mean_1d: float = pa.Field(nullable=True)
    is_late_mean_7d: float = pa.Field(nullable=True)
    is_late_mean_30d: float = pa.Field(nullable=True)


class OriginHistory(_Trailing):
    """What share of the flights from an origin were late over the last days."""

    origin: str
    is_late_mean_1d: float = pa.Field(nullable=True)
    is_late_mean_7d: float = pa.Field(nullable=True)
    is_late_mean_30d: float = pa.Field(nullable=True)


class FlightNumberHistory(_Trailing):
    """How the flights of one number did over the last days: share late, and delay."""

    carrier: str
    flight: int
    is_late_mean_1d: float = pa.Field(nullable=True)
    is_late_mean_7d: float = pa.Field(nullable=True)
    is_late_mean_30d: float = pa.Field(nullable=True)
    delay_mean_1d: float = pa.Field(nullable=True)
    delay_mean_7d: float = pa.Field(nullable=True)
    delay_mean_30d: float = pa.Field(nullable=True)


class TailNumberHistory(_Trailing):
    """How late an aircraft's flights were over the last days."""

    tail_number: str
    delay_mean_1d: float = pa.Field(nullable=True)
    delay_mean_7d: float = pa.Field(nullable=True)
    delay_mean_30d: float = pa.Field(nullable=True)
