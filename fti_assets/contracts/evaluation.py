"""A candidate's figures on days that it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Comparison:
    """Candidate and champion on the same rows, which neither was fitted on.

    Attributes:
        version: the champion's.
        rows: how many.
        candidate_loss: in the metric of the evaluation.
        champion_loss: in the same.
        gain: the champion's loss less the candidate's.
        low: with `high` it bounds nine tenths of the gain, by resampling whole days.
        high: see `low`.
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
    """Losses and calibration on the holdout days, which a gate judges by.

    Attributes:
        metric: `log_loss` for a yes-or-no label, `rmse` for a number.
        rows: how many rows of the holdout have a label.
        loss: the candidate's.
        baseline_loss: of the training mean, said of every row.
        calibration_gap: the mean prediction less the mean label, in the label's unit.
        auc: for a yes-or-no label of which both answers are there.
        champion: the comparison with what serves; None where nothing does.
        slices: `rows`, `loss` and `baseline_loss` by column and value.

    Example:
        >>> import fti_assets as fti
        >>> evaluation = fti.Evaluation("log_loss", rows=900, loss=0.52, baseline_loss=0.61, calibration_gap=0.01)
        >>> fti.BeatsBaseline(margin=0.1).judge(evaluation).reason
        'log_loss 0.5200 against 0.6100, +14.8%'
    """

    metric: str
    rows: int
    loss: float
    baseline_loss: float
    calibration_gap: float
    auc: float | None = None
    champion: Comparison | None = None
    slices: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
