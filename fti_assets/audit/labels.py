"""Whether a model's features give its label away."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd
import polars as pl

from fti_assets.audit.findings import LOOK_ALIKE, NULL_UNTIL_KNOWN, OUTCOME, Finding
from fti_assets.audit.look_alikes import LookAlike, in_steps, look_alike, null_until_known, summary_of_label
from fti_assets.audit.views import origin_of
from fti_assets.contracts.model import Model
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import Window
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.views.as_of_join import as_of_join
from fti_assets.views.assemble import assemble
from fti_assets.views.inputs import read_inputs
from fti_assets.views.labels import LABEL, read_labels


@dataclass(frozen=True)
class Predicted:
    """The rows that a model predicts.

    Attributes:
        frame: the view's rows with their features.
        spine: their columns that are the spine's, in the same order.
        groups: the rows of each group that may be looked up, by its name.
        label: each row's label as a number; null where there is none within the horizon.
    """

    frame: pd.DataFrame
    spine: pl.DataFrame
    groups: dict[str, pl.DataFrame]
    label: pl.Series


def read_predicted(model: Model, window: Window, home: Home) -> Predicted:
    """The rows that the model predicts in the window."""
    view = model.view
    spine, groups = read_inputs(view, window, home.features, {})
    frame = assemble(view, spine, groups)
    spine = to_polars(frame, view.spine.columns)
    label = read_labels(model, spine, window, home)[LABEL]
    return Predicted(frame, spine, groups, label)


def audit_labels(model: Model, window: Window, home: Home, outcomes: pl.DataFrame | None = None) -> list[Finding]:
    """Those of a model's features that give the label away, on the window's rows.

    Leaks: a feature that ranks the rows as the label does, on all rows or on those for which the row looked up is
    about a time after the prediction; that follows from the label; a dimension's that sums the labels of its keys up.
    A suspicion: one that is null where there is no label. `outcomes` are rows of the label's group from as much of
    time as there is, by which a dimension is judged.
    """
    predicted = read_predicted(model, window, home)
    label = predicted.label
    rows = to_polars(predicted.frame, {**model.view.spine.columns, **model.view.columns})
    ahead = {
        name: _about_later(model, selection, predicted.spine, predicted.groups[selection.group.name])
        for selection in model.view.joined
        if not selection.group.dimension
        for name in selection.names.values()
    }
    findings = []
    for name in model.view.columns:
        alike = _alike(rows[name], label) or (_alike_ahead(rows[name], label, ahead[name]) if name in ahead else None)
        if alike:
            findings.append(_finding(model, name, alike))
        elif unknown := null_until_known(rows[name], label.is_not_null()):
            told = _finding(model, name, unknown)
            findings.append(replace(told, severity="suspicion", advice=NULL_UNTIL_KNOWN))
    if outcomes is not None:
        findings += _outcomes(model, predicted.groups, outcomes)
    return findings


def _alike(feature: pl.Series, label: pl.Series) -> LookAlike | None:
    there = label.is_not_null()
    feature, label = feature.filter(there), label.filter(there)
    return look_alike(feature, label) or in_steps(feature, label)


def _alike_ahead(feature: pl.Series, label: pl.Series, ahead: pl.Series) -> LookAlike | None:
    """How a feature looks like the label on the rows for which it was looked up from a row about a later time."""
    alike = _alike(feature.filter(ahead), label.filter(ahead))
    if alike:
        return replace(alike, how=f"{alike.how} where it is about a time after the prediction")
    return None


def _about_later(model: Model, selection: Selection, spine: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """Whether the row that is looked up for each of the spine's is about a time after the prediction."""
    group, at = selection.group, model.view.predicted_at
    joined = as_of_join(
        spine,
        rows,
        at=at,
        on=selection.spine_keys,
        known_at=group.known_at,
        event_time=group.event_time,
        lookback=selection.age,
        columns={group.event_time: "about"},
    )
    return (joined["about"] > spine[at]).fill_null(False)


def _outcomes(model: Model, groups: dict[str, pl.DataFrame], outcomes: pl.DataFrame) -> Iterator[Finding]:
    """The columns of dimensions that say of each key what its labels come to."""
    label = model.view.label
    for selection in model.view.joined:
        group, keys = selection.group, list(selection.spine_keys.items())
        column = next((name for name in keys[0][::-1] if name in outcomes.columns), None)
        if not group.dimension or len(keys) != 1 or column is None:
            continue
        labels = outcomes.select(key=column, label=pl.col(label.column).cast(pl.Float64))
        for value, name in selection.names.items():
            if not group.columns[value].is_numeric:
                continue
            summary = summary_of_label(groups[group.name].select(key=keys[0][0], value=value), labels)
            if summary:
                yield replace(_finding(model, name, summary), advice=OUTCOME)


def _finding(model: Model, column: str, alike: LookAlike) -> Finding:
    view = model.view
    because = f"{alike.how}; label {view.label}"
    source = origin_of(view, column)
    return Finding("leak", f"model {model.name}", column, because, source, rows=alike.rows, advice=LOOK_ALIKE)
