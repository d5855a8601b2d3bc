"""Whether a batch keeps its contract."""

from dataclasses import replace

import numpy as np
import pandas as pd

from fti_assets.contracts.errors import ContractViolation, FailingCase
from fti_assets.contracts.group import Group
from fti_assets.contracts.on_demand import OnDemand
from fti_assets.contracts.schema import Schema
from fti_assets.contracts.time import Window, label_of
from fti_assets.validation.examine import Examined, Fault, cases_of, examine


def conform(frame: pd.DataFrame, schema: Schema, what: str) -> pd.DataFrame:
    """The frame in the schema's column order, widened where nothing is lost by it, and validated.

    int32, float32, whole numbers for floats, coarser times and those of other zones, columns without a row, nulls of
    any type, Arrow's columns, categories of text and objects that are all of the column's kind are widened; `widened`
    says which were. Texts are no numbers, whatever they spell, unless the model says `coerce`; of a column that one
    word has made texts, only the words are named.
    Raises ContractViolation with every failing case, not only the first; infinite numbers fail always.
    """
    return _kept(examine(frame, schema), what)


def conform_computed(computed: pd.DataFrame, frame: pd.DataFrame, function: OnDemand) -> pd.DataFrame:
    """An on-demand function's answer to a frame: conforming, a row for each of the frame's, in its order."""
    what = f"on_demand {function.name}"
    computed = conform(computed, function.schema, what)
    if not computed.index.equals(frame.index):
        shape = f"{len(computed)} rows for {len(frame)}, or their index in another order"
        check = "is the index of the frame it was given"
        raise ContractViolation(what, [FailingCase("(index)", check, shape, len(computed))])
    return computed


def conform_group(frame: pd.DataFrame, group: Group, window: Window | None) -> pd.DataFrame:
    """A batch of a feature group: conforming, no row twice, and (unless a dimension) every row known in the window.

    Raises ContractViolation with every failing case.
    """
    return _kept(examine_group(frame, group, window), f"feature group {group.name}")


def examine_group(frame: pd.DataFrame, group: Group, window: Window | None, *, row_by_row: bool = False) -> Examined:
    """What is wrong with a batch of a feature group: its schema's faults, and those of identity and time."""
    examined = examine(frame, group.schema, row_by_row=row_by_row)
    if examined.of_frame:
        return examined
    return replace(examined, faults=examined.faults + _misplaced(examined.frame, group, window))


def widened(frame: pd.DataFrame, conforming: pd.DataFrame) -> dict[str, str]:
    """The columns that were widened to conform, each with its types: `{"quantity": "int32 to int64"}`."""
    before, after = frame.dtypes.to_dict(), conforming.dtypes.to_dict()
    return {name: f"{before[name]} to {of}" for name, of in after.items() if before[name] != of}


def _kept(examined: Examined, what: str) -> pd.DataFrame:
    if examined.faults:
        raise ContractViolation(what, cases_of(examined.faults))
    return examined.frame


def _misplaced(frame: pd.DataFrame, group: Group, window: Window | None) -> list[Fault]:
    """Rows that are there twice, have no time, or are known when they cannot be."""
    declared = group.schema.pandera.columns
    broken = _twice(frame, [*group.keys, *group.times])
    for name in group.times:
        if declared[name].nullable:
            broken.append(("is a time, not null", [name], frame[name].isna().to_numpy()))
    if group.known_at and group.event_time:
        known = frame[group.known_at]
        if window is not None:
            outside = (known < window.start) | (known >= window.end)
            broken.append((f"known in {window}", [group.known_at], outside.to_numpy()))
        early = frame[group.event_time] - known > group.foreknowledge
        bound = "a day" if group.ahead is None else label_of(group.ahead)
        broken.append((f"known at most {bound} before the event", list(group.times), early.to_numpy()))
    return [
        Fault(_column(group, shown), check, _shown(frame.loc[rows, shown]), frame.index[rows])
        for check, shown, rows in broken
        if rows.any()
    ]


def _twice(frame: pd.DataFrame, identity: list[str]) -> list[tuple[str, list[str], np.ndarray]]:
    """Rows of one identity: all of them when they differ, else all but the first."""
    doubled = frame.duplicated(identity, keep=False).to_numpy()
    if doubled.any():
        doubled = doubled & frame[identity].notna().all(axis=1).to_numpy()
    if not doubled.any():
        return []
    suspects = frame[doubled]
    copies = suspects.duplicated(keep="first").to_numpy()
    of = suspects.groupby(identity, sort=False).ngroup().to_numpy()
    conflicting = np.bincount(of[~copies])[of] > 1
    differing, copied = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    differing[doubled] = conflicting
    copied[doubled] = copies & ~conflicting
    return [("no row twice", identity, differing), ("no copy of a row", identity, copied)]


def _column(group: Group, shown: list[str]) -> str:
    """A fault of two times belongs to the known one, a fault of identity to all that makes it."""
    return group.known_at if shown == list(group.times) else ", ".join(shown)


def _shown(rows: pd.DataFrame) -> list[str]:
    return [", ".join(str(value) for value in row) for row in rows.itertuples(index=False, name=None)]
