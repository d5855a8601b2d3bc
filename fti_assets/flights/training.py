"""The flights' training pipeline: a code location."""

import fti_assets as fti
from fti_assets.flights.contracts import FIRST_CUTOFF, flights

# Calibration gaps are in the label's unit: a share of flights, and minutes, which swing more from week to week.
defs = flights.training_pipeline(
    retrain={
        "late_arrival": fti.Retrain(max_age="28d", calibration_gap=0.03, cooldown="14d"),
        "arrival_delay": fti.Retrain(max_age="56d", calibration_gap=8.0, cooldown="28d"),
    },
    first_cutoff=FIRST_CUTOFF,
)
