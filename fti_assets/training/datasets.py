"""Building a training dataset: the rows that were matured at the cutoff, with what was known of each in its time."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import polars as pl

from fti_assets.contracts.catalogue_rows import model_row
from fti_assets.contracts.errors import ContractViolation, FailingCase, MissingPartitions
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.model import Model
from fti_assets.contracts.split import Split
from fti_assets.contracts.time import Window, label_of
from fti_assets.stores.datasets import Dataset
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.views.assemble import nullable_of
from fti_assets.views.labels import LABEL, LABEL_KNOWN_AT, read_labels
from fti_assets.views.reading import read_view, table_versions
from fti_assets.views.row_wise import check_row_wise


@dataclass(frozen=True)
class Built:
    """A dataset and its figures.

    Attributes:
        dataset: what was stored.
        rows: how many rows are learned from.
        never: how many were matured and have no label: none came in time.
        waiting: how many of the spine's rows before the cutoff wait for their label.
    """

    dataset: Dataset
    rows: int
    never: int
    waiting: int


def build_dataset(model: Model, cutoff: datetime, since: datetime, home: Home) -> Built:
    """The view's rows from `since` that were matured at `cutoff` and have a label; stored and pinned.

    Raises MissingPartitions when a day of a group before the cutoff was never written, or when the view has no day
    that is matured then; ContractViolation when an on-demand function looks at other rows, when the label's own column
    is a feature that is never known, or when more matured rows than declared have no label.
    """
    view, bounds = model.view, Split.of(model, cutoff)
    window = view.part_of(Window(since, bounds.matured_before)) if since < bounds.matured_before else None
    if window is None:
        raise MissingPartitions(
            f"dataset {model.name} at cutoff {cutoff:%Y-%m-%d}, from {since:%Y-%m-%d}: its view has rows from "
            f"{view.since or 'ever'} until {view.until or 'ever'}, and labels are final after "
            f"{label_of(view.label.horizon)}: choose another cutoff"
        )
    store = home.features.snapshot()
    versions = table_versions(view, store)
    store.require(view.label.group, Window(window.start, window.end + view.label.horizon))
    frame = read_view(view, window, store, versions)
    check_row_wise(view, frame)
    _check_own_label(model, frame)
    spine = to_polars(frame, view.spine.columns)
    labels = read_labels(model, spine, window, home, versions)
    features = to_polars(frame, {n: k for n, k in view.columns.items() if n not in spine.columns})
    table = pl.concat([spine, features, labels], how="horizontal")
    learned = table.filter(pl.col(LABEL).is_not_null()).sort(view.predicted_at, *view.spine.keys, maintain_order=True)
    own, never = [view.predicted_at, *view.spine.keys], len(spine) - len(learned)
    _check_never(model, never, len(spine))
    waiting = _waiting(view, Window(window.end, cutoff), home, versions)
    kept = learned.select(list(dict.fromkeys([*own, *view.columns, LABEL, LABEL_KNOWN_AT])))
    manifest = {
        "model": model.name,
        "cutoff": cutoff.isoformat(),
        "since": window.start.isoformat(),
        "until": window.end.isoformat(),
        "where": view.where,
        "label": str(view.label),
        "rows": len(kept),
        "never": never,
        "waiting": waiting,
        "tables": versions,
        "columns": dict(view.columns),
        "nullable": nullable_of(view),
    }
    home.models.keep(model_row(model))
    return Built(home.datasets.write(model.name, cutoff, kept, manifest), len(kept), never, waiting)


def _waiting(view: FeatureView, window: Window, home: Home, versions: dict[str, int | None]) -> int:
    """How many of the spine's rows are predicted in the window, the view's condition left aside."""
    asked = view.part_of(window)
    if asked is None:
        return 0
    times = home.features.read(view.spine, asked, [view.predicted_at], versions[view.spine.name])
    return times.filter(pl.col(view.predicted_at).is_between(asked.start, asked.end, closed="left")).height


def _check_never(model: Model, never: int, rows: int) -> None:
    limit = model.view.label.never_up_to
    if limit is not None and never > limit * rows:
        check = f"is there once it is matured, but for a share of {limit:g}"
        share = f"{never:,} of {rows:,} rows have none, {never / rows:.1%}"
        raise ContractViolation(f"dataset {model.name}", [FailingCase(str(model.view.label), check, share, never)])


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
