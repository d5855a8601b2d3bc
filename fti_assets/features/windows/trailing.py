"""Trailing windows that end on a grid of instants, merged from the tiles of each key."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from fti_assets.contracts.time import Window
from fti_assets.features.windows.distinct import counted_once
from fti_assets.features.windows.measures import EPOCH, MICROSECOND, Measures
from fti_assets.features.windows.runs import Runs, runs_in
from fti_assets.features.windows.states import parts_of, statistic
from fti_assets.features.windows.tiles import Tiles, tiles_of
from fti_assets.features.windows.windows import windows
from fti_assets.stores.frames import TIME


def trailing(
    rows: pl.DataFrame,
    *,
    by: Sequence[str],
    known_at: str,
    columns: Mapping[str, Sequence[str]],
    lengths: Mapping[str, timedelta],
    every: timedelta,
    window: Window,
) -> pl.DataFrame:
    """Statistics of each key's rows with `known_at` in [t - length, t), for each t of the grid `every` in `window`.

    `columns` maps a column to its statistics, `lengths` a window's label to its length, a multiple of `every`, which
    divides a day. See `grid_windows`.
    """
    measures = Measures(by, known_at, columns)
    reach = window.widened(before=max(lengths.values()))
    return grid_windows(tiles_of(measures.of(rows, reach), measures, every), measures, lengths, every, window)


def grid_windows(
    tiles: Tiles, measures: Measures, lengths: Mapping[str, timedelta], every: timedelta, window: Window
) -> pl.DataFrame:
    """The statistics of tiles of `every`, merged to windows that end at each t of the grid in `window`.

    Nulls are not counted; the std is the sample's, null for fewer than two values; all but count and distinct are
    null where there is no value. Keys with no row in the longest window have no row.

    Gives the keys, `as_of` (= t) and `<column>_<statistic>_<label>`, sorted by `as_of` and key. The same t has the
    same bits whichever `window` was asked for, however the rows are ordered and wherever the tiles come from.
    """
    spans = {label: length // every for label, length in lengths.items()}
    first, end = tile_range(window, every)
    different, longest = set(spans.values()), max(spans.values())
    runs = Runs(tiles, runs_in(different, first, end))
    reached = pl.col("time").is_between(first - longest, end - 1)
    distinct = {n: frame.filter(reached) for n, frame in tiles.distinct.items()}
    keys = tiles.keys.rename(dict(zip(measures.keys, measures.by, strict=True)))
    blocks = []
    for block, places in runs.blocks(keys.height, (end - first) * len(different)):
        levels = runs.states({"count": tiles.cells["rows"].to_numpy() > 0}, places, len(block))
        in_use = windows(levels, runs.numbers, {longest}, first, end)[longest]["count"]
        at, key = np.nonzero(in_use)
        as_of = pl.Series("as_of", (first + at) * (every // MICROSECOND)).cast(TIME)
        found: dict[str, pl.Series] = {}
        for n, measure in enumerate(measures.all):
            levels = runs.states(tiles.states(n, parts_of(measure.functions)), places, len(block))
            merged = windows(levels, runs.numbers, different, first, end)
            used = {span: {part: array[in_use] for part, array in states.items()} for span, states in merged.items()}
            del levels, merged  # before the next measure's are made
            for name, function, label in measures.outputs(n, spans):
                if function == "distinct":
                    until = distinct[n]["time"].to_numpy() + spans[label]
                    found[name] = counted_once(distinct[n], until, key + block.start, first + at)
                else:
                    found[name] = statistic(function, used[spans[label]], tiles.values(n, function))
        ordered = [found[name].alias(name) for name in measures.names(spans)]
        blocks.append(keys[block.start : block.stop][key].with_columns(as_of, *ordered))
    return pl.concat(blocks).sort("as_of", maintain_order=True)


def tile_range(window: Window, every: timedelta) -> tuple[int, int]:
    """The first tile of `every` that begins in the window, and the first that begins after it."""
    step = every // MICROSECOND
    first, end = (-(-((instant - EPOCH) // MICROSECOND) // step) for instant in (window.start, window.end))
    return first, end
