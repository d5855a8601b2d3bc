"""Watching issued predictions: how they turned out once their labels matured, and whether the features drift."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from fti_assets.contracts.model import Model
from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.time import DAY, Window, midnight
from fti_assets.models.evaluation import metric_of
from fti_assets.models.metrics import auc, brier, calibration_gap, expected_calibration_error, loss
from fti_assets.monitoring.drift import drift, drifted, from_bytes
from fti_assets.stores.home import Home
from fti_assets.stores.monitoring import PERFORMANCE
from fti_assets.views.labels import LABEL, read_labels


@dataclass(frozen=True)
class DayWatched:
    """What became known on one day: the figures of the predictions that matured, and the drift of the days before.

    None where it cannot be said (no labels, one class only, no profile).
    """

    day: datetime
    predicted_on: datetime
    model_version: int | None
    predictions: int
    labels: int
    mean_prediction: float | None = None
    mean_label: float | None = None
    loss: float | None = None
    baseline_loss: float | None = None
    brier: float | None = None
    auc: float | None = None
    calibration_gap: float | None = None
    calibration_error: float | None = None
    drifted: int | None = None
    max_psi: float | None = None
    max_psi_feature: str | None = None


def maturing_days(model: Model) -> int:
    """How many days after its day a prediction's label is known, or never will be."""
    return 1 + math.ceil(model.view.label.horizon / DAY)


def watch(predictions: Predictions, window: Window, home: Home) -> list[DayWatched]:
    """What became known on each of the window's days about the predictions issued before; written to the table.

    Day D measures the predictions whose labels' horizon ended by D 00:00, once, so early figures cannot mislead, and
    compares the features of the `drift_days` before D, and of those before them, with training. It reads nothing that
    was known on D or later.
    Raises MissingPartitions when label partitions before D were never written.
    """
    model = predictions.model
    lag = timedelta(days=maturing_days(model))
    predicted = Window(window.start - lag, window.end - lag)
    home.features.require_history(model.view.label.group, Window(predicted.start, window.end - DAY))
    log = home.prediction_log.read(model, predicted)
    labels = labels_of(model, log, predicted, home)
    length = timedelta(days=predictions.drift_days)
    profiles = home.monitoring.read("profiles", model.name, window.widened(before=2 * length))
    watched = []
    for day in window.days:
        rows = (log["predicted_for"].dt.date() == day - lag).to_numpy()
        drifting = _drift(model, profiles, midnight(day), length, home)
        figures = measured(model, log.filter(rows), labels[rows], home) | drifting
        watched.append(DayWatched(day=midnight(day), predicted_on=midnight(day - lag), **figures))
    home.monitoring.write("performance", model.name, _table(watched), window)
    return watched


def labels_of(model: Model, log: pl.DataFrame, window: Window, home: Home) -> np.ndarray:
    """The label of each logged prediction as a number, NaN where it has none when its horizon is over."""
    spine = log.select(*model.view.spine.keys, pl.col("predicted_for").alias(model.view.predicted_at))
    missing = [key for key in model.view.label.spine_keys.values() if key not in spine.columns]
    if missing:
        identity = [*model.view.spine.keys, model.view.predicted_at]
        rows = home.features.read(model.view.spine, window, [*identity, *missing])
        spine = spine.join(rows, on=identity, how="left", maintain_order="left", validate="m:1")
    return read_labels(model, spine, window, home)[LABEL].to_numpy().astype(np.float64)


def measured(model: Model, log: pl.DataFrame, label: np.ndarray, home: Home) -> dict[str, Any]:
    """The performance columns of one day's predictions."""
    known = ~np.isnan(label)
    version = int(log["model_version"][0]) if len(log) else None
    figures: dict[str, Any] = {"model_version": version, "predictions": len(log), "labels": int(known.sum())}
    if version is None or not known.any():
        return figures
    actual, said = label[known], log["prediction"].to_numpy()[known]
    metric = metric_of(model.view.label.is_binary)
    baseline = home.registry.get(model.name, version).read_json("metrics.json")["baseline"]
    figures |= {
        "mean_prediction": float(said.mean()),
        "mean_label": float(actual.mean()),
        "loss": loss(metric, actual, said),
        "baseline_loss": loss(metric, actual, np.full(len(actual), baseline)),
        "calibration_gap": calibration_gap(actual, said),
    }
    if model.view.label.is_binary:
        figures |= {
            "brier": brier(actual, said),
            "auc": auc(actual, said) if 0 < actual.mean() < 1 else None,
            "calibration_error": expected_calibration_error(actual, said),
        }
    return figures


def _drift(model: Model, profiles: pl.DataFrame, day: datetime, length: timedelta, home: Home) -> dict[str, Any]:
    """PSI of the `length` before the day against the training profile of the version that served at its end.

    Only whole windows of one version are compared (a week without its Sunday would seem to drift), and a feature has
    drifted when it left its profile in this window and in the one before.
    """
    ending = profiles.filter(pl.col("day") < day)
    if ending.is_empty():
        return {}
    version = int(ending["model_version"][-1])
    own = ending.filter(pl.col("model_version") == version)
    now, before = (_summed(own, end - length, end) for end in (day, day - length))
    if not now:
        return {}
    reference = from_bytes(home.registry.get(model.name, version).read("reference.json"))
    psis = {name: value for name, value in drift(reference, now).items() if not np.isnan(value)}
    if not psis:
        return {}
    most = max(psis, key=lambda name: psis[name])
    left = set(drifted(reference, psis)) & set(drifted(reference, drift(reference, before)) if before else ())
    return {"drifted": len(left), "max_psi": psis[most], "max_psi_feature": most}


def _summed(profiles: pl.DataFrame, start: datetime, end: datetime) -> dict[str, np.ndarray]:
    """The window's counts by feature; none when one of its days has no profile."""
    window = profiles.filter(pl.col("day").is_between(start, end, closed="left"))
    if window["day"].n_unique() < len(Window(start, end).days):
        return {}
    sums: dict[str, np.ndarray] = {}
    for feature, text in window.select("feature", "counts").iter_rows():
        counted = np.array(json.loads(text))
        sums[feature] = sums[feature] + counted if feature in sums else counted
    return sums


def _table(watched: Sequence[DayWatched]) -> pl.DataFrame:
    schema = {name: kind.polars for name, kind in PERFORMANCE.items()}
    return pl.DataFrame([asdict(row) for row in watched], schema=schema)
