"""The rows of each feature group of trailing windows: `<column>_<statistic>_<window>`, known when the window ends.

A mean or deviation is null where its window holds no flight. Delays are in minutes, clipped to -60 to 300 so that one
stranded flight does not stand for an hour of traffic; `is_late` is a share; `lost` are minutes lost after leaving.
"""

import pandera.pandas as pa

from fti_assets.spec.time import UTC


class _Trailing(pa.DataFrameModel):
    """Windows that end at `as_of`."""

    as_of: UTC


class OriginLandings(_Trailing):
    """How the flights from an origin that landed in the last hours did."""

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
    """How the flights that left an origin in the last hours left."""

    origin: str
    delay_mean_1h: float = pa.Field(nullable=True)
    delay_mean_3h: float = pa.Field(nullable=True)
    delay_mean_12h: float = pa.Field(nullable=True)
    delay_count_1h: int = pa.Field(ge=0)
    delay_count_3h: int = pa.Field(ge=0)
    delay_count_12h: int = pa.Field(ge=0)
    is_late_mean_1h: float = pa.Field(nullable=True)
    is_late_mean_3h: float = pa.Field(nullable=True)
    is_late_mean_12h: float = pa.Field(nullable=True)


class OriginDue(_Trailing):
    """How many flights were due to leave an origin in the last hours."""

    origin: str
    distance_count_1h: int = pa.Field(ge=0)
    distance_count_3h: int = pa.Field(ge=0)
    distance_count_12h: int = pa.Field(ge=0)


class OriginSchedule(_Trailing):
    """How many flights are due to leave an origin in the hours before one that is predicted now."""

    origin: str
    distance_count_1h: int = pa.Field(ge=0)
    distance_count_2h: int = pa.Field(ge=0)


class AirlineTakeoffs(_Trailing):
    """How a carrier's flights left an origin in the last hours."""

    carrier: str
    origin: str
    delay_mean_1h: float = pa.Field(nullable=True)
    delay_mean_3h: float = pa.Field(nullable=True)
    delay_mean_12h: float = pa.Field(nullable=True)
    delay_count_1h: int = pa.Field(ge=0)
    delay_count_3h: int = pa.Field(ge=0)
    delay_count_12h: int = pa.Field(ge=0)


class AirlineDue(_Trailing):
    """How many of a carrier's flights were due to leave an origin in the last hours."""

    carrier: str
    origin: str
    distance_count_3h: int = pa.Field(ge=0)
    distance_count_12h: int = pa.Field(ge=0)


class DestinationLandings(_Trailing):
    """How the flights that reached a destination in the last hours did."""

    destination: str
    delay_mean_3h: float = pa.Field(nullable=True)
    delay_mean_12h: float = pa.Field(nullable=True)
    lost_mean_3h: float = pa.Field(nullable=True)
    lost_mean_12h: float = pa.Field(nullable=True)
    is_late_mean_3h: float = pa.Field(nullable=True)
    is_late_mean_12h: float = pa.Field(nullable=True)


class DestinationTakeoffs(_Trailing):
    """How the flights to a destination left in the last hours."""

    destination: str
    delay_mean_3h: float = pa.Field(nullable=True)
    delay_mean_12h: float = pa.Field(nullable=True)


class CarrierHistory(_Trailing):
    """How often a carrier's flights were late on the last days."""

    carrier: str
    is_late_mean_1d: float = pa.Field(nullable=True)
    is_late_mean_7d: float = pa.Field(nullable=True)
    is_late_mean_30d: float = pa.Field(nullable=True)


class RouteHistory(_Trailing):
    """The delay on a route on the last days."""

    origin: str
    destination: str
    delay_mean_1d: float = pa.Field(nullable=True)
    delay_mean_7d: float = pa.Field(nullable=True)
    delay_mean_30d: float = pa.Field(nullable=True)


class DestinationHistory(_Trailing):
    """How often flights to a destination were late on the last days."""

    destination: str
    is_late_mean_1d: float = pa.Field(nullable=True)
    is_late_mean_7d: float = pa.Field(nullable=True)
    is_late_mean_30d: float = pa.Field(nullable=True)


class OriginHistory(_Trailing):
    """How often flights from an origin were late on the last days."""

    origin: str
    is_late_mean_1d: float = pa.Field(nullable=True)
    is_late_mean_7d: float = pa.Field(nullable=True)
    is_late_mean_30d: float = pa.Field(nullable=True)


class FlightNumberHistory(_Trailing):
    """How a flight number did on the last days."""

    carrier: str
    flight: int
    is_late_mean_1d: float = pa.Field(nullable=True)
    is_late_mean_7d: float = pa.Field(nullable=True)
    is_late_mean_30d: float = pa.Field(nullable=True)
    delay_mean_1d: float = pa.Field(nullable=True)
    delay_mean_7d: float = pa.Field(nullable=True)
    delay_mean_30d: float = pa.Field(nullable=True)


class TailNumberHistory(_Trailing):
    """How an aircraft's flights did on the last days."""

    tail_number: str
    delay_mean_1d: float = pa.Field(nullable=True)
    delay_mean_7d: float = pa.Field(nullable=True)
    delay_mean_30d: float = pa.Field(nullable=True)
