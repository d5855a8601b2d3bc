"""The training pipeline: dataset, split, fit, evaluate on later days, fit again on all rows, register."""

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.evaluation import Evaluation
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import label_of
from fti_assets.models.boosting import boost, dump, gain_by_feature, predict, quantize
from fti_assets.models.evaluation import evaluate
from fti_assets.models.transforms import Preprocessing, fit_preprocessing
from fti_assets.monitoring.drift import fit_reference, to_bytes
from fti_assets.stores.datasets import Dataset
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion
from fti_assets.views.labels import LABEL, LABEL_KNOWN_AT

if TYPE_CHECKING:
    import xgboost

GOLDEN_ROWS = 20
PROFILED_ROWS = 100_000
"""The training profile is that of about so many rows, evenly spaced in time: its deciles need no more."""
_PACKAGES = ("xgboost", "numpy", "pandas", "polars", "fti_assets")


@dataclass(frozen=True)
class Trained:
    """A registered candidate, its evaluation, and the holdout's labels and predictions for a plot."""

    version: ModelVersion
    evaluation: Evaluation
    label: np.ndarray
    prediction: np.ndarray
    gains: Mapping[str, float]


def train(model: Model, cutoff: datetime, home: Home, facts: Mapping[str, Any] | None = None) -> Trained:
    """Fit, evaluate and register a candidate from the cutoff's dataset.

    The rows predicted in the last `holdout` before the cutoff are kept back, and what is fitted for the evaluation
    uses only labels known before they begin: the embargo. The candidate itself is the same recipe on all rows.
    """
    dataset = home.datasets.get(model.name, cutoff)
    frame = dataset.read()
    early, late = split(model, cutoff, frame)
    if not early.any() or not late.any():
        raise MissingPartitions(
            f"{model.name} at cutoff {cutoff:%Y-%m-%d}: {int(early.sum())} rows to fit and {int(late.sum())} to "
            "evaluate on; both are needed: choose a later cutoff or a shorter holdout than "
            f"{label_of(model.holdout_length)}"
        )
    label = frame[LABEL].to_numpy(dtype=np.float64)
    is_binary = model.view.label.is_binary
    trial_preprocessing, trial_data = _quantized(model, frame[early], label[early])
    trial = boost(model.estimator, is_binary, trial_data)
    held_out = frame[late]
    prediction = predict(trial, trial_preprocessing.transform(held_out))
    baseline = float(label[early].mean())
    slices = {column: held_out[column] for column in model.slices}
    evaluation = evaluate(is_binary, label[late], prediction, baseline, slices)
    preprocessing, data = _quantized(model, frame, label, trial_preprocessing, trial_data)
    booster = boost(model.estimator, is_binary, data)
    gains = gain_by_feature(booster)
    profiled = frame.iloc[:: 1 + len(frame) // PROFILED_ROWS]
    days = profiled[model.view.predicted_at].dt.date.to_numpy()
    reference = fit_reference(profiled[list(model.view.columns)], model.view.columns, days)
    files = {
        **served_files(model, frame, booster, preprocessing),
        "trial.ubj": dump(trial),
        "trial_preprocessing.json": trial_preprocessing.to_json(),
        "metrics.json": _json(
            {
                **asdict(evaluation),
                "baseline": float(label.mean()),
                "trial_baseline": baseline,
                "gain_by_feature": gains,
            }
        ),
        "reference.json": to_bytes(reference),
        "card.md": card(model, cutoff, dataset, evaluation, gains).encode(),
    }
    version = home.registry.register(model.name, files, cutoff=cutoff, facts=_facts(model, dataset, facts))
    return Trained(version, evaluation, label[late], prediction, gains)


def fit_unjudged(model: Model, cutoff: datetime, home: Home) -> ModelVersion:
    """The recipe on all rows of the cutoff's dataset, registered with no evaluation: to compare with, not to serve."""
    dataset = home.datasets.get(model.name, cutoff)
    frame = dataset.read()
    label = frame[LABEL].to_numpy(dtype=np.float64)
    preprocessing, data = _quantized(model, frame, label)
    booster = boost(model.estimator, model.view.label.is_binary, data)
    files = {
        **served_files(model, frame, booster, preprocessing),
        "metrics.json": _json({"baseline": float(label.mean())}),
    }
    return home.registry.register(
        model.name, files, cutoff=cutoff, facts=_facts(model, dataset, {"trigger": "comparison"})
    )


def served_files(
    model: Model, frame: pd.DataFrame, booster: "xgboost.Booster", preprocessing: Preprocessing
) -> dict[str, bytes]:
    """The files that answering needs."""
    return {
        "model.ubj": dump(booster),
        "preprocessing.json": preprocessing.to_json(),
        "signature.json": _json({"features": dict(model.view.columns), "label": model.view.label.column}),
        "golden.json": golden(frame, booster, preprocessing),
    }


def _facts(model: Model, dataset: Dataset, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "dataset": dataset.id,
        "rows": dataset.manifest["rows"],
        "tables": dataset.manifest["tables"],
        "parameters": model.estimator.parameters(model.view.label.is_binary),
        "rounds": model.estimator.rounds,
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        **(facts or {}),
    }


def split(model: Model, cutoff: datetime, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Which rows fit the trial (label known before the holdout begins) and which evaluate it (predicted after)."""
    begin = cutoff - model.holdout_length
    early = (frame[LABEL_KNOWN_AT] < begin).to_numpy()
    late = (frame[model.view.predicted_at] >= begin).to_numpy()
    return early, late


def golden(frame: pd.DataFrame, booster: "xgboost.Booster", preprocessing: Preprocessing) -> bytes:
    """Some rows as the model sees them and what it answers: replayed at every load."""
    rows = frame.iloc[np.linspace(0, len(frame) - 1, min(GOLDEN_ROWS, len(frame)), dtype=int)]
    matrix = preprocessing.transform(rows)
    cells = [[None if np.isnan(cell) else float(cell) for cell in row] for row in matrix]
    return _json({"rows": cells, "predictions": predict(booster, matrix, threads=1).tolist()})


def card(model: Model, cutoff: datetime, dataset: Dataset, evaluation: Evaluation, gains: Mapping[str, float]) -> str:
    """The model card: what it is for, what it was fitted on, how good it is, what it looks at."""
    constant = evaluation.baseline_loss
    better = f" ({1 - evaluation.loss / constant:+.1%})" if constant else ""
    lines = [
        f"# {model.name}, cutoff {cutoff:%Y-%m-%d}",
        "",
        model.description or f"Predicts `{model.view.label.group.name}.{model.view.label.column}`.",
        "",
        f"Fitted on {dataset.manifest['rows']:,} rows known before the cutoff, dataset `{dataset.id}`.",
        f"Evaluated on {evaluation.rows:,} rows of the last {label_of(model.holdout_length)} before the cutoff, by the "
        "same recipe fitted on what was known before them.",
        "",
        "| figure | value |",
        "|---|---|",
        f"| {evaluation.metric} | {evaluation.loss:.4f} |",
        f"| constant baseline | {constant:.4f}{better} |",
        f"| calibration gap | {evaluation.calibration_gap:+.4f} |",
    ]
    if evaluation.auc is not None:
        lines.append(f"| AUC | {evaluation.auc:.4f} |")
    lines += ["", "| feature | share of gain |", "|---|---|"]
    lines += [f"| {name} | {gain:.1%} |" for name, gain in list(gains.items())[:12]]
    return "\n".join(lines) + "\n"


def _quantized(
    model: Model,
    frame: pd.DataFrame,
    label: np.ndarray,
    earlier: Preprocessing | None = None,
    earlier_data: "xgboost.QuantileDMatrix | None" = None,
) -> tuple[Preprocessing, "xgboost.QuantileDMatrix"]:
    """The rows' preprocessing, and the rows in bins: those of earlier rows where the preprocessing is the same."""
    preprocessing = fit_preprocessing(frame, model.view.columns)
    like = earlier_data if preprocessing == earlier else None
    return preprocessing, quantize(model.estimator, preprocessing.transform(frame), label, preprocessing, like)


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False).encode()
