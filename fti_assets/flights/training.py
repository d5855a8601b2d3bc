"""The flights' training pipeline: a code location."""

from fti_assets.flights import contracts as c
from fti_assets.orchestration.definitions import training_pipeline

defs = training_pipeline(*c.MODELS, retrain=c.RETRAIN, since=c.SINCE, first_cutoff=c.FIRST_CUTOFF, until=c.UNTIL)
