"""Aggregated groups: windows over another group's rows, and over what was kept of its finished days."""

import pandas as pd
import polars as pl

from fti_assets.contracts.binding import Aggregated
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import Window
from fti_assets.features.windows.engine import windows_at, windows_on_grid
from fti_assets.features.windows.history import History
from fti_assets.features.windows.measures import Measures
from fti_assets.stores.feature_store import GroupReader
from fti_assets.stores.frames import to_pandas


def aggregate(binding: Aggregated, window: Window, store: GroupReader) -> pd.DataFrame:
    """The windows that end in the window.

    Days and months of the source that a later refresh will need are kept as tiles, and read so while their rows stay.
    Raises MissingPartitions when a day that a window reaches was never written.
    """
    store = store.snapshot()  # rows are read from the very files that their tiles are named by
    asked, as_of = binding.windows, binding.group.event_time
    measures = Measures(asked.by, asked.source.known_at, asked.columns, asked.filter, asked.conditions, asked.order)
    instants = None if asked.at is None else _instants(asked.at, window, store, measures)
    history = History(binding, measures, window, store)
    rows, tiles = history.rows, history.tiles
    if instants is None:
        frame = windows_on_grid(
            rows,
            measures,
            asked.lengths,
            every=asked.step,
            window=window,
            holds_end=asked.holds_end,
            tiles=tiles,
            as_of=as_of,
        )
    else:
        frame = windows_at(
            rows,
            instants,
            measures,
            asked.lengths,
            sawtooth=asked.sawtooth,
            holds_end=asked.holds_end,
            tiles=tiles,
            as_of=as_of,
        )
    history.keep()
    frame = frame.select(list(binding.group.columns))
    nullable = binding.group.schema.extension_columns
    integers = {name: _integers(frame[name]) for name in nullable if frame.schema[name] == pl.Int64}
    return to_pandas(frame, [name for name in nullable if name not in integers]).assign(**integers)


def _instants(group: Group, window: Window, store: GroupReader, measures: Measures) -> pl.DataFrame:
    """The keys and times of a group's rows, at which windows end."""
    store.require(group, window)
    time = group.event_time
    rows = store.read(group, window, list(dict.fromkeys([*measures.by, time])))
    return measures.instants(rows.filter(pl.col(time).is_between(window.start, window.end, closed="left")), time)


def _integers(column: pl.Series) -> pd.Series:
    """Whole numbers with nulls, none of them rounded to what a float holds."""
    null = column.is_null().to_numpy()
    return pd.Series(pd.arrays.IntegerArray(column.fill_null(0).to_numpy().copy(), null.copy()))
