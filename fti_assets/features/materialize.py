"""The feature pipeline: read, compute, validate, write; or nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pandas as pd
import polars as pl

from fti_assets.contracts.binding import WINDOW, Aggregated, Binding, Computed, Input
from fti_assets.contracts.catalogue_rows import group_row
from fti_assets.contracts.group import Group
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.features.kept_statistics import keep_statistics
from fti_assets.features.materialization import Materialization
from fti_assets.features.windows.aggregate import aggregate
from fti_assets.stores.feature_store import WHOLE, FeatureStore, GroupReader
from fti_assets.stores.frames import declared_pandas, to_polars
from fti_assets.validation.batch_validation import BatchValidation

DAYS_AT_ONCE = 400
"""A year and some days: what is in memory does not grow with a longer backfill."""


def materialize(
    binding: Binding,
    window: Window,
    store: FeatureStore,
    *,
    days: int = DAYS_AT_ONCE,
    told: Callable[[Window, Materialization], object] = lambda _part, _written: None,
) -> Materialization:
    """Compute and write the group's partitions of the window, and then their statistics.

    A longer window is done in parts of at most so many days, one commit each: memory is bounded by the part, and the
    table is the same whatever `days` is. `told` hears of each part that is written.

    Rows that break a contract with `on_invalid="quarantine"` are set aside, in the place of those set aside before.
    Raises ContractViolation for a batch that breaks its contract, MissingPartitions when an input's partitions were
    never written, and ValueError for a part of a partition; either way nothing is written of its part, and earlier
    partitions stay.
    """
    group = binding.group
    if window != (whole := group.period.covering(window)):
        raise ValueError(
            f"feature group {group.name}: {window.start} to {window.end}: expected whole {group.period.noun}s of UTC, "
            f"such as {whole.start} to {whole.end}, because a partition is replaced whole"
        )
    done = []
    for part in [window] if group.dimension else group.period.split(window, days):
        done.append(_materialize(binding, part, store))
        told(part, done[-1])
    return Materialization.together(done)


def _materialize(binding: Binding, window: Window, store: FeatureStore) -> Materialization:
    group = binding.group
    batch = BatchValidation(group, window, store)
    if isinstance(binding, Aggregated):
        frame = aggregate(binding, window, store)
    else:
        frame = compute(binding, window, store, batch)
    frame = batch.kept(frame, group)
    batch.settle()  # before the write: no row is lost where a machine stops in between
    write = store.write(group, frame, window)
    store.catalogue.keep(group_row(binding))
    kept = keep_statistics(group, to_polars(frame, group.columns), _partitions(group, window), store.statistics)
    counted = rows_by_partition(frame, group, window)
    changed = frozenset(map(group.period.key, write.changed))
    return Materialization(
        write.version,
        len(frame),
        counted,
        kept,
        changed,
        batch.widened,
        batch.rows_by_partition,
        batch.reasons,
    )


def compute(
    binding: Computed, window: Window, store: GroupReader, batch: BatchValidation | None = None
) -> pd.DataFrame:
    """The function's answer to its inputs' rows of the window; `batch` learns what was set aside of the sources'.

    A function that takes the window that is due answers for each partition by itself, and each answer keeps the
    group's contract, so that they have the same types.
    """
    group, checked = binding.group, batch or BatchValidation(binding.group, window, store)
    if not binding.takes_window:
        return binding.function(*_frames(binding, window, store, checked))
    answers = []
    for partition in _partitions(group, window):
        due = Window(max(partition.start, window.start), min(partition.end, window.end))
        part = checked.part(due)
        answer = binding.function(*_frames(binding, due, store, part), **{WINDOW: due})
        answers.append(part.kept(answer, group))
    return pd.concat([answer for answer in answers if len(answer)] or answers[:1], ignore_index=True)


def _frames(binding: Computed, window: Window, store: GroupReader, batch: BatchValidation) -> list[pd.DataFrame]:
    return [_read(source, window, store, batch) for source in binding.inputs]


def _read(source: Input, window: Window, store: GroupReader, batch: BatchValidation) -> pd.DataFrame:
    if isinstance(source, Source):
        return batch.kept(source.read(window.start, window.end), source)
    if isinstance(source, Group):
        store.require(source, window)
        return declared_pandas(_known_in(window, store.read(source, window), source), source.schema)
    return _read_back(source, window, store)


def _read_back(selection: Selection, window: Window, store: GroupReader) -> pd.DataFrame:
    halo = window.widened(before=selection.halo)
    store.require(selection.group, window)
    store.require_history(selection.group, halo)
    group = selection.group
    names = dict.fromkeys([*group.keys, *group.times, *selection.columns])
    return declared_pandas(_known_in(halo, store.read(group, halo, list(names)), group), group.schema)


def _known_in(window: Window, rows: pl.DataFrame, group: Group) -> pl.DataFrame:
    """Those of the partitions' rows that became known in the window, which may cut partitions."""
    if group.dimension:
        return rows
    return rows.filter(pl.col(group.known_at).is_between(window.start, window.end, closed="left"))


def _partitions(group: Group, window: Window) -> list[Window]:
    if group.dimension:
        return [WHOLE]
    return [Window(start, start + group.period.length) for start in group.period.starts(window)]


def rows_by_partition(frame: pd.DataFrame, group: Group, window: Window) -> dict[str, int]:
    """How many rows each partition of the window holds, by its key."""
    period = group.period
    if group.dimension:
        return {period.key(WHOLE.start): len(frame)}
    hours = pl.Series(frame[group.known_at]).dt.truncate("1h").value_counts()
    counted = Counter[datetime]()
    for hour, rows in hours.iter_rows():
        counted[period.start_of(hour)] += rows
    return {period.key(start): counted[start] for start in period.starts(window)}
