"""What the flights' three pipelines agree on: feature groups, one view, two models, one system."""

from functools import partial
from typing import Any

import fti_assets as fti
from fti_assets.flights import schemas
from fti_assets.flights.on_demand import calendar, overdue, turn

FIRST_CUTOFF = "2013-06-01"
HOURS, LONG, DAYS = ["1h", "3h", "12h"], ["3h", "12h"], ["1d", "7d", "30d"]
grid: dict[str, Any] = {"every": "30min", "lookback": "1h"}

feature_group = partial(fti.FeatureGroup, owners="team:flights")

departures = feature_group(schemas.Departure, keys="flight_id", event_time="predict_at", name="departures")
recent = partial(feature_group, keys="flight_id", lookback="36h")
due = recent(schemas.Due, event_time="due_at", name="due")
takeoffs = recent(schemas.Takeoff, event_time="departed_at", name="takeoffs")
arrivals = recent(schemas.Arrival, event_time="scheduled_arrival", known_at="landed_at", name="arrivals")
weather = feature_group(
    schemas.Weather,
    keys="origin",
    event_time="observed_at",
    known_at="published_at",
    lookback="6h",
    tags={"feed": "asos"},
)
aircraft = feature_group(schemas.Aircraft, keys="tail_number", dimension=True, tags={"feed": "faa"})

airline = ["carrier", "origin"]
late, planned = {"is_late": "mean"}, {"flight": "count"}
landed, left = {"delay": "mean", "lost": "mean"} | late, {"delay": "mean"} | planned
origin_landings = arrivals.windows(
    "origin", landed, over={"delay": HOURS, "lost": HOURS, "is_late": "3h"}, name="origin_landings", **grid
)
destination_landings = arrivals.windows(
    "destination", landed, over={"delay": LONG, "lost": LONG, "is_late": "12h"}, name="destination_landings", **grid
)
origin_takeoffs = takeoffs.windows(
    "origin", left | late, over={"delay": HOURS, "flight": HOURS, "is_late": "3h"}, name="origin_takeoffs", **grid
)
airline_takeoffs = takeoffs.windows(airline, left, over=HOURS, name="airline_takeoffs", **grid)
airline_due = due.windows(airline, planned, over=LONG, name="airline_due", **grid)
origin_due = due.windows("origin", planned, over=HOURS, name="origin_due", **grid)
origin_schedule = departures.windows("origin", planned, over=["1h", "2h"], name="origin_schedule", **grid)
carriers = arrivals.windows("carrier", late, over=DAYS, name="carriers")
origins = arrivals.windows("origin", late, over=DAYS, name="origins")
destinations = arrivals.windows("destination", late, over=["1d", "7d"], name="destinations")
routes = arrivals.windows(["origin", "destination"], {"delay": "mean"}, over=DAYS[1:], name="routes")
tail_numbers = arrivals.windows("tail_number", {"delay": "mean"}, over=DAYS[1:], name="tail_numbers")
flight_numbers = arrivals.windows(
    ["carrier", "flight"], late | {"delay": "mean"}, over={"is_late": "30d", "delay": DAYS[1:]}, name="flight_numbers"
)

last_takeoff = takeoffs["scheduled_departure", "departed_at", "block_minutes", "delay"].by("tail_number")
last_landing = arrivals["scheduled_departure", "landed_at", "arrival_delay"].by("tail_number")
counts = [f"flight_count_{hours}" for hours in HOURS]  # for `overdue` alone
flight = fti.FeatureView(
    spine=departures,
    label={"is_late": arrivals["is_late"].within(days=2), "delay": arrivals["arrival_delay"].within(days=2)},
    features=[
        departures["carrier", "origin", "destination", "flight", "distance"],
        weather,
        aircraft["year_built", "seats"],
        last_takeoff.prefixed("aircraft_left_").hidden("block_minutes", "delay"),
        last_landing.prefixed("aircraft_landed_").hidden("arrival_delay"),
        due["due_at", "block_minutes"].by("tail_number").prefixed("aircraft_due_").hidden(),
        origin_landings.select().prefixed("origin_landed_"),
        origin_takeoffs.select().prefixed("origin_left_").hidden(*counts),
        origin_due.select().prefixed("origin_due_").hidden(),
        origin_schedule.select().prefixed("origin_scheduled_"),
        airline_takeoffs.select().prefixed("airline_left_").hidden(*counts),
        airline_due.select().prefixed("airline_due_").hidden(),
        destination_landings.select().prefixed("destination_landed_"),
        carriers.select().prefixed("carrier_"),
        routes.select().prefixed("route_"),
        destinations.select().prefixed("destination_"),
        origins.select().prefixed("origin_"),
        flight_numbers.select().prefixed("flight_number_"),
        tail_numbers.select().prefixed("tail_number_"),
    ],
    on_demand=[calendar, overdue, turn],
)
trees = fti.XGBoost(
    rounds=60,
    max_depth=5,
    learning_rate=0.15,
    params={"subsample": 0.7, "colsample_bynode": 0.25, "min_child_weight": 30, "reg_lambda": 5, "max_bin": 32},
    ordered_categories=True,
)
late_arrival = fti.Model(
    "late_arrival",
    view=flight,
    label="is_late",
    estimator=trees,
    gates=[fti.BeatsBaseline(), fti.BeatsChampion(), fti.MaxCalibrationGap(0.05), fti.SliceFloor("carrier")],
    description="How likely a flight from New York is to arrive 15 minutes late or more, two hours before it leaves.",
    owners="team:flights",
)
arrival_delay = fti.Model(
    "arrival_delay",
    view=flight,
    label="delay",
    estimator=trees,
    gates=[fti.BeatsBaseline(), fti.BeatsChampion(), fti.MaxCalibrationGap(8.0), fti.SliceFloor("carrier")],
    description="How many minutes late a flight from New York arrives, two hours before it leaves.",
    owners="team:flights",
)
# The calendar ends when the last labels of 2013 have matured.
flights = fti.System("flights", models=[late_arrival, arrival_delay], since="2013-01-01", until="2014-01-04")
