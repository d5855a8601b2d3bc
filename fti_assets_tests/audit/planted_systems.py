"""Eighteen systems that know too much, each in one way, beside the same systems mended.

The flights of `planted_leaks`, of which every twelfth never lands. Each function gives the bindings and models of the
system, leaky or mended.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.model import Model
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC as UTC_TIME
from fti_assets.models.boosting import XGBoost
from fti_assets_tests.audit import planted_leaks as p

Planted = tuple[list[Binding], list[Model]]

NUMBER = pd.RangeIndex(len(p.FLIGHTS)).to_series()
LANDS = NUMBER % 12 != 0
FLIGHTS = p.FLIGHTS.assign(
    gate=p.FLIGHTS["tail"].where(LANDS),
    stand=p.FLIGHTS["tail"].where(NUMBER % 12 != 5),
    is_overtime=p.FLIGHTS["delay"] >= 10,
    is_even=NUMBER % 2 == 0,
    reported_at=p.FLIGHTS["predict_at"] - pd.Timedelta(minutes=1),
    entered_at=p.FLIGHTS["predict_at"] + pd.to_timedelta(NUMBER * 7919 % 47 + 1, unit="min").astype("timedelta64[us]"),
)
LANDED = FLIGHTS[LANDS]
USUAL_WRITTEN_DOWN = LANDED.assign(usual=LANDED.groupby("tail")["delay"].transform("mean"))
TOUCHED: dict[str, float] = {}
FILE = Path("landed.parquet")
"""Where the landed flights lie as a file, in the working directory."""
SEATS = {tail: 100.0 + 7 * n for n, tail in enumerate(p.TAILS)}


def rows_of(schema: type[pa.DataFrameModel], known_at: str, start: datetime, end: datetime) -> pd.DataFrame:
    rows = LANDED if known_at == "landed_at" else FLIGHTS
    rows = rows[(rows[known_at] >= start) & (rows[known_at] < end)].sort_values(known_at)
    return rows[list(schema.to_schema().columns)].reset_index(drop=True)


def source_of(schema: type[pa.DataFrameModel], known_at: str, name: str) -> Source:
    return Source(schema, lambda start, end: rows_of(schema, known_at, start, end), name=name)


class Departure(p.Flight):
    """A flight as scheduled, with all that schedules hold here."""

    gate: str = pa.Field(nullable=True)
    stand: str = pa.Field(nullable=True)
    is_overtime: bool
    is_even: bool


departures = FeatureGroup(Departure, keys="flight_id", event_time="predict_at", name="departures")
landings = source_of(p.Landing, "landed_at", "landings")
BASE: list[Binding] = [
    departures.computed(p.as_given, source_of(Departure, "predict_at", "schedule")),
    p.arrivals.computed(p.as_given, landings),
]


def model_of(*features: Selection, label: str = "is_late") -> Model:
    learned = p.arrivals[label].within(days=1)
    view = FeatureView(spine=departures, label=learned, features=[departures["carrier"], *features])
    return Model("late", view=view, estimator=XGBoost(rounds=2), description="Late or not.")


def system_of(*bindings: Binding, features: tuple[Selection, ...] = (), label: str = "is_late") -> Planted:
    return [*BASE, *bindings], [model_of(*features, label=label)]


def looks_at_the_next_row(leaky: bool) -> Planted:
    return system_of(p.delays.computed(p.next_delay if leaky else p.last_delay, landings))


def encodes_over_the_batch(leaky: bool) -> Planted:
    return system_of(p.delays.computed(p.encoded_over_the_batch if leaky else p.encoded_so_far, landings))


def merges_by_the_schedule(leaky: bool) -> Planted:
    function = p.merged_by_schedule if leaky else p.merged_by_landing
    return system_of(p.previous.computed(function, BASE[0].sources[0], landings))


def is_known_when_it_lands_only(leaky: bool) -> Planted:
    if not leaky:
        return system_of()
    by_schedule = source_of(p.Landing, "scheduled_arrival", "landings_as_scheduled")
    return system_of(p.arrivals_without_known_at.computed(p.as_given, by_schedule))


def copies_the_label(leaky: bool) -> Planted:
    column = "status" if leaky else "carrier"
    spine = p.departures_with_outcome
    return [spine.computed(p.as_given, p.schedule_with_outcome), BASE[1]], [p.model_of(spine, column)]


def is_null_until_the_label_is_known(leaky: bool) -> Planted:
    return system_of(features=(departures["gate" if leaky else "stand"],))


def follows_from_a_numbers_range(leaky: bool) -> Planted:
    return system_of(features=(departures["is_overtime" if leaky else "is_even"],), label="delay")


class Aircraft(pa.DataFrameModel):
    """An aircraft, and a number about it."""

    tail: str
    number: float


fleet = FeatureGroup(Aircraft, keys="tail", name="fleet", dimension=True)


def fleet_of(read: Callable[[datetime, datetime], pd.Series]) -> Planted:
    def table(start: datetime, end: datetime) -> pd.DataFrame:
        return read(start, end).rename("number").rename_axis("tail").astype(float).reset_index()

    return system_of(fleet.computed(p.as_given, Source(Aircraft, table, name="fleet")), features=(fleet["number"],))


def a_dimension_of_outcomes(leaky: bool) -> Planted:
    late = LANDED.groupby("tail")["is_late"].mean()
    return fleet_of(lambda _start, _end: late if leaky else pd.Series(SEATS))


def a_dimension_that_changes(leaky: bool) -> Planted:
    def age(_start: datetime, _end: datetime) -> pd.Series:
        today = datetime.now(UTC) if leaky else p.FIRST
        return pd.Series(SEATS) + today.timestamp() // 86400

    return fleet_of(age)


class Question(pa.DataFrameModel):
    """A flight as somebody asked about it."""

    flight_id: str
    tail: str
    predict_at: UTC_TIME
    entered_at: UTC_TIME


def windows_end_at_rows_known_later(leaky: bool) -> Planted:
    known_at = "predict_at" if leaky else "entered_at"
    asked = FeatureGroup(Question, keys="flight_id", event_time=known_at, name="asked")
    recent = p.arrivals.windows("tail", {"delay": "mean"}, over="1d", at=asked, name="recent")
    return system_of(asked.computed(p.as_given, source_of(Question, known_at, "questions")), as_binding(recent))


def beside_all_flights(rows: pd.DataFrame) -> pd.DataFrame:
    return p._valued(rows, rows["tail"].map(LANDED.groupby("tail")["delay"].mean()))


def with_seats(rows: pd.DataFrame) -> pd.DataFrame:
    return p._valued(rows, rows["tail"].map(SEATS))


def takes_a_frame_of_its_module(leaky: bool) -> Planted:
    return system_of(p.delays.computed(beside_all_flights if leaky else with_seats, landings))


def counting_on(rows: pd.DataFrame) -> pd.DataFrame:
    """The aircraft's longest delay, of this call and of those before."""
    for tail, delay in zip(rows["tail"], rows["delay"], strict=True):
        TOUCHED[tail] = max(delay, TOUCHED.get(tail, delay)) + 1
    return p._valued(rows, rows["tail"].map(TOUCHED))


