"""What the flights' three pipelines agree on: feature groups, one view's features, two models."""

from functools import partial

from fti_assets.contracts.estimator import XGBoost
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.gates import BeatsBaseline, BeatsChampion, MaxCalibrationGap, SliceFloor
from fti_assets.contracts.model import Model
from fti_assets.contracts.retrain import Retrain
from fti_assets.flights import schemas, trailing_schemas
from fti_assets.flights.on_demand import calendar, overdue, turn

SINCE = "2013-01-01"
FIRST_CUTOFF = "2013-06-01"
LAST_DAY = "2013-12-31"
UNTIL = "2014-01-04"
"""The calendar's end, not included: the last labels of 2013 have matured by then."""

_group = partial(FeatureGroup, owners=("team:flights",))

departures = _group(schemas.Departure, keys="flight_id", event_time="predict_at", name="departures")
due = _group(schemas.Due, keys="flight_id", event_time="due_at", lookback="36h")
takeoffs = _group(schemas.Takeoff, keys="flight_id", event_time="departed_at", name="takeoffs", lookback="36h")
arrivals = _group(
    schemas.Arrival,
    keys="flight_id",
    event_time="scheduled_arrival",
    known_at="landed_at",
    name="arrivals",
    lookback="36h",
)
weather = _group(
    schemas.Weather,
    keys="origin",
    event_time="observed_at",
    known_at="published_at",
    lookback="6h",
    tags={"feed": "asos"},
)
aircraft = _group(schemas.Aircraft, keys="tail_number", dimension=True, tags={"feed": "faa"})

origin_landings = _group(trailing_schemas.OriginLandings, keys="origin", event_time="as_of", lookback="1h")
origin_takeoffs = _group(trailing_schemas.OriginTakeoffs, keys="origin", event_time="as_of", lookback="1h")
origin_due = _group(trailing_schemas.OriginDue, keys="origin", event_time="as_of", lookback="1h")
origin_schedule = _group(trailing_schemas.OriginSchedule, keys="origin", event_time="as_of", lookback="1h")
airline_takeoffs = _group(
    trailing_schemas.AirlineTakeoffs, keys=("carrier", "origin"), event_time="as_of", lookback="1h"
)
airline_due = _group(trailing_schemas.AirlineDue, keys=("carrier", "origin"), event_time="as_of", lookback="1h")
destination_landings = _group(
    trailing_schemas.DestinationLandings, keys="destination", event_time="as_of", lookback="1h"
)
carriers = _group(trailing_schemas.CarrierHistory, keys="carrier", event_time="as_of", name="carriers")
routes = _group(trailing_schemas.RouteHistory, keys=("origin", "destination"), event_time="as_of", name="routes")
destinations = _group(trailing_schemas.DestinationHistory, keys="destination", event_time="as_of", name="destinations")
origins = _group(trailing_schemas.OriginHistory, keys="origin", event_time="as_of", name="origins")
flight_numbers = _group(
    trailing_schemas.FlightNumberHistory, keys=("carrier", "flight"), event_time="as_of", name="flight_numbers"
)
tail_numbers = _group(trailing_schemas.TailNumberHistory, keys="tail_number", event_time="as_of", name="tail_numbers")

COUNTS = ("flight_count_1h", "flight_count_3h", "flight_count_12h")
FEATURES = (
    departures["carrier", "origin", "destination", "flight", "distance"],
    weather.select(),
    aircraft["year_built", "seats"],
    takeoffs["scheduled_departure", "departed_at", "block_minutes", "delay"]
    .by("tail_number")
    .prefixed("aircraft_left_")
    .hidden("block_minutes", "delay"),
    arrivals["scheduled_departure", "landed_at", "arrival_delay"]
    .by("tail_number")
    .prefixed("aircraft_landed_")
    .hidden("arrival_delay"),
    due["due_at", "block_minutes"].by("tail_number").prefixed("aircraft_due_").hidden(),
    origin_landings[
        "delay_mean_1h",
        "delay_mean_3h",
        "delay_mean_12h",
        "lost_mean_1h",
        "lost_mean_3h",
        "lost_mean_12h",
        "is_late_mean_3h",
    ].prefixed("origin_landed_"),
    origin_takeoffs["delay_mean_1h", "delay_mean_3h", "delay_mean_12h", "is_late_mean_3h", *COUNTS]
    .prefixed("origin_left_")
    .hidden(*COUNTS),
    origin_due.select().prefixed("origin_due_").hidden(),
    origin_schedule.select().prefixed("origin_scheduled_"),
    airline_takeoffs.select().prefixed("airline_left_").hidden(*COUNTS),
    airline_due.select().prefixed("airline_due_").hidden(),
    destination_landings[
        "delay_mean_3h", "delay_mean_12h", "lost_mean_3h", "lost_mean_12h", "is_late_mean_12h"
    ].prefixed("destination_landed_"),
    carriers.select().prefixed("carrier_"),
    routes["delay_mean_7d", "delay_mean_30d"].prefixed("route_"),
    destinations["is_late_mean_1d", "is_late_mean_7d"].prefixed("destination_"),
    origins.select().prefixed("origin_"),
    flight_numbers["is_late_mean_30d", "delay_mean_7d", "delay_mean_30d"].prefixed("flight_number_"),
    tail_numbers["delay_mean_7d", "delay_mean_30d"].prefixed("tail_number_"),
)
TREES = XGBoost(
    rounds=60,
    max_depth=5,
    learning_rate=0.15,
    params={"subsample": 0.7, "colsample_bynode": 0.25, "min_child_weight": 30, "reg_lambda": 5, "max_bin": 32},
    ordered_categories=True,
)

VIEW = FeatureView(
    spine=departures,
    label={"is_late": arrivals["is_late"].within(days=2), "delay": arrivals["arrival_delay"].within(days=2)},
    features=FEATURES,
    on_demand=(calendar, overdue, turn),
)

late_arrival = Model(
    "late_arrival",
    view=VIEW,
    label="is_late",
    estimator=TREES,
    gates=(BeatsBaseline(), BeatsChampion(), MaxCalibrationGap(0.05), SliceFloor("carrier")),
    description="How likely a flight from New York is to arrive 15 minutes late or more, two hours before it leaves.",
    owners=("team:flights",),
)
arrival_delay = Model(
    "arrival_delay",
    view=VIEW,
    label="delay",
    estimator=TREES,
    gates=(BeatsBaseline(), BeatsChampion(), MaxCalibrationGap(8.0), SliceFloor("carrier")),
    description="How many minutes late a flight from New York arrives, two hours before it leaves.",
    owners=("team:flights",),
)
MODELS = (late_arrival, arrival_delay)
RETRAIN = {
    "late_arrival": Retrain(max_age="28d", calibration_gap=0.03, cooldown="14d"),
    "arrival_delay": Retrain(max_age="56d", calibration_gap=8.0, cooldown="28d"),
}
"""Calibration gaps in the label's unit: a share of flights, and minutes, which swing more from week to week."""
