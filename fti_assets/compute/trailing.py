"""Trailing windows that end on a grid of instants, merged from the tiles of each key."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from fti_assets.compute.distinct import counted_once
from fti_assets.compute.frames import TIME
from fti_assets.compute.measures import EPOCH, MICROSECOND, Measures
from fti_assets.compute.runs import Numbers, Runs, level_of, runs_in
from fti_assets.compute.states import States, empty_like, merged, parts_of, put, statistic, taken
from fti_assets.compute.tiles import Tiles, tiles_of
from fti_assets.spec.time import Window


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
        in_use = _windows(levels, runs.numbers, longest, first, end)["count"]
        at, key = np.nonzero(in_use)
        as_of = pl.Series("as_of", (first + at) * (every // MICROSECOND)).cast(TIME)
        found: dict[str, pl.Series] = {}
        for n, measure in enumerate(measures.all):
            levels = runs.states(tiles.states(n, parts_of(measure.functions)), places, len(block))
            windows = {span: _windows(levels, runs.numbers, span, first, end) for span in different}
            used = {span: {part: array[in_use] for part, array in states.items()} for span, states in windows.items()}
            del levels, windows  # before the next measure's are made
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


def _windows(levels: list[States], numbers: Numbers, span: int, first: int, end: int) -> States:
    """What the windows of `span` tiles that end at `first`, …, `end` - 1 come to, as arrays [instant, key].

    A window is merged from what it has before and after the ends of the longest runs that fit, where there are two of
    them from the run in between, too. The order of merging depends on the instant and the span alone.
    """
    ends, top = np.arange(first, end), level_of(span)
    older = _beside(levels, numbers, top, range(first - span, end - span), newer=False)
    whole = -((span - ends) >> top)
    between = np.flatnonzero(whole < ends >> top)
    if len(between):
        runs = taken(levels[top], np.searchsorted(numbers[top], whole[between]))
        put(older, between, merged(taken(older, between), runs))
    return merged(older, _beside(levels, numbers, top, range(first, end), newer=True))


def _beside(levels: list[States], numbers: Numbers, top: int, tiles: range, *, newer: bool) -> States:
    """What is `newer` than the last end of a run of level `top` and older than each tile, or the other way round.

    From the runs' ends outwards: an odd multiple of the length of a run is one such run further than an even one.
    """
    keys = levels[0]["count"].shape[1]
    at = _ends(tiles, top, newer)
    states = empty_like(levels[0], (len(at), keys))
    for level in reversed(range(top)):
        nearer, before, at = states, at, _ends(tiles, level, newer)
        states = {part: np.empty((len(at), keys), array.dtype) for part, array in nearer.items()}
        even, odd = (np.flatnonzero(at & 1 == bit) for bit in (0, 1))
        put(states, even, taken(nearer, np.searchsorted(before, at[even] >> 1)))
        if not len(odd):
            continue
        runs = taken(levels[level], np.searchsorted(numbers[level], at[odd] - newer))
        if level == top - 1:
            put(states, odd, runs)
            continue
        inner, outer = taken(nearer, np.searchsorted(before, at[odd] + (not newer) >> 1)), taken(states, odd)
        merged(*((inner, runs) if newer else (runs, inner)), into=outer)  # a view, since every other end is odd
    return states


def _ends(tiles: range, level: int, newer: bool) -> np.ndarray:
    """The ends of runs of a level that are the last before, or the first after, each of the tiles."""
    low, high = (tile >> level if newer else -(-tile >> level) for tile in (tiles.start, tiles.stop - 1))
    return np.arange(low, high + 1) if tiles else np.zeros(0, int)