def keeps_state_between_calls(leaky: bool) -> Planted:
    return system_of(p.delays.computed(counting_on if leaky else p.last_delay, landings))


def days_ago(rows: pd.DataFrame) -> pd.DataFrame:
    return p._valued(rows, (pd.Timestamp.now("UTC") - rows["landed_at"]).dt.days.astype(float))


def days_since_the_first(rows: pd.DataFrame) -> pd.DataFrame:
    return p._valued(rows, (rows["landed_at"] - p.FIRST).dt.days.astype(float))


def reads_the_clock(leaky: bool) -> Planted:
    return system_of(p.delays.computed(days_ago if leaky else days_since_the_first, landings))


def usual_of_the_file(rows: pd.DataFrame) -> pd.DataFrame:
    usual = pd.read_parquet(FILE).groupby("tail")["delay"].mean()
    return p._valued(rows, rows["tail"].map(usual))


def read_file(start: datetime, end: datetime) -> pd.DataFrame:
    rows = pd.read_parquet(FILE)[list(p.Landing.to_schema().columns)]
    return rows[(rows["landed_at"] >= start) & (rows["landed_at"] < end)]


def reads_a_file(leaky: bool) -> Planted:
    from_file = Source(p.Landing, read_file, name="landings_file")
    return system_of(p.delays.computed(usual_of_the_file if leaky else p.trailing, landings if leaky else from_file))


