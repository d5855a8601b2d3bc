"""Trailing windows that end on a grid of instants, merged from the tiles of each key."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from fti_assets.compute.distinct import counted_once
from fti_assets.compute.measures import EPOCH, MICROSECOND, Measures
from fti_assets.compute.states import States, empty_states, merged, parts_of, statistic, taken
from fti_assets.compute.tiles import Tiles, tiles_of
from fti_assets.spec.time import Window

_CELLS = 1 << 22  # of one dense array: keys are taken in blocks, so that memory stays bounded


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
    step = every // MICROSECOND
    first, end = (-(-((instant - EPOCH) // MICROSECOND) // step) for instant in (window.start, window.end))
    spans = {label: length // every for label, length in lengths.items()}
    longest, instants = max(spans.values()), end - first
    tiles = tiles.between(first - longest, end - 1)
    cell_key, tile = tiles.cells["key"].to_numpy(), tiles.cells["tile"].to_numpy() - (first - longest)
    keys = tiles.keys.rename(dict(zip(measures.keys, measures.by, strict=True)))
    width = max(1, _CELLS // (longest + instants))
    blocks = []
    for start in range(0, max(keys.height, 1), width):
        shape = (longest + instants, min(width, keys.height - start))
        here = np.flatnonzero((cell_key >= start) & (cell_key < start + width))
        place = tile[here], cell_key[here] - start
        rows = np.zeros(shape, np.int64)
        rows[place] = tiles.cells["rows"].to_numpy()[here]
        total = np.cumsum(rows, axis=0)
        in_use = total[longest - 1 : -1] - np.vstack([np.zeros_like(total[:1]), total])[:instants] > 0
        at, key = np.nonzero(in_use)
        as_of = pl.Series("as_of", (first + at) * step).cast(pl.Datetime("us", "UTC"))
        found: dict[str, pl.Series] = {}
        for n, measure in enumerate(measures.all):
            parts = parts_of(measure.functions)
            dense = empty_states(parts, shape)
            for part, array in tiles.states(n, parts).items():
                dense[part][place] = array[here]
            windows = _windows(dense, spans.values(), longest, instants)
            used = {label: {p: a[in_use] for p, a in windows[span].items()} for label, span in spans.items()}
            for name, function, label in measures.outputs(n, spans):
                if function == "distinct":
                    seen = tiles.distinct[n]
                    until = seen["time"].to_numpy() + spans[label]
                    found[name] = counted_once(seen, until, key + start, first + at)
                else:
                    found[name] = statistic(function, used[label], tiles.values(n, function))
        ordered = [found[name].alias(name) for name in measures.names(spans)]
        blocks.append(keys[start : start + width][key].with_columns(as_of, *ordered))
    return pl.concat(blocks).sort("as_of", maintain_order=True)


def _windows(tiles: States, spans: Iterable[int], longest: int, instants: int) -> dict[int, States]:
    """The merged tiles of each span (in tiles) before each instant, as arrays [instant, key].

    Runs of 1, 2, 4, … tiles are made by doubling, and a span takes one run for each of its bits, the shortest
    nearest to the instant: the order of merging depends on the span alone. Only runs that are needed are made.
    """
    spans = set(spans)
    powers = [1 << n for n in range(longest.bit_length())]
    oldest = {(s, p): longest - (s & (p - 1)) - p for s in spans for p in powers if s & p}
    needed = {p: np.zeros(longest + instants, bool) for p in powers}
    for (_, power), start in oldest.items():
        needed[power][start : start + instants] = True
    for power in reversed(powers[:-1]):
        longer = needed[2 * power]
        needed[power] |= longer
        needed[power][power:] |= longer[:-power]
    windows: dict[int, States] = {}
    runs, starts = tiles, np.arange(longest + instants)
    for power in powers:
        if power > 1:
            wanted = np.flatnonzero(needed[power])
            older, newer = (_rows(runs, np.searchsorted(starts, wanted + later)) for later in (0, power // 2))
            runs, starts = merged(older, newer), wanted
        for span in (s for s in spans if s & power):
            start = int(np.searchsorted(starts, oldest[span, power]))
            run = {part: array[start : start + instants] for part, array in runs.items()}
            windows[span] = merged(run, windows[span]) if span in windows else run
    return windows


def _rows(states: States, index: np.ndarray) -> States:
    """Those rows of the arrays; a view where they lie at equal distances."""
    steps = np.diff(index)
    if len(steps) and (steps == steps[0]).all():
        return {part: array[index[0] : index[-1] + 1 : steps[0]] for part, array in states.items()}
    return taken(states, index)
