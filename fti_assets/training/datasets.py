"""Building a training dataset: everything that was known before the cutoff, and nothing else."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import polars as pl

from fti_assets.contracts.catalogue_rows import model_row
from fti_assets.contracts.errors import ContractViolation, FailingCase, MissingPartitions
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window
from fti_assets.stores.datasets import Dataset
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.views.assemble import nullable_of
from fti_assets.views.labels import LABEL, LABEL_KNOWN_AT, read_labels
from fti_assets.views.reading import read_view, table_versions
from fti_assets.views.row_wise import check_row_wise


@dataclass(frozen=True)
class Built:
    """A dataset and its figures."""

    dataset: Dataset
    rows: int
    spine_rows: int


def build_dataset(model: Model, cutoff: datetime, since: datetime, home: Home) -> Built:
    """The view's rows from `since` whose label was known before `cutoff`, with their features; stored and pinned.

    Raises MissingPartitions when a day of a group before the cutoff was never written, or when the view has no day
    before it; ContractViolation when an on-demand function looks at other rows, or when the label's own column is a
    feature that is never known.
    """
    view = model.view
    window = view.part_of(Window(since, cutoff))
    if window is None:
        raise MissingPartitions(
            f"dataset {model.name} at cutoff {cutoff:%Y-%m-%d}, from {since:%Y-%m-%d}: its view has rows from "
            f"{view.since or 'ever'} until {view.until or 'ever'}: choose another cutoff"
        )
    store = home.features.snapshot()
    versions = table_versions(view, store)
    store.require(view.label.group, Window(window.start, min(window.end + view.label.horizon, cutoff)))
    frame = read_view(view, window, store, versions)
    check_row_wise(view, frame)
    _check_own_label(model, frame)
    spine = to_polars(frame, view.spine.columns)
    labels = read_labels(model, spine, window, cutoff, home, versions)
    features = to_polars(frame, {n: k for n, k in view.columns.items() if n not in spine.columns})
    table = pl.concat([spine, features, labels], how="horizontal")
    learned = table.filter(pl.col(LABEL).is_not_null()).sort(view.predicted_at, *view.spine.keys, maintain_order=True)
    own = [view.predicted_at, *view.spine.keys]
    kept = learned.select(list(dict.fromkeys([*own, *view.columns, LABEL, LABEL_KNOWN_AT])))
    manifest = {
        "model": model.name,
        "cutoff": cutoff.isoformat(),
        "since": window.start.isoformat(),
        "until": window.end.isoformat(),
        "where": view.where,
        "label": f"{view.label.group.name}.{view.label.column} within {view.label.horizon}",
        "rows": len(kept),
        "spine_rows": len(spine),
        "tables": versions,
        "columns": dict(view.columns),
        "nullable": nullable_of(view),
    }
    home.models.keep(model_row(model))
    return Built(home.datasets.write(model.name, cutoff, kept, manifest), len(kept), len(spine))


def _check_own_label(model: Model, frame: pd.DataFrame) -> None:
    """Refuse the label's own column as a feature where the label would be known only after each prediction.

    By an entity that comes back, or of a spine whose keys do, it is the latest known of earlier rows: a good feature.
    """
    view, label = model.view, model.view.label
    times = frame[view.predicted_at]
    later = times > times.min() + label.horizon
    for selection in view.joined:
        name = selection.names.get(label.column, "")
        if selection.group == label.group and name and later.any() and frame[name].isna().all():
            check = (
                f"is the label {label.group.name}[{label.column!r}], and not known of any row when it is predicted: "
                "leave it out, or look up what was known of another entity with .by(…)"
            )
            raise ContractViolation(f"dataset {model.name}", [FailingCase(name, check, "null", len(frame))])
