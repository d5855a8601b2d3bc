"""A candidate's figures on days that it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Comparison:
    """Candidate and champion on the same rows, which neither was fitted on.

    `gain` is the champion's loss less the candidate's; `low` and `high` bound nine tenths of it, by resampling whole
    days.
    """

    version: int
    rows: int
    candidate_loss: float
    champion_loss: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """Losses and calibration on the holdout days.

    `metric` is `log_loss` for a yes-or-no label and `rmse` for a number; `calibration_gap` is the mean prediction
    less the mean label, so in the label's unit; `slices` hold rows, loss and baseline loss by column and value.
    """

    metric: str
    rows: int
    loss: float
    baseline_loss: float
    calibration_gap: float
    auc: float | None = None
    champion: Comparison | None = None
    slices: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
