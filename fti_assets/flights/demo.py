"""The flights' whole life: the three locations as one, and the year they live through."""

from datetime import date

from fti_assets.assets.definitions import merged
from fti_assets.demo.year import Lifetime
from fti_assets.flights import contracts as c
from fti_assets.flights import features, inference, training

defs = merged(features.defs, training.defs, inference.defs)
LIFETIME = Lifetime(
    models=c.MODELS,
    since=date.fromisoformat(c.SINCE),
    first_cutoff=date.fromisoformat(c.FIRST_CUTOFF),
    last_day=date.fromisoformat(c.LAST_DAY),
    until=date.fromisoformat(c.UNTIL),
)
