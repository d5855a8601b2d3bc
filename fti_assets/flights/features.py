"""The flights' feature pipeline: a code location."""

from fti_assets.flights import contracts as c
from fti_assets.flights import sources
from fti_assets.flights import transformations as t

defs = c.flights.feature_pipeline(
    c.departures.computed(t.as_read, sources.schedule),
    c.due.computed(t.as_due, sources.due),
    c.takeoffs.computed(t.as_left, sources.takeoffs),
    c.arrivals.computed(t.as_landed, sources.landings),
    c.weather.computed(t.as_published, sources.observations),
    c.aircraft.computed(t.as_read, sources.aircraft),
    c.origin_landings,
    c.origin_takeoffs,
    c.origin_due,
    c.origin_schedule,
    c.airline_takeoffs,
    c.airline_due,
    c.destination_landings,
    c.carriers,
    c.routes,
    c.destinations,
    c.origins,
    c.flight_numbers,
    c.tail_numbers,
)
