"""Monitoring tables: what each day's predictions saw, how they turned out, and what was decided."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import TableContract
from fti_assets.stores.tables import PartitionedTable

PROFILES: Mapping[str, Kind] = {
    "day": Kind.TIME,
    "model_version": Kind.INTEGER,
    "feature": Kind.TEXT,
    "counts": Kind.TEXT,
}
PERFORMANCE: Mapping[str, Kind] = {
    "day": Kind.TIME,
    "predicted_on": Kind.TIME,
    "model_version": Kind.INTEGER,
    "predictions": Kind.INTEGER,
    "labels": Kind.INTEGER,
    "mean_prediction": Kind.NUMBER,
    "mean_label": Kind.NUMBER,
    "loss": Kind.NUMBER,
    "baseline_loss": Kind.NUMBER,
    "brier": Kind.NUMBER,
    "auc": Kind.NUMBER,
    "calibration_gap": Kind.NUMBER,
    "calibration_error": Kind.NUMBER,
    "drifted": Kind.INTEGER,
    "max_psi": Kind.NUMBER,
    "max_psi_feature": Kind.TEXT,
}
DECISIONS: Mapping[str, Kind] = {
    "day": Kind.TIME,
    "retrain": Kind.BOOLEAN,
    "reason": Kind.TEXT,
    "numbers": Kind.TEXT,
}
_KINDS = {"profiles": PROFILES, "performance": PERFORMANCE, "decisions": DECISIONS}


class MonitoringStore:
    """The tables `profiles`, `performance` and `decisions` of each model, by day."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

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
        return PartitionedTable(self._storage.at(checked_name("model", model), kind), TableContract(_KINDS[kind]))
