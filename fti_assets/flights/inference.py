"""The flights' inference pipeline: a code location."""

from fti_assets.flights.contracts import FIRST_CUTOFF, flights

defs = flights.inference_pipeline(first_day=FIRST_CUTOFF)
