"""One stretch of days under several ways of retraining, on the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window
from fti_assets.models.evaluation import metric_of
from fti_assets.models.metrics import auc, calibration_gap, loss
from fti_assets.models.scorer import Scorer
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion
from fti_assets.views.labels import LABEL, matured, read_labels
from fti_assets.views.reading import read_view


@dataclass(frozen=True)
class Figures:
    """How one way did on some rows.

    `auc` is None for a number, and where one class is missing or all predictions are equal.
    """

    rows: int
    loss: float
    calibration_gap: float
    auc: float | None


@dataclass(frozen=True)
class Lived:
    """A window's spine with features and labels, NaN where there is none or not yet; ready to be scored by anyone."""

    model: Model
    frame: pd.DataFrame
    label: np.ndarray

    @classmethod
    def through(cls, model: Model, window: Window, home: Home) -> "Lived":
        """Read the window's rows and their labels, of which those count that are final in what is there.

        Raises MissingPartitions when a day of the window was never written.
        """
        home.features.require(model.view.label.group, window)
        frame = read_view(model.view, window, home.features)
        spine = to_polars(frame, model.view.spine.columns)
        final = matured(model.view, spine, home.features.known_until(model.view.label.group) or window.start)
        labels = read_labels(model, spine, window, home)[LABEL].to_numpy().astype(np.float64)
        return cls(model, frame, np.where(final.to_numpy(), labels, np.nan))

    def under(self, schedule: Sequence[tuple[datetime, ModelVersion]]) -> np.ndarray:
        """Every row predicted by the version whose time had come last; NaN before the first."""
        answer = np.full(len(self.frame), np.nan)
        for version, rows in self._served(schedule):
            answer[rows] = Scorer(version).predict(self.frame[rows])
        return answer

    def issued(self, window: Window, home: Home) -> np.ndarray:
        """Every row as the prediction log holds it; NaN where none was issued."""
        spine, at = self.model.view.spine, self.model.view.predicted_at
        identity = [*spine.keys, at]  # a key may be predicted more than once
        log = home.prediction_log.read(self.model, window).rename({"predicted_for": at})
        rows = to_polars(self.frame, {column: spine.columns[column] for column in identity})
        predicted = rows.join(log, on=identity, how="left", maintain_order="left", validate="1:1")
        return predicted["prediction"].to_numpy().astype(np.float64)

    def constant(self, schedule: Sequence[tuple[datetime, ModelVersion]]) -> np.ndarray:
        """Every row predicted by the training mean of the version whose time had come last; NaN before the first."""
        answer = np.full(len(self.frame), np.nan)
        for version, rows in self._served(schedule):
            answer[rows] = version.read_json("metrics.json")["baseline"]
        return answer

    def _served(self, schedule: Sequence[tuple[datetime, ModelVersion]]) -> list[tuple[ModelVersion, np.ndarray]]:
        """The versions whose time had come last for some rows, and which rows."""
        ordered = sorted(schedule, key=lambda entry: entry[0])
        begun = np.zeros(len(self.frame), dtype=np.int64)
        for begin, _ in ordered:
            begun += (self.frame[self.model.view.predicted_at] >= begin).to_numpy()
        return [(version, begun == n) for n, (_, version) in enumerate(ordered, start=1) if (begun == n).any()]

    def figures(self, prediction: np.ndarray) -> dict[str, Figures]:
        """The figures of each month and of all (`"all"`), over the rows that have a label."""
        months = self.frame[self.model.view.predicted_at].dt.strftime("%Y-%m").to_numpy()
        known = ~np.isnan(self.label)
        parts = {str(month): known & (months == month) for month in sorted(set(months))} | {"all": known}
        return {name: self._figures(rows, prediction) for name, rows in parts.items() if rows.any()}

    def _figures(self, rows: np.ndarray, prediction: np.ndarray) -> Figures:
        label, said = self.label[rows], prediction[rows]
        is_binary = self.model.view.label.is_binary
        area = auc(label, said) if is_binary and 0 < label.mean() < 1 and said.min() < said.max() else None
        return Figures(int(rows.sum()), loss(metric_of(is_binary), label, said), calibration_gap(label, said), area)
