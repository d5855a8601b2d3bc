"""The flights' training pipeline: a code location."""

from fti_assets.assets.definitions import training_pipeline
from fti_assets.flights import contracts as c

defs = training_pipeline(*c.MODELS, retrain=c.RETRAIN, since=c.SINCE, first_cutoff=c.FIRST_CUTOFF, until=c.UNTIL)
