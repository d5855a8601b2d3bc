"""Monitoring tables: what each day's predictions saw, how they turned out, and what was decided."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.schema import Kind
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.tables import PartitionedTable

PROFILES: Mapping[str, Kind] = {
    "day": "time",
    "model_version": "integer",
    "feature": "text",
    "counts": "text",
}
PERFORMANCE: Mapping[str, Kind] = {
    "day": "time",
    "predicted_on": "time",
    "model_version": "integer",
    "predictions": "integer",
    "labels": "integer",
    "mean_prediction": "number",
    "mean_label": "number",
    "loss": "number",
    "baseline_loss": "number",
    "brier": "number",
    "auc": "number",
    "calibration_gap": "number",
    "calibration_error": "number",
    "drifted": "integer",
    "max_psi": "number",
    "max_psi_feature": "text",
}
DECISIONS: Mapping[str, Kind] = {
    "day": "time",
    "retrain": "boolean",
    "reason": "text",
    "numbers": "text",
}
_KINDS = {"profiles": PROFILES, "performance": PERFORMANCE, "decisions": DECISIONS}


class MonitoringStore:
    """The tables `profiles`, `performance` and `decisions` of each model, by day."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, kind: str, model: str, frame: pl.DataFrame, window: Window) -> int:
        """Replace the window's days of one table."""
        return self._table(kind, model).write(frame, window, pl.col("day")).version

    def read(self, kind: str, model: str, window: Window) -> pl.DataFrame:
        """The window's rows of one table, ordered by day."""
        return self._table(kind, model).read(window)

    def missing(self, kind: str, model: str, days: list[date]) -> list[date]:
        """Those of the days that were never written."""
        return [start.date() for start in self._table(kind, model).missing([midnight(day) for day in days])]

    def _table(self, kind: str, model: str) -> PartitionedTable:
        if kind not in _KINDS:
            raise DeclarationError(unknown("monitoring table", kind, _KINDS))
        return PartitionedTable(self.root / checked_name("model", model) / kind, _KINDS[kind])
