"""Building a training dataset: the rows that were matured at the cutoff, with what was known of each in its time."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

import pandas as pd
import polars as pl

from fti_assets.contracts.catalogue_rows import model_row
from fti_assets.contracts.errors import ContractViolation, FailingCase, MissingPartitions
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.model import Model
from fti_assets.contracts.split import Split
from fti_assets.contracts.time import Window, label_of
from fti_assets.stores.datasets import ROW, Dataset
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.sealed import sha256
from fti_assets.stores.slices import Slice
from fti_assets.training.out_of_date import dataset_provenance
from fti_assets.views import as_of_join, label_answers, labels
from fti_assets.views.assemble import assemble, nullable_of
from fti_assets.views.inputs import Versions, read_inputs, read_spine, table_versions, whole_from
from fti_assets.views.labels import LABEL, LABEL_KNOWN_AT, read_labels
from fti_assets.views.row_wise import check_row_wise
from fti_assets.views.slices import slices


@dataclass(frozen=True)
class Built:
    """A dataset and its figures.

    Attributes:
        dataset: what was stored.
        rows: how many rows are learned from.
        never: how many were matured and have no label: none came in time.
        waiting: how many of the spine's rows before the cutoff wait for their label.
        whole_from: the prediction time from which on no window or look-back reaches back before history begins.
        cut: how many matured rows are predicted before that: some of their windows began before history did.
    """

    dataset: Dataset
    rows: int
    never: int
    waiting: int
    whole_from: datetime | None
    cut: int


def build_dataset(model: Model, cutoff: datetime, since: datetime, home: Home) -> Built:
    """The view's rows from `since` that were matured at `cutoff` and have a label; stored and pinned.

    It is made of the view's `slices` and the labels of their rows, one slice after the other: memory is bounded by a
    month, and a later cutoff's dataset has all but the newest months in common with it.

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
    of_view = slices(view, window, store, versions)
    _check_functions(view, of_view, store, versions)
    _check_own_label(model, of_view)
    learned = [_learned(model, rows, home, versions) for rows in of_view]
    learned_rows, matured_rows = (sum(part.rows for part in parts) for parts in (learned, of_view))
    never = matured_rows - learned_rows
    _check_never(model, never, matured_rows)
    waiting = _waiting(view, Window(window.end, cutoff), store, versions)
    made_from = dataset_provenance(model, window, store)
    whole = whole_from(view, store)
    cut = _predicted_before(whole, view, of_view)
    manifest = {
        "model": model.name,
        "cutoff": cutoff.isoformat(),
        "since": window.start.isoformat(),
        "until": window.end.isoformat(),
        "where": view.where,
        "label": str(view.label),
        "rows": learned_rows,
        "never": never,
        "waiting": waiting,
        "whole_from": whole and whole.isoformat(),
        "cut": cut,
        "tables": versions,
        "made_from": made_from.facts,
        "columns": list(dict.fromkeys([*_order(view), *view.columns, LABEL, LABEL_KNOWN_AT])),
        "nullable": nullable_of(view),
        "parts": [{"rows": rows.facts, "labels": places.facts} for rows, places in zip(of_view, learned, strict=True)],
    }
    home.models.keep(model_row(model))
    return Built(home.datasets.write(model.name, cutoff, manifest), learned_rows, never, waiting, whole, cut)


def _predicted_before(whole: datetime | None, view: FeatureView, of_view: Sequence[Slice]) -> int:
    """How many of the view's rows are predicted before that time; all where there is none."""
    cut = 0
    for rows in of_view:
        if whole is None or rows.window.end <= whole:
            cut += rows.rows
        elif rows.window.start < whole:
            cut += int((rows.read([view.predicted_at])[view.predicted_at] < whole).sum())
    return cut


def _waiting(view: FeatureView, window: Window, store: FeatureStore, versions: Versions) -> int:
    """How many of the spine's rows are predicted in the window, the view's condition left aside."""
    part = view.part_of(window)
    return 0 if part is None else read_spine(view, part, store, versions).height


def _check_never(model: Model, never: int, rows: int) -> None:
    limit = model.view.label.never_up_to
    if limit is not None and never > limit * rows:
        check = f"is there once it is matured, but for a share of {limit:g}"
        share = f"{never:,} of {rows:,} rows have none, {never / rows:.1%}"
        raise ContractViolation(f"dataset {model.name}", [FailingCase(str(model.view.label), check, share, never)])


def _learned(model: Model, rows: Slice, home: Home, versions: Versions) -> Slice:
    """The rows of a slice that have a label, by prediction time and keys: their places, labels, and since when.

    They are a slice themselves, kept by what they were made of: a later cutoff makes those of the newest months alone.
    """
    label = model.view.label
    known = Window(rows.window.start, rows.window.end + label.horizon)
    contents = home.features.contents(label.group, known, versions.get(label.group.name))
    made_of = [rows.blob, _order(model.view), label.declaration, str(known), contents, _code()]
    key = sha256(repr(made_of).encode())
    return home.features.slices.get(key) or home.features.slices.put(
        key, rows.window, _labelled(model, rows, home, versions)
    )


def _labelled(model: Model, rows: Slice, home: Home, versions: Versions) -> pl.DataFrame:
    spine = rows.read(list(model.view.spine.columns))
    known = read_labels(model, spine, rows.window, home, versions)
    placed = pl.concat([spine.with_row_index(ROW), known], how="horizontal").filter(pl.col(LABEL).is_not_null())
    return placed.sort(_order(model.view), maintain_order=True).select(ROW, LABEL, LABEL_KNOWN_AT)


@cache
def _code() -> str:
    """The code that finds labels, as text."""
    return "".join(inspect.getsource(part) for part in (as_of_join, labels, label_answers, _labelled))


def _order(view: FeatureView) -> list[str]:
    return [view.predicted_at, *view.spine.keys]


def _check_functions(view: FeatureView, of_view: Sequence[Slice], store: FeatureStore, versions: Versions) -> None:
    """`check_row_wise` on the rows of three days, joined once more: slices lack what functions alone may see."""
    some = [rows for rows in of_view if rows.rows]
    if not view.functions or not some:
        return
    days = {_middle_day(view, some[place]) for place in (0, len(some) // 2, -1)}
    frames = [assemble(view, *read_inputs(view, Window.of_days(day, day), store, versions)) for day in sorted(days)]
    check_row_wise(view, pd.concat(frames, ignore_index=True))


def _middle_day(view: FeatureView, rows: Slice) -> date:
    """The day of the row in the middle."""
    times = rows.read([view.predicted_at])[view.predicted_at]
    return times.dt.date()[len(times) // 2]


def _check_own_label(model: Model, of_view: Sequence[Slice]) -> None:
    """Refuse the label's own column as a feature where the label would be known only after each prediction.

    By an entity that comes back, or of a spine whose keys do, it is the latest known of earlier rows: a good feature.
    """
    view, label = model.view, model.view.label
    for selection in view.joined:
        name = selection.names.get(label.column, "")
        if selection.group != label.group or name not in view.columns:
            continue
        parts = [rows.read([view.predicted_at, name]) for rows in of_view if rows.rows]
        times = [part[view.predicted_at] for part in parts]
        is_long = bool(times) and times[-1].max() > times[0].min() + label.horizon  # type: ignore[operator]
        if is_long and all(part[name].null_count() == part.height for part in parts):
            check = (
                f"is the label {label.group.name}[{label.column!r}], and not known of any row when it is predicted: "
                "leave it out, or look up what was known of another entity with .by(…)"
            )
            raise ContractViolation(f"dataset {model.name}", [FailingCase(name, check, "null", sum(map(len, parts)))])
