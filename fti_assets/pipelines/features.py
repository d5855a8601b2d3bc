"""The feature pipeline: read, compute, validate, write; or nothing."""

from dataclasses import dataclass

import pandas as pd
import polars as pl

from fti_assets.compute.contract import conform, conform_group
from fti_assets.compute.frames import to_pandas
from fti_assets.compute.trailing import trailing
from fti_assets.spec.binding import Aggregated, Binding, Computed, Input
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.schema import compiled
from fti_assets.spec.selection import Selection
from fti_assets.spec.source import Source
from fti_assets.spec.time import Window
from fti_assets.stores.feature_store import WHOLE, FeatureStore


@dataclass(frozen=True)
class Written:
    """What a materialization wrote: the table's version and the rows of each day."""

    version: int
    rows: int
    rows_by_day: dict[str, int]


def materialize(binding: Binding, window: Window, store: FeatureStore) -> Written:
    """Compute and write the group's partitions of the window, in one commit.

    Raises ContractViolation for a batch that breaks its contract, MissingPartitions when an input's days were never
    written, and ValueError for a part of a day; either way nothing is written and earlier partitions stay.
    """
    group = binding.group
    if window != Window.of_days(window.days[0], window.days[-1]):
        raise ValueError(
            f"feature group {group.name}: {window.start} to {window.end}: expected whole UTC days, because a "
            "partition is replaced whole"
        )
    frame = aggregate(binding, window, store) if isinstance(binding, Aggregated) else compute(binding, window, store)
    frame = conform_group(frame, group, None if group.dimension else window)
    version = store.write(group, frame, window)
    return Written(version, len(frame), rows_by_day(frame, group, window))


def compute(binding: Computed, window: Window, store: FeatureStore) -> pd.DataFrame:
    """The function's answer to its inputs' rows of the window."""
    frames = [_read(given, window, store) for given in binding.inputs]
    return binding.function(*frames)


def aggregate(binding: Aggregated, window: Window, store: FeatureStore) -> pd.DataFrame:
    """The trailing windows that end in the window."""
    source = binding.source
    reach = Window(window.start - binding.halo, window.end - binding.step)
    store.require_history(source, reach)
    columns = [*source.keys, str(source.known_at), *binding.group.keys, *binding.columns]
    rows = store.read(source, reach, list(dict.fromkeys(columns)))
    frame = trailing(
        rows,
        by=binding.group.keys,
        known_at=str(source.known_at),
        columns=binding.columns,
        lengths=binding.lengths,
        every=binding.step,
        window=window,
    )
    return to_pandas(frame.rename({"as_of": str(binding.group.event_time)}))


def _read(given: Input, window: Window, store: FeatureStore) -> pd.DataFrame:
    if isinstance(given, Source):
        return conform(given.read(window.start, window.end), given.schema, f"source {given.name}")
    if isinstance(given, FeatureGroup):
        store.require(given, window)
        return _as_declared(store.read(given, window), given)
    return _read_back(given, window, store)


def _read_back(given: Selection, window: Window, store: FeatureStore) -> pd.DataFrame:
    halo = window.widened(before=given.age)
    store.require(given.group, window)
    store.require_history(given.group, halo)
    group = given.group
    names = dict.fromkeys([*group.keys, *group.times, *given.columns])
    return _as_declared(store.read(group, halo, list(names)), group)


def _as_declared(rows: pl.DataFrame, group: FeatureGroup) -> pd.DataFrame:
    """The rows in the types of the group's schema, whether this batch holds a null or not."""
    declared = compiled(group.schema).columns
    extension = {n: str(declared[n].dtype) for n in rows.columns if str(declared[n].dtype) in ("Int64", "boolean")}
    return to_pandas(rows, nullable=extension).astype(extension)


def rows_by_day(frame: pd.DataFrame, group: FeatureGroup, window: Window) -> dict[str, int]:
    """How many rows each day of the window holds."""
    if group.dimension:
        return {str(WHOLE.start.date()): len(frame)}
    counted = pl.Series(frame[group.known_at]).dt.date().value_counts()
    by_day = {str(day): int(count) for day, count in counted.iter_rows()}
    return {str(day): by_day.get(str(day), 0) for day in window.days}
