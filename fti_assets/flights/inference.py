"""The flights' inference pipeline: a code location."""

from fti_assets.flights import contracts as c
from fti_assets.orchestration.definitions import inference_pipeline
from fti_assets.spec.predictions import Predictions

PREDICTIONS = tuple(Predictions(model) for model in c.MODELS)
defs = inference_pipeline(*PREDICTIONS, since=c.SINCE, first_day=c.FIRST_CUTOFF, until=c.UNTIL)
