"""The feature pipeline: read, compute, validate, write; or nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd
import polars as pl

from fti_assets.compute.frames import to_pandas, to_polars
from fti_assets.pipelines.aggregation import aggregate
from fti_assets.pipelines.intake import Intake
from fti_assets.pipelines.statistics import Kept, keep_statistics
from fti_assets.spec.binding import Aggregated, Binding, Computed, Input
from fti_assets.spec.entry import group_entry
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.schema import compiled
from fti_assets.spec.selection import Selection
from fti_assets.spec.source import Source
from fti_assets.spec.time import Window
from fti_assets.stores.catalogue import Catalogue
from fti_assets.stores.feature_store import WHOLE, FeatureStore


@dataclass(frozen=True)
class Written:
    """What a materialization wrote: the table's version, the rows of each partition and their statistics.

    `changed` are the keys of the partitions that are new or hold other rows than before.

    `widened` are the columns that came in other types, `"order.quantity": "int32 to int64"`. `set_aside` counts the
    rows that went to the quarantine by partition, where any did, and `reasons` says why, the most frequent first.
    """

    version: int
    rows: int
    rows_by_partition: dict[str, int]
    kept: Kept = field(compare=False, repr=False)
    changed: frozenset[str] = frozenset()
    widened: Mapping[str, str] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[Mapping[str, str], ...] = ()


def materialize(binding: Binding, window: Window, store: FeatureStore) -> Written:
    """Compute and write the group's partitions of the window, in one commit, and then their statistics.

    Rows that break a contract with `on_invalid="quarantine"` are set aside, in the place of those set aside before.
    Raises ContractViolation for a batch that breaks its contract, MissingPartitions when an input's partitions were
    never written, and ValueError for a part of a partition; either way nothing is written and earlier ones stay.
    """
    group = binding.group
    if window != (whole := group.period.covering(window)):
        raise ValueError(
            f"feature group {group.name}: {window.start} to {window.end}: expected whole {group.period.noun}s of UTC, "
            f"such as {whole.start} to {whole.end}, because a partition is replaced whole"
        )
    intake = Intake(group, window, store)
    if isinstance(binding, Aggregated):
        frame = aggregate(binding, window, store)
    else:
        frame = compute(binding, window, store, intake)
    frame = intake.kept(frame, group)
    intake.settle()  # before the write: no row is lost where a machine stops in between
    write = store.write(group, frame, window)
    Catalogue(store.root).keep(group_entry(binding))
    kept = keep_statistics(group, to_polars(frame, group.columns), _partitions(group, window), store.statistics)
    counted = rows_by_partition(frame, group, window)
    changed = frozenset(map(group.period.key, write.changed))
    return Written(
        write.version, len(frame), counted, kept, changed, intake.widened, intake.rows_by_partition, intake.reasons
    )


def compute(binding: Computed, window: Window, store: FeatureStore, intake: Intake | None = None) -> pd.DataFrame:
    """The function's answer to its inputs' rows of the window; `intake` learns what was set aside of the sources'."""
    checked = intake or Intake(binding.group, window, store)
    frames = [_read(given, window, store, checked) for given in binding.inputs]
    return binding.function(*frames)


def _read(given: Input, window: Window, store: FeatureStore, intake: Intake) -> pd.DataFrame:
    if isinstance(given, Source):
        return intake.kept(given.read(window.start, window.end), given)
    if isinstance(given, FeatureGroup):
        store.require(given, window)
        return _as_declared(_known_in(window, store.read(given, window), given), given)
    return _read_back(given, window, store)


def _read_back(given: Selection, window: Window, store: FeatureStore) -> pd.DataFrame:
    halo = window.widened(before=given.age)
    store.require(given.group, window)
    store.require_history(given.group, halo)
    group = given.group
    names = dict.fromkeys([*group.keys, *group.times, *given.columns])
    return _as_declared(_known_in(halo, store.read(group, halo, list(names)), group), group)


def _known_in(window: Window, rows: pl.DataFrame, group: FeatureGroup) -> pl.DataFrame:
    """Those of the partitions' rows that became known in the window, which may cut partitions."""
    if group.dimension:
        return rows
    return rows.filter(pl.col(str(group.known_at)).is_between(window.start, window.end, closed="left"))


def _as_declared(rows: pl.DataFrame, group: FeatureGroup) -> pd.DataFrame:
    """The rows in the types of the group's schema, whether this batch holds a null or not."""
    declared = compiled(group.schema).columns
    extension = {n: str(declared[n].dtype) for n in rows.columns if str(declared[n].dtype) in ("Int64", "boolean")}
    return to_pandas(rows, nullable=extension).astype(extension)


def _partitions(group: FeatureGroup, window: Window) -> list[Window]:
    if group.dimension:
        return [WHOLE]
    return [Window(start, start + group.period.length) for start in group.period.starts(window)]


def rows_by_partition(frame: pd.DataFrame, group: FeatureGroup, window: Window) -> dict[str, int]:
    """How many rows each partition of the window holds, by its key."""
    period = group.period
    if group.dimension:
        return {period.key(WHOLE.start): len(frame)}
    hours = pl.Series(frame[group.known_at]).dt.truncate("1h").value_counts()
    counted = Counter[datetime]()
    for hour, rows in hours.iter_rows():
        counted[period.start_of(hour)] += rows
    return {period.key(start): counted[start] for start in period.starts(window)}
