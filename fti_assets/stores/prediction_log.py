"""The prediction log: issued once, immutable, each row naming the model that made it."""

from collections.abc import Mapping, Sequence
from datetime import date

import attrs
import polars as pl

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import DAILY, Window, midnight
from fti_assets.stores.provenance import Provenance, ProvenanceStore
from fti_assets.stores.storage import Storage
from fti_assets.stores.table_contract import TableContract
from fti_assets.stores.tables import PartitionedTable


class PredictionLog:
    """Each model's predictions by the day of their prediction time."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.provenance = ProvenanceStore(storage.at("_provenance"))

    def append(
        self, model: Model, frame: pl.DataFrame, window: Window, made_from: Mapping[str, Provenance] | None = None
    ) -> int:
        """Issue the window's days; raises AlreadyIssued, with nothing written, if one of them was issued before.

        `made_from` says what each day's were made from, by its key. It is kept before they are issued, so that a killed
        writer leaves no issued day without it.
        """
        table, at = self._table(model), pl.col("predicted_for")
        contents = table.contents_to_be(frame, window, at)
        missing = set(map(str, self.missing(model, window.days)))
        made = {key: of_day for key, of_day in (made_from or {}).items() if key in missing}
        made = {key: attrs.evolve(of_day, content=contents[key]) for key, of_day in made.items()}
        self.provenance.keep(model.name, made)
        return table.write(frame, window, at, once=True).version

    def issued(self, model: Model) -> dict[str, str]:
        """The content of each day's predictions by its key, "" of a day without any."""
        return {DAILY.key(start): content for start, content in self._table(model).present().items()}

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
