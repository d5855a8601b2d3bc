"""The flights' feature pipeline: a code location."""

from fti_assets.assets.definitions import feature_pipeline
from fti_assets.flights import contracts as c
from fti_assets.flights import sources
from fti_assets.flights import transformations as t

HOURS = ("1h", "3h", "12h")
DAYS = ("1d", "7d", "30d")
EVERY = "30min"

BINDINGS = (
    c.departures.computed(t.as_scheduled, sources.schedule),
    c.due.computed(t.as_due, sources.due),
    c.takeoffs.computed(t.as_left, sources.takeoffs),
    c.arrivals.computed(t.as_landed, sources.landings),
    c.weather.computed(t.as_published, sources.observations),
    c.aircraft.computed(t.as_registered, sources.aircraft),
    c.origin_landings.aggregated(
        c.arrivals, "origin", {"delay": ["mean"], "lost": ["mean"], "is_late": ["mean"]}, HOURS, EVERY
    ),
    c.origin_takeoffs.aggregated(
        c.takeoffs, "origin", {"delay": ["mean"], "flight": ["count"], "is_late": ["mean"]}, HOURS, EVERY
    ),
    c.origin_due.aggregated(c.due, "origin", {"flight": ["count"]}, HOURS, EVERY),
    c.origin_schedule.aggregated(c.departures, "origin", {"flight": ["count"]}, ("1h", "2h"), EVERY),
    c.airline_takeoffs.aggregated(
        c.takeoffs, ("carrier", "origin"), {"delay": ["mean"], "flight": ["count"]}, HOURS, EVERY
    ),
    c.airline_due.aggregated(c.due, ("carrier", "origin"), {"flight": ["count"]}, ("3h", "12h"), EVERY),
    c.destination_landings.aggregated(
        c.arrivals, "destination", {"delay": ["mean"], "lost": ["mean"], "is_late": ["mean"]}, ("3h", "12h"), EVERY
    ),
    c.carriers.aggregated(c.arrivals, "carrier", {"is_late": ["mean"]}, DAYS),
    c.routes.aggregated(c.arrivals, ("origin", "destination"), {"delay": ["mean"]}, DAYS),
    c.destinations.aggregated(c.arrivals, "destination", {"is_late": ["mean"]}, DAYS),
    c.origins.aggregated(c.arrivals, "origin", {"is_late": ["mean"]}, DAYS),
    c.flight_numbers.aggregated(c.arrivals, ("carrier", "flight"), {"is_late": ["mean"], "delay": ["mean"]}, DAYS),
    c.tail_numbers.aggregated(c.arrivals, "tail_number", {"delay": ["mean"]}, DAYS),
)
defs = feature_pipeline(*BINDINGS, since=c.SINCE, until=c.UNTIL)
