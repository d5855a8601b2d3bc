"""How good predictions are on rows that the model has not seen."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fti_assets.contracts.evaluation import Comparison, Evaluation
from fti_assets.models.intervals import day_block_gain
from fti_assets.models.metrics import auc, calibration_gap, loss, row_losses


def metric_of(is_binary: bool) -> str:
    """The loss that a label's kind is judged by."""
    return "log_loss" if is_binary else "rmse"


def evaluate(
    is_binary: bool, label: np.ndarray, prediction: np.ndarray, baseline: float, slices: Mapping[str, pd.Series]
) -> Evaluation:
    """Losses and calibration, overall and by slice, beside a constant `baseline`."""
    metric = metric_of(is_binary)
    constant = np.full(len(label), baseline)
    return Evaluation(
        metric=metric,
        rows=len(label),
        loss=loss(metric, label, prediction),
        baseline_loss=loss(metric, label, constant),
        calibration_gap=calibration_gap(label, prediction),
        auc=auc(label, prediction) if is_binary and 0 < label.mean() < 1 else None,
        slices={name: _sliced(metric, label, prediction, constant, values) for name, values in slices.items()},
    )


def _sliced(
    metric: str, label: np.ndarray, prediction: np.ndarray, constant: np.ndarray, values: pd.Series
) -> dict[str, dict[str, float]]:
    figures = {}
    for value in sorted(str(v) for v in values.dropna().unique()):
        rows = (values == value).to_numpy(dtype=bool, na_value=False)
        figures[value] = {
            "rows": float(rows.sum()),
            "loss": loss(metric, label[rows], prediction[rows]),
            "baseline_loss": loss(metric, label[rows], constant[rows]),
        }
    return figures


def compare(
    is_binary: bool, label: np.ndarray, candidate: np.ndarray, champion: np.ndarray, days: np.ndarray, version: int
) -> Comparison:
    """Candidate against champion on the same rows, the gain's interval from resampled days."""
    if len(label) == 0:
        nothing = float("nan")
        return Comparison(version, 0, nothing, nothing, nothing, nothing, nothing)
    metric = metric_of(is_binary)
    gain, low, high = day_block_gain(
        row_losses(metric, label, champion), row_losses(metric, label, candidate), days, metric=metric
    )
    return Comparison(
        version=version,
        rows=len(label),
        candidate_loss=loss(metric, label, candidate),
        champion_loss=loss(metric, label, champion),
        gain=gain,
        low=low,
        high=high,
    )
