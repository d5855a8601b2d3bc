"""The training pipeline: dataset, split, fit, evaluate on later days, fit again on all rows, register."""

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.estimator import Estimator, Fitted
from fti_assets.contracts.evaluation import Evaluation
from fti_assets.contracts.fingerprint import model_version
from fti_assets.contracts.model import Model
from fti_assets.contracts.split import Split
from fti_assets.contracts.time import label_of
from fti_assets.models.boosting import XGBoost
from fti_assets.models.estimators import name_of
from fti_assets.models.evaluation import evaluate
from fti_assets.models.scorer import TRIAL
from fti_assets.models.transforms import Preprocessing, fit_preprocessing
from fti_assets.monitoring.drift import fit_reference, to_bytes
from fti_assets.stores.datasets import Dataset
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion
from fti_assets.training.card import card
from fti_assets.views.labels import LABEL

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
    importance: Mapping[str, float]


@dataclass(frozen=True)
class _Fit:
    """The recipe applied to some rows: what prepares a row, and what was learned from the prepared ones."""

    preprocessing: Preprocessing
    fitted: Fitted

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        return self.fitted.predict(self.preprocessing.transform(frame))

    def files(self, prefix: str = "") -> dict[str, bytes]:
        files = {"preprocessing.json": self.preprocessing.to_json(), **self.fitted.files()}
        return {f"{prefix}{name}": content for name, content in files.items()}


def train(model: Model, cutoff: datetime, home: Home, facts: Mapping[str, Any] | None = None) -> Trained:
    """Fit, evaluate and register a candidate from the cutoff's dataset.

    Of the dataset's rows, which are all matured, those of the last `holdout` are kept back, and what is fitted for
    the evaluation uses only labels that were final before they begin: the embargo. The candidate itself is the same
    recipe on all rows.
    """
    dataset = home.datasets.get(model.name, cutoff)
    frame = dataset.read()
    early, late = split(model, cutoff, frame)
    if not early.any() or not late.any():
        raise MissingPartitions(
            f"{model.name} at cutoff {cutoff:%Y-%m-%d}: {int(early.sum())} rows to fit and {int(late.sum())} to "
            f"evaluate on, as labels are final after {label_of(model.view.label.horizon)}; both are needed: choose a "
            f"later cutoff or a shorter holdout than {label_of(model.holdout)}"
        )
    label = frame[LABEL].to_numpy(dtype=np.float64)
    trial = _fit(model, frame[early], label[early])
    held_out, baseline = frame[late], float(label[early].mean())
    prediction = trial.predict(held_out)
    slices = {column: held_out[column] for column in model.slices}
    evaluation = evaluate(model.view.label.is_binary, label[late], prediction, baseline, slices)
    candidate = _fit(model, frame, label, like=trial)
    importance = candidate.fitted.importance()
    files = {
        **_served_files(model, frame, candidate),
        **trial.files(TRIAL),
        "metrics.json": _json(
            {
                **asdict(evaluation),
                "baseline": float(label.mean()),
                "trial_baseline": baseline,
                "importance": dict(importance),
            }
        ),
        "reference.json": _reference(model, frame),
        "card.md": card(model, cutoff, dataset, evaluation, importance).encode(),
    }
    version = home.registry.register(model.name, files, cutoff=cutoff, facts=_facts(model, dataset, facts))
    return Trained(version, evaluation, label[late], prediction, importance)


def fit_unjudged(model: Model, cutoff: datetime, home: Home) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The recipe on all rows of the cutoff's dataset, not evaluated: files and facts of a version to compare with."""
    dataset = home.datasets.get(model.name, cutoff)
    frame = dataset.read()
    label = frame[LABEL].to_numpy(dtype=np.float64)
    files = {
        **_served_files(model, frame, _fit(model, frame, label)),
        "metrics.json": _json({"baseline": float(label.mean())}),
    }
    return files, _facts(model, dataset, {"trigger": "comparison"})


def split(model: Model, cutoff: datetime, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Which rows fit the trial (labels final when the holdout begins) and which evaluate it (predicted after)."""
    bounds, predicted_at = Split.of(model, cutoff), frame[model.view.predicted_at]
    return (predicted_at < bounds.fitted_before).to_numpy(), (predicted_at >= bounds.evaluated_from).to_numpy()


def _fit(model: Model, frame: pd.DataFrame, label: np.ndarray, like: _Fit | None = None) -> _Fit:
    """The model's recipe on these rows; what `like` prepared of a part of them is used again where it can be."""
    preprocessing = fit_preprocessing(frame, model.view.columns)
    earlier = like.fitted if like and like.preprocessing == preprocessing else None
    matrix, is_binary = preprocessing.transform(frame), model.view.label.is_binary
    return _Fit(preprocessing, _estimator(model).fit(matrix, label, preprocessing.kinds, is_binary, earlier))


def _estimator(model: Model) -> Estimator:
    return model.estimator or XGBoost()


def _served_files(model: Model, frame: pd.DataFrame, fit: _Fit) -> dict[str, bytes]:
    """The files that answering needs."""
    signature = {
        "features": dict(model.view.columns),
        "label": str(model.view.label),
        "estimator": name_of(_estimator(model)),
        "files": sorted(fit.fitted.files()),
    }
    return {**fit.files(), "signature.json": _json(signature), "golden.json": _golden(frame, fit)}


def _golden(frame: pd.DataFrame, fit: _Fit) -> bytes:
    """Some rows as the model sees them and what it answers: replayed at every load."""
    rows = frame.iloc[np.linspace(0, len(frame) - 1, min(GOLDEN_ROWS, len(frame)), dtype=int)]
    matrix = fit.preprocessing.transform(rows)
    cells = [[None if np.isnan(cell) else float(cell) for cell in row] for row in matrix]
    return _json({"rows": cells, "predictions": fit.fitted.predict(matrix, threads=1).tolist()})


def _reference(model: Model, frame: pd.DataFrame) -> bytes:
    """The training rows' profile, which monitoring compares later days with."""
    profiled = frame.iloc[:: 1 + len(frame) // PROFILED_ROWS]
    days = profiled[model.view.predicted_at].dt.date.to_numpy()
    return to_bytes(fit_reference(profiled[list(model.view.columns)], model.view.columns, days))


def _facts(model: Model, dataset: Dataset, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "dataset": dataset.id,
        "rows": dataset.manifest["rows"],
        "whole_from": dataset.manifest.get("whole_from"),
        "tables": dataset.manifest["tables"],
        "recipe": model_version(model),
        "parameters": dict(_estimator(model).parameters(model.view.label.is_binary)),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        **(facts or {}),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False).encode()
