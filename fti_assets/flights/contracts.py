"""What the flights' three pipelines agree on: feature groups, one view's features, two models."""

from fti_assets.flights import schemas, trailing_schemas
from fti_assets.flights.on_demand import calendar, overdue, turn
from fti_assets.spec.estimator import XGBoost
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.gates import BeatsBaseline, BeatsChampion, MaxCalibrationGap, SliceFloor
from fti_assets.spec.model import Model
from fti_assets.spec.retrain import Retrain

SINCE = "2013-01-01"
FIRST_CUTOFF = "2013-06-01"
LAST_DAY = "2013-12-31"
UNTIL = "2014-01-04"
"""The calendar's end, not included: the last labels of 2013 have matured by then."""

departures = FeatureGroup(schemas.Departure, keys="flight_id", event_time="predict_at", name="departures")
due = FeatureGroup(schemas.Due, keys="flight_id", event_time="due_at", lookback="36h")
takeoffs = FeatureGroup(schemas.Takeoff, keys="flight_id", event_time="departed_at", name="takeoffs", lookback="36h")
arrivals = FeatureGroup(
    schemas.Arrival,
    keys="flight_id",
    event_time="scheduled_arrival",
    known_at="landed_at",
    name="arrivals",
    lookback="36h",
)
weather = FeatureGroup(schemas.Weather, keys="origin", event_time="observed_at", known_at="published_at", lookback="6h")
aircraft = FeatureGroup(schemas.Aircraft, keys="tail_number", dimension=True)

origin_landings = FeatureGroup(trailing_schemas.OriginLandings, keys="origin", event_time="as_of", lookback="1h")
origin_takeoffs = FeatureGroup(trailing_schemas.OriginTakeoffs, keys="origin", event_time="as_of", lookback="1h")
origin_due = FeatureGroup(trailing_schemas.OriginDue, keys="origin", event_time="as_of", lookback="1h")
origin_schedule = FeatureGroup(trailing_schemas.OriginSchedule, keys="origin", event_time="as_of", lookback="1h")
airline_takeoffs = FeatureGroup(
    trailing_schemas.AirlineTakeoffs, keys=("carrier", "origin"), event_time="as_of", lookback="1h"
)
airline_due = FeatureGroup(trailing_schemas.AirlineDue, keys=("carrier", "origin"), event_time="as_of", lookback="1h")
destination_landings = FeatureGroup(
    trailing_schemas.DestinationLandings, keys="destination", event_time="as_of", lookback="1h"
)
destination_takeoffs = FeatureGroup(
    trailing_schemas.DestinationTakeoffs, keys="destination", event_time="as_of", lookback="1h"
)
carriers = FeatureGroup(trailing_schemas.CarrierHistory, keys="carrier", event_time="as_of", name="carriers")
routes = FeatureGroup(trailing_schemas.RouteHistory, keys=("origin", "destination"), event_time="as_of", name="routes")
destinations = FeatureGroup(
    trailing_schemas.DestinationHistory, keys="destination", event_time="as_of", name="destinations"
)
origins = FeatureGroup(trailing_schemas.OriginHistory, keys="origin", event_time="as_of", name="origins")
flight_numbers = FeatureGroup(
    trailing_schemas.FlightNumberHistory, keys=("carrier", "flight"), event_time="as_of", name="flight_numbers"
)
tail_numbers = FeatureGroup(
    trailing_schemas.TailNumberHistory, keys="tail_number", event_time="as_of", name="tail_numbers"
)

FEATURES = (
    departures["carrier", "origin", "destination", "flight", "distance", "block_minutes"],
    weather.select(),
    aircraft["year_built", "seats"],
    takeoffs["scheduled_departure", "departed_at", "block_minutes", "delay"]
    .by("tail_number")
    .prefixed("aircraft_left_"),
    arrivals["scheduled_departure", "landed_at", "arrival_delay"].by("tail_number").prefixed("aircraft_landed_"),
    due["due_at", "block_minutes"].by("tail_number").prefixed("aircraft_due_"),
    origin_landings.select().prefixed("origin_landed_"),
    origin_takeoffs.select().prefixed("origin_left_"),
    origin_due.select().prefixed("origin_due_"),
    origin_schedule.select().prefixed("origin_scheduled_"),
    airline_takeoffs.select().prefixed("airline_left_"),
    airline_due.select().prefixed("airline_due_"),
    destination_landings.select().prefixed("destination_landed_"),
    destination_takeoffs.select().prefixed("destination_left_"),
    carriers.select().prefixed("carrier_"),
    routes.select().prefixed("route_"),
    destinations.select().prefixed("destination_"),
    origins.select().prefixed("origin_"),
    flight_numbers.select().prefixed("flight_number_"),
    tail_numbers.select().prefixed("tail_number_"),
)
ON_DEMAND = (calendar, overdue, turn)
TREES = XGBoost(
    rounds=100,
    max_depth=6,
    learning_rate=0.1,
    params={"subsample": 0.7, "colsample_bynode": 0.25, "min_child_weight": 30, "reg_lambda": 5, "max_bin": 32},
    ordered_categories=True,
)

late_arrival = Model(
    "late_arrival",
    view=FeatureView(
        spine=departures, label=arrivals["is_late"].within(days=2), features=FEATURES, on_demand=ON_DEMAND
    ),
    estimator=TREES,
    gates=(BeatsBaseline(), BeatsChampion(), MaxCalibrationGap(0.05), SliceFloor("carrier")),
    description="How likely a flight from New York is to arrive 15 minutes late or more, two hours before it leaves.",
    owners=("team:flights",),
)
arrival_delay = Model(
    "arrival_delay",
    view=FeatureView(
        spine=departures, label=arrivals["arrival_delay"].within(days=2), features=FEATURES, on_demand=ON_DEMAND
    ),
    estimator=TREES,
    gates=(BeatsBaseline(), BeatsChampion(), MaxCalibrationGap(8.0), SliceFloor("carrier")),
    description="How many minutes late a flight from New York arrives, two hours before it leaves.",
    owners=("team:flights",),
)
MODELS = (late_arrival, arrival_delay)
RETRAIN = Retrain(max_age="28d", calibration_gap=0.03, cooldown="14d")
