"""Training datasets: journals of manifests that name slices of a view and, beside each, the labels of its rows."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
import pandas as pd
import polars as pl

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.names import checked_name
from fti_assets.stores.frames import to_pandas
from fti_assets.stores.records import Records
from fti_assets.stores.sealed import canonical_json, sha256
from fti_assets.stores.slices import SliceStore
from fti_assets.stores.storage import Storage

ROW = "row"
"""The column of labels that has the place of the row in its slice, from 0."""
_CUTOFF = "%Y-%m-%dT%H%MZ"
_DECIDES_THE_ROWS = ("columns", "nullable", "parts")


@attrs.frozen
class Dataset:
    """The rows that a model is fitted on, as a manifest names them.

    Attributes:
        manifest: `columns` in order; `nullable` ones; `parts`, each the slice of some `rows` and that of their
            `labels`; the versions of all `tables` that were read; what it was `made_from`; figures.
    """

    manifest: Mapping[str, Any]
    _slices: SliceStore = attrs.field(eq=False, repr=False)

    @property
    def id(self) -> str:
        """The hash of all that decides the rows: the same pins give the same."""
        return sha256(canonical_json([self.manifest[name] for name in _DECIDES_THE_ROWS]))[:32]

    def read(self, since: tuple[str, datetime] | None = None) -> pd.DataFrame:
        """Its rows, ordered by prediction time; with `since` those whose column is at that time or later.

        Raises Corrupt, naming the object, when a slice or its labels are gone or were changed.
        """
        return self._in_pandas(pl.concat(self._parts(since)))

    def parts(self) -> Iterator[pd.DataFrame]:
        """The same rows in the same order, a slice at a time."""
        return map(self._in_pandas, self._parts())

    def _parts(self, since: tuple[str, datetime] | None = None) -> Iterator[pl.DataFrame]:
        for part in self.manifest["parts"]:
            labels = self._slices.of(part["labels"]).read()
            columns = [name for name in self.manifest["columns"] if name not in labels.columns]
            rows = self._slices.of(part["rows"]).read(columns)[labels[ROW]].hstack(labels.drop(ROW))
            yield rows if since is None else rows.filter(pl.col(since[0]) >= since[1])

    def _in_pandas(self, rows: pl.DataFrame) -> pd.DataFrame:
        return to_pandas(rows, nullable=self.manifest["nullable"])


class DatasetStore:
    """`<root>/<model>/<cutoff>/` is a journal of manifests, of which the last is the cutoff's dataset.

    Slices lie where the features are: what two datasets share is there once.
    """

    def __init__(self, storage: Storage, slices: SliceStore) -> None:
        self._storage = storage
        self._slices = slices

    def write(self, model: str, cutoff: datetime, manifest: Mapping[str, Any]) -> Dataset:
        """Make a dataset the cutoff's; nothing is added when it is that already."""
        self._journal(model, cutoff).append(
            lambda records: None if records and records[-1]["manifest"] == manifest else {"manifest": manifest}
        )
        return self.get(model, cutoff)

    def get(self, model: str, cutoff: datetime, identity: str | None = None) -> Dataset:
        """The cutoff's dataset of that id, or its newest."""
        records = self._journal(model, cutoff).all()
        if not records:
            raise MissingPartitions(
                f"dataset {model} at cutoff {cutoff:%Y-%m-%d} was not built: materialize datasets/{model}"
            )
        for record in reversed(records):
            dataset = Dataset(record["manifest"], self._slices)
            if identity in (None, dataset.id):
                return dataset
        raise MissingPartitions(f"dataset {model} at cutoff {cutoff:%Y-%m-%d} has no version {identity}")

    def cutoffs(self, model: str) -> list[datetime]:
        """The cutoffs of which there is a dataset, in order."""
        return [datetime.strptime(name, _CUTOFF).replace(tzinfo=UTC) for name in self._storage.names(model)]

    def _journal(self, model: str, cutoff: datetime) -> Records:
        return Records(self._storage.at(checked_name("model", model), cutoff.astimezone(UTC).strftime(_CUTOFF)))
