"""The batch inference pipeline: each day's spine, predicted by the champion of that day."""

import json
from dataclasses import dataclass
from datetime import date

import attrs
import pandas as pd
import polars as pl

from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window, midnight
from fti_assets.inference.out_of_date import provenances
from fti_assets.models.scorer import Scorer
from fti_assets.monitoring.drift import from_bytes
from fti_assets.monitoring.profiles import counts
from fti_assets.stores.executor import Executor
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.stores.prediction_log import prediction_columns
from fti_assets.stores.provenance import Provenance
from fti_assets.stores.registry import ModelVersion
from fti_assets.views.joining import imported_by
from fti_assets.views.reading import read_view


@dataclass(frozen=True)
class Issued:
    """A day's predictions as they stand: issued now, or kept because they had been."""

    day: date
    rows: int
    model_version: int | None
    mean_prediction: float | None
    kept: bool


def issue(model: Model, window: Window, home: Home, run_id: str = "") -> list[Issued]:
    """Predict the window's days that were not issued yet; issued days are kept as they are.

    Each day uses the champion as of its first instant. Months are predicted where `$FTI_EXECUTOR` says and written in
    order. The profile of its features is written beside it, in the
    champion's bins, before the predictions: a killed run leaves no issued day without a profile.
    Days outside of the view's `since` and `until` have no rows and need no champion.
    Raises NoChampion when nothing served on a day, with nothing written.
    """
    todo = home.prediction_log.missing(model, window.days)
    asked = [day for day in todo if model.view.part_of(Window.of_days(day, day))]
    tasks = [
        Scoring(model, month, version.version, home, run_id)
        for version, part in _by_champion(model, asked, home)
        for month in part.months
    ]

    def write(task: Scoring, answer: tuple[pl.DataFrame, pl.DataFrame, dict[str, Provenance]]) -> None:
        rows, profiles, made_from = answer
        home.monitoring.write("profiles", model.name, profiles, task.window)
        home.prediction_log.append(model, rows, task.window, made_from)

    Executor().map(score, tasks, write, what=f"model {model.name}", imported=imported_by(model.view))
    log = home.prediction_log.read(model, window)
    return [_issued(day, log, kept=day not in todo) for day in window.days]


@attrs.frozen
class Scoring:
    """Days of at most a month, predicted by one version: all that a worker is told."""

    model: Model
    window: Window
    version: int
    home: Home
    run_id: str


def score(task: Scoring) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Provenance]]:
    """The days' rows for the prediction log, the profiles of their features, and what each day's are made from."""
    version, store = task.home.registry.get(task.model.name, task.version), task.home.features.snapshot()
    frame = read_view(task.model.view, task.window, store)
    rows = predicted(task.model, frame, Scorer(version), task.run_id)
    made_from = provenances(task.model, {str(day): "" for day in task.window.days}, lambda _: version, store)
    return rows, profiled(task.model, frame, version, task.window), made_from


def predicted(model: Model, frame: pd.DataFrame, scorer: Scorer, run_id: str) -> pl.DataFrame:
    """The prediction log's rows for a view's frame."""
    spine, version = model.view.spine, scorer.version
    keys = to_polars(frame, {key: spine.columns[key] for key in (*spine.keys, model.view.predicted_at)})
    return (
        keys.rename({model.view.predicted_at: "predicted_for"})
        .select(
            *spine.keys,
            "predicted_for",
            pl.Series("prediction", scorer.predict(frame)),
            pl.lit(version.version, pl.Int64).alias("model_version"),
            pl.lit(version.content_id).alias("content_id"),
            pl.lit(run_id).alias("run_id"),
        )
        .select(list(prediction_columns(model)))
    )


def profiled(model: Model, frame: pd.DataFrame, version: ModelVersion, window: Window) -> pl.DataFrame:
    """Each day's counts of each feature in the bins that were frozen with the version."""
    bins = from_bytes(version.read("reference.json")).bins
    days = frame[model.view.predicted_at].dt.date
    rows = [
        (midnight(day), version.version, feature, json.dumps(bin_counts.tolist()))
        for day in window.days
        for feature, bin_counts in counts(frame[days == day], bins).items()
    ]
    return pl.DataFrame(rows, schema=["day", "model_version", "feature", "counts"], orient="row")


def _by_champion(model: Model, days: list[date], home: Home) -> list[tuple[ModelVersion, Window]]:
    """Consecutive days of one champion each, all found before anything is written."""
    parts: list[tuple[ModelVersion, Window]] = []
    for day in sorted(days):
        version = home.registry.champion(model.name, midnight(day))
        if parts and parts[-1][0].version == version.version and parts[-1][1].end == midnight(day):
            parts[-1] = (version, Window(parts[-1][1].start, Window.of_days(day, day).end))
        else:
            parts.append((version, Window.of_days(day, day)))
    return parts


def _issued(day: date, log: pl.DataFrame, kept: bool) -> Issued:
    rows = log.filter(pl.col("predicted_for").dt.date() == day)
    version = rows["model_version"].max() if len(rows) else None
    mean = rows["prediction"].mean() if len(rows) else None
    return Issued(day, len(rows), version, mean, kept)  # type: ignore[arg-type]
