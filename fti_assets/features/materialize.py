"""The feature pipeline: read, compute, validate, write; or nothing."""

from collections.abc import Callable
from dataclasses import replace

import attrs
import pandas as pd
import polars as pl

from fti_assets.contracts.binding import WINDOW, Aggregated, Binding, Computed, Input
from fti_assets.contracts.catalogue_rows import group_row
from fti_assets.contracts.group import Group
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.features.kept_statistics import Kept, keep_statistics
from fti_assets.features.materialization import Materialization
from fti_assets.features.out_of_date import provenances
from fti_assets.features.statistics import partition_statistics
from fti_assets.features.windows.aggregate import aggregate
from fti_assets.features.windows.size import tell_if_many
from fti_assets.stores.executor import Executor
from fti_assets.stores.feature_store import WHOLE, FeatureStore, GroupReader
from fti_assets.stores.frames import declared_pandas, to_polars
from fti_assets.stores.storage import Storage
from fti_assets.validation.batch_validation import BatchValidation
from fti_assets.validation.partition_shares import rows_by_partition

DAYS_AT_ONCE = 400
"""A year and some days: what is in memory does not grow with a longer backfill."""
DAYS_OF_A_WORKER = 31
"""On a cluster, so that a backfill of a season gives its workers something to do."""


def materialize(
    binding: Binding,
    window: Window,
    store: FeatureStore,
    *,
    days: int | None = None,
    told: Callable[[Window, Materialization], object] = lambda _part, _written: None,
    executor: Executor | None = None,
) -> Materialization:
    """Compute and write the group's partitions of the window, and then their statistics.

    A longer window is done in parts of at most so many days (400; 31 on a cluster), one commit each: memory is bounded
    by the part, and the table's rows are the same whatever `days` is and whichever `executor` (default: the
    environment's) does them. What judges a part by the days before it follows in the order of time. `told` hears of
    each part that is written. A grid of windows that may give ten million rows is told in the log before anything is
    computed.

    Rows that break a contract with `on_invalid="quarantine"` are set aside, in the place of those set aside before.
    Raises ContractViolation for a batch that breaks its contract, MissingPartitions when an input's partitions were
    never written, DeclarationError when the group's table holds rows of a contract that this one cannot follow or
    workers cannot import a function, and ValueError for a part of a partition or one that is not over; either way
    nothing is written of its part, and earlier partitions stay.
    """
    group = binding.group
    if window != (whole := group.period.covering(window)):
        raise ValueError(
            f"feature group {group.name}: {window.start} to {window.end}: expected whole {group.period.noun}s of UTC, "
            f"such as {whole.start} to {whole.end}, because a partition is replaced whole"
        )
    store.check_over(group, window)
    store.check(group)  # before anything is computed
    tell_if_many(binding, window, store)
    executor = executor or Executor()
    days = days or (DAYS_OF_A_WORKER if executor.on_cluster else DAYS_AT_ONCE)
    windows = [window] if group.dimension else group.period.split(window, days)
    parts = [Part(binding, part, store.storage) for part in windows]
    done: list[Materialization] = []

    def judge(part: Part, written: Materialization) -> None:
        partitions = _partitions(group, part.window)
        kept = keep_statistics(group, written.kept.statistics, partitions, store.statistics)
        done.append(replace(written, kept=kept))
        told(part.window, done[-1])

    imported = imported_by(binding)
    executor.map(write_part, parts, judge, what=f"feature group {group.name}", imported=imported)
    return Materialization.together(done)


@attrs.frozen
class Part:
    """Partitions of a group that are computed at once, and where the feature store lies: all that a worker is told."""

    binding: Binding
    window: Window
    storage: Storage


def write_part(part: Part) -> Materialization:
    """Compute and write a part; its statistics are neither kept nor judged yet."""
    binding, window, store = part.binding, part.window, FeatureStore(part.storage)
    inputs = store.snapshot()  # so that what is said to have been read is what was
    group = binding.group
    batch = BatchValidation(group, window, store)
    if isinstance(binding, Aggregated):
        frame = aggregate(binding, window, inputs)
    else:
        frame = compute(binding, window, inputs, batch)
    frame = batch.kept(frame, group)
    batch.settle()  # before the write: no row is lost where a machine stops in between
    write = store.write(group, frame, window)
    store.provenance.keep(group.name, provenances(binding, write.contents, inputs))
    store.catalogue.keep(group_row(binding))
    rows = to_polars(frame, group.columns)
    statistics = partition_statistics(rows, group.columns, _partitions(group, window), group.known_at)
    counted = _rows_by_partition(frame, group, window)
    changed = frozenset(map(group.period.key, write.changed))
    return Materialization(
        write.version,
        len(frame),
        counted,
        Kept(statistics, statistics.clear(), {}),
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


def imported_by(binding: Binding) -> list[object]:
    """What a process that is sent the binding imports by name."""
    if isinstance(binding, Aggregated):
        return []
    return [binding.function, *(source.read for source in binding.sources)]


def _partitions(group: Group, window: Window) -> list[Window]:
    if group.dimension:
        return [WHOLE]
    return [Window(start, start + group.period.length) for start in group.period.starts(window)]


def _rows_by_partition(frame: pd.DataFrame, group: Group, window: Window) -> dict[str, int]:
    if group.dimension:
        return {group.period.key(WHOLE.start): len(frame)}
    return rows_by_partition(frame[group.known_at], group.period, window)
