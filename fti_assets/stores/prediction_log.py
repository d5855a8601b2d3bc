"""The prediction log: issued once, immutable, each row naming the model that made it."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import TableContract
from fti_assets.stores.tables import PartitionedTable


class PredictionLog:
    """Each model's predictions by the day of their prediction time."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def append(self, model: Model, frame: pl.DataFrame, window: Window) -> int:
        """Issue the window's days; raises AlreadyIssued, with nothing written, if one of them was issued before."""
        return self._table(model).write(frame, window, pl.col("predicted_for"), once=True).version

    def read(self, model: Model, window: Window) -> pl.DataFrame:
        """The window's predictions, ordered by day and then as issued."""
        return self._table(model).read(window)

    def missing(self, model: Model, days: Sequence[date]) -> list[date]:
        """Those of the days that were not issued."""
        return [start.date() for start in self._table(model).missing([midnight(day) for day in days])]

    def _table(self, model: Model) -> PartitionedTable:
        return PartitionedTable(self._storage.at(model.name), TableContract(prediction_columns(model)))


def prediction_columns(model: Model) -> Mapping[str, Kind]:
    """The spine's keys, the time predicted for, the prediction, and which model, content and run it came from."""
    spine = model.view.spine
    return {
        **{key: spine.columns[key] for key in spine.keys},
        "predicted_for": Kind.TIME,
        "prediction": Kind.NUMBER,
        "model_version": Kind.INTEGER,
        "content_id": Kind.TEXT,
        "run_id": Kind.TEXT,
    }
