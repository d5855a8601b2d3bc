"""The flights' three pipelines as one code location, for `dg`."""

from fti_assets.flights import features, inference, training
from fti_assets.flights.contracts import flights

defs = flights.merged(features.defs, training.defs, inference.defs)
