"""Small systems that leak, each in one way, and the same systems mended.

Forty flights a day of six aircraft for six days from FIRST on, landing ragged minutes off schedule; all follows from
the flight's number by arithmetic.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pandera.pandas as pa

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.gates import BeatsBaseline
from fti_assets.contracts.model import Model
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC as UTC_TIME
from fti_assets.contracts.time import Window
from fti_assets.models.boosting import XGBoost

FIRST = datetime(2024, 3, 1, tzinfo=UTC)
WINDOW = Window.of_days("2024-03-02", "2024-03-04")
FLIGHTS_A_DAY, TAILS = 40, ("N1", "N2", "N3", "N4", "N5", "N6")


class Flight(pa.DataFrameModel):
    """A flight as scheduled, predicted two hours before it lands."""

    flight_id: str = pa.Field(unique=True)
    tail: str
    carrier: str = pa.Field(isin=("AA", "BB", "CC"))
    predict_at: UTC_TIME
    scheduled_arrival: UTC_TIME


class Landing(Flight):
    """A flight that landed."""

    landed_at: UTC_TIME
    delay: float
    is_late: bool


class ScheduleWithOutcome(Flight):
    """A schedule file into which somebody wrote, after the fact, what became of the flight."""

    status: str
    final_delay: float


def _flights() -> pd.DataFrame:
    number = np.arange(6 * FLIGHTS_A_DAY)
    day, n = divmod(number, FLIGHTS_A_DAY)
    due = pd.Series(FIRST + pd.to_timedelta(day * 1440 + 240 + n * 25, unit="min")).dt.as_unit("us")
    delay = ((number * 7919) % 83 - 31).astype(float)
    return pd.DataFrame(
        {
            "flight_id": [f"F{i:03d}" for i in number],
            "tail": [TAILS[i * 5 % 6] for i in number],
            "carrier": [("AA", "BB", "CC")[i * 11 % 3] for i in number],
            "predict_at": due - pd.Timedelta(hours=2),
            "scheduled_arrival": due,
            "landed_at": due + pd.to_timedelta(delay, unit="min").astype("timedelta64[us]"),
            "delay": delay,
            "is_late": delay >= 15,
            "status": np.where(delay >= 15, "late", "fine"),
            "final_delay": delay,
        }
    ).astype({"status": "str"})


FLIGHTS = _flights()


def read_by(schema: type[pa.DataFrameModel], known_at: str) -> Callable[[datetime, datetime], pd.DataFrame]:
    rows = FLIGHTS.sort_values(known_at, kind="stable")[list(schema.to_schema().columns)]

    def read(start: datetime, end: datetime) -> pd.DataFrame:
        return rows[(rows[known_at] >= start) & (rows[known_at] < end)].reset_index(drop=True)

    return read


schedule = Source(Flight, read_by(Flight, "predict_at"), name="schedule")
landings = Source(Landing, read_by(Landing, "landed_at"), name="landings")
landings_as_scheduled = Source(Landing, read_by(Landing, "scheduled_arrival"), name="landings_as_scheduled")
schedule_with_outcome = Source(
    ScheduleWithOutcome, read_by(ScheduleWithOutcome, "predict_at"), name="schedule_with_outcome"
)


class Delay(pa.DataFrameModel):
    """One number about an aircraft."""

    flight_id: str
    tail: str
    landed_at: UTC_TIME
    value: float = pa.Field(nullable=True)


delays = FeatureGroup(Delay, keys="flight_id", event_time="landed_at", name="delays")


def _valued(rows: pd.DataFrame, value: pd.Series) -> pd.DataFrame:
    return rows.assign(value=value)[["flight_id", "tail", "landed_at", "value"]]


def last_delay_without_group(rows: pd.DataFrame) -> pd.DataFrame:
    """The first row of each aircraft takes the last row of the aircraft before it in the alphabet."""
    rows = rows.sort_values(["tail", "landed_at"])
    return _valued(rows, rows["delay"].shift(1))


def next_delay(rows: pd.DataFrame) -> pd.DataFrame:
    """shift(-1) takes the row that follows."""
    rows = rows.sort_values(["tail", "landed_at"])
    return _valued(rows, rows.groupby("tail")["delay"].shift(-1))


def last_delay(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values(["tail", "landed_at"])
    return _valued(rows, rows.groupby("tail")["delay"].shift(1))


def centred(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("landed_at")
    return _valued(rows, rows["delay"].rolling(5, center=True, min_periods=1).mean())


def trailing(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("landed_at")
    return _valued(rows, rows["delay"].rolling(5, min_periods=1).mean())


def encoded_over_the_batch(rows: pd.DataFrame) -> pd.DataFrame:
    return _valued(rows, rows.groupby("carrier")["is_late"].transform("mean"))


def encoded_so_far(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values(["landed_at", "flight_id"])
    late = rows.assign(is_late=rows["is_late"].astype(float)).groupby("carrier")["is_late"]
    return _valued(rows, (late.cumsum() - rows["is_late"]) / late.cumcount().replace(0, np.nan))


class Previous(pa.DataFrameModel):
    """The delay of the aircraft's flight before this one, as of the prediction."""

    flight_id: str
    predict_at: UTC_TIME
    previous_delay: float = pa.Field(nullable=True)


previous = FeatureGroup(Previous, keys="flight_id", event_time="predict_at", name="previous")


def _merged(flights: pd.DataFrame, landed: pd.DataFrame, by: str) -> pd.DataFrame:
    right = landed[["tail", by, "delay"]].rename(columns={"delay": "previous_delay", by: "at"}).sort_values("at")
    joined = pd.merge_asof(flights, right, left_on="predict_at", right_on="at", by="tail")
    return joined[["flight_id", "predict_at", "previous_delay"]]


def merged_by_schedule(flights: pd.DataFrame, landed: pd.DataFrame) -> pd.DataFrame:
    return _merged(flights, landed, "scheduled_arrival")


def merged_by_landing(flights: pd.DataFrame, landed: pd.DataFrame) -> pd.DataFrame:
    return _merged(flights, landed, "landed_at")


arrivals = FeatureGroup(
    Landing, keys="flight_id", event_time="scheduled_arrival", known_at="landed_at", name="arrivals"
)
arrivals_without_known_at = FeatureGroup(
    Landing, keys="flight_id", event_time="scheduled_arrival", name="arrivals_as_scheduled"
)


def as_given(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


departures = FeatureGroup(Flight, keys="flight_id", event_time="predict_at", name="departures")
departures_with_outcome = FeatureGroup(
    ScheduleWithOutcome, keys="flight_id", event_time="predict_at", name="departures_with_outcome"
)


def model_of(spine: FeatureGroup, *columns: str) -> Model:
    view = FeatureView(spine=spine, label=arrivals["is_late"].within(days=1), features=[spine[columns]])
    return Model("late", view=view, estimator=XGBoost(rounds=2), gates=[BeatsBaseline()], description="Late or not.")


def computed(function: Callable[[pd.DataFrame], pd.DataFrame]) -> Binding:
    return delays.computed(function, landings)