class LandingBesideUsual(p.Landing):
    """A landing, and what is usual for its aircraft."""

    usual: float


def usual_as_value(rows: pd.DataFrame) -> pd.DataFrame:
    return p._valued(rows, rows["usual"])


def with_usual(usual: Callable[[pd.DataFrame], pd.Series]) -> Planted:
    def read(start: datetime, end: datetime) -> pd.DataFrame:
        rows = rows_of(p.Landing, "landed_at", start, end)
        return rows.assign(usual=usual(rows))

    return system_of(p.delays.computed(usual_as_value, Source(LandingBesideUsual, read, name="beside_usual")))


def of_all_time(rows: pd.DataFrame) -> pd.Series:
    return rows["tail"].map(LANDED.groupby("tail")["delay"].mean())


def of_the_window(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby("tail")["delay"].transform("mean")


def seats(rows: pd.DataFrame) -> pd.Series:
    return rows["tail"].map(SEATS)


def averages_all_time_in_a_source(leaky: bool) -> Planted:
    return with_usual(of_all_time if leaky else seats)


def averages_the_window_in_a_source(leaky: bool) -> Planted:
    return with_usual(of_the_window if leaky else seats)


def as_written_down(rows: pd.DataFrame) -> pd.Series:
    return rows["flight_id"].map(USUAL_WRITTEN_DOWN.set_index("flight_id")["usual"])


def averages_all_time_before_the_file_is_written(leaky: bool) -> Planted:
    return with_usual(as_written_down if leaky else seats)


class Report(pa.DataFrameModel):
    """What was reported of an aircraft's next landing."""

    tail: str
    scheduled_arrival: UTC_TIME
    reported_at: UTC_TIME
    landed_at: UTC_TIME
    is_late: bool


def reported_for_most(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["scheduled_arrival"].dt.minute % 4 != 0]


def a_label_known_before_under_another_key(leaky: bool) -> Planted:
    known_at = "reported_at" if leaky else "landed_at"
    reports = FeatureGroup(Report, keys="tail", event_time="scheduled_arrival", known_at=known_at, name="reports")
    binding = reports.computed(reported_for_most, source_of(Report, known_at, "reports"))
    return system_of(binding, features=(reports["is_late"].prefixed("reported_"),))


SYSTEMS: dict[Callable[[bool], Planted], tuple[str, str, str]] = {
    looks_at_the_next_row: ("leak", "feature group delays", "value"),
    encodes_over_the_batch: ("leak", "feature group delays", "value"),
    merges_by_the_schedule: ("leak", "feature group previous", "previous_delay"),
    is_known_when_it_lands_only: ("leak", "feature group arrivals_as_scheduled", "delay, is_late"),
    copies_the_label: ("leak", "model late", "status"),
    is_null_until_the_label_is_known: ("suspicion", "model late", "gate"),
    follows_from_a_numbers_range: ("leak", "model late", "is_overtime"),
    a_dimension_of_outcomes: ("leak", "model late", "number"),
    a_dimension_that_changes: ("leak", "feature group fleet", "number"),
    windows_end_at_rows_known_later: ("suspicion", "feature group asked", ""),
    takes_a_frame_of_its_module: ("leak", "feature group delays", "value"),
    keeps_state_between_calls: ("leak", "feature group delays", "value"),
    reads_the_clock: ("leak", "feature group delays", "value"),
    reads_a_file: ("leak", "feature group delays", "value"),
    averages_all_time_in_a_source: ("leak", "source beside_usual", "usual"),
    averages_the_window_in_a_source: ("leak", "source beside_usual", "usual"),
    averages_all_time_before_the_file_is_written: ("", "", ""),
    a_label_known_before_under_another_key: ("leak", "model late", "reported_is_late"),
}
"""Each system's finding: severity, where, column; "" for the one that nobody can find from what is read."""
