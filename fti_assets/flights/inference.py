"""The flights' inference pipeline: a code location."""

from fti_assets.assets.definitions import inference_pipeline
from fti_assets.contracts.predictions import Predictions
from fti_assets.flights import contracts as c

PREDICTIONS = tuple(Predictions(model) for model in c.MODELS)
defs = inference_pipeline(*PREDICTIONS, since=c.SINCE, first_day=c.FIRST_CUTOFF, until=c.UNTIL)
