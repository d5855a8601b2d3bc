"""Runs of 1, 2, 4, 8, … tiles that begin at a multiple of their number: a few of them make any window.

Run n of level j holds the tiles from n * 2^j up to, but without, (n + 1) * 2^j. So runs are the nodes of one binary
tree over all of time, the same whichever windows are asked for.
"""

from collections.abc import Collection, Iterator

import numpy as np
import polars as pl

from fti_assets.features.windows.measures import Measures
from fti_assets.features.windows.states import States, empty_like, gathered, merged, parts_of, put, taken
from fti_assets.features.windows.tiles import Tiles

Numbers = list[np.ndarray]
"""For each level, from 0, the numbers of some of its runs, ascending."""
Places = list[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]
"""For each level, which cells of the tiles are meant, and their rows and columns in arrays of [run, key]."""

_CELLS = 1 << 23  # of one dense array: keys are taken in blocks, so that memory stays bounded

LONG = 32
"""Windows of so many tiles are merged from runs of them, shorter ones from single tiles, of which they need all."""


def level_of(span: int) -> int:
    """The level of the longest runs of windows of so many tiles: such a window holds one or two of their ends."""
    return span.bit_length() - 1


def runs_in(spans: Collection[int], first: int, end: int) -> Numbers:
    """The runs that windows of so many tiles are merged from, those that end at `first`, …, `end` - 1."""
    ends = np.arange(first, end)
    levels = 1 + max(level_of(span) if span >= LONG else 0 for span in spans)
    found: list[list[np.ndarray]] = [[np.zeros(0, np.int64)] for _ in range(levels)]
    for span in spans:
        if span < LONG:
            found[0].append(np.arange(first - span, end - 1))
            continue
        top, starts = level_of(span), ends - span
        for level in range(top):
            newest, oldest = ends >> level, -(-starts >> level)
            found[level] += [newest[newest & 1 == 1] - 1, oldest[oldest & 1 == 1]]
        whole = -(-starts >> top)
        found[top].append(whole[whole < ends >> top])
    return [_ascending(*each) for each in found]


class Runs:
    """What wanted runs come to: those that the tiles hold as they are, all others merged from their halves.

    `numbers` are the runs in the rows of the states, and `made` those of them that are merged.
    """

    def __init__(self, tiles: Tiles, wanted: Numbers) -> None:
        level, tile, self._key = (tiles.cells[name].to_numpy() for name in ("level", "tile", "key"))
        cells = [np.flatnonzero(level == n) for n in range(min(int(level.max(initial=0)) + 1, len(wanted)))]
        cells += [cells[0][:0]] * (len(wanted) - len(cells))
        self.numbers, self.made = list(wanted), [np.zeros(0, np.int64)] * len(wanted)
        for n in range(len(wanted) - 1, 0, -1):
            held = _places(self.numbers[n], _ascending(tile[cells[n]])) >= 0
            self.made[n] = made = self.numbers[n][~held]
            self.numbers[n - 1] = _ascending(self.numbers[n - 1], 2 * made, 2 * made + 1)
        rows = [_places(tile[of], numbers) for of, numbers in zip(cells, self.numbers, strict=True)]
        self._cells = [(of[row >= 0], row[row >= 0]) for of, row in zip(cells, rows, strict=True)]

    def blocks(self, keys: int, more: int) -> Iterator[tuple[range, Places]]:
        """The keys in blocks, so few that arrays of all runs, and of so many rows more, stay small."""
        width = max(1, _CELLS // max(sum(map(len, self.numbers)) + more, 1))
        for start in range(0, max(keys, 1), width):
            places = []
            for cells, row in self._cells:
                key = self._key[cells] - start
                here = (key >= 0) & (key < width) if width < keys else slice(None)
                places.append((cells[here], (row[here], key[here])))
            yield range(start, min(start + width, keys)), places

    def states(self, cells: States, places: Places, keys: int) -> list[States]:
        """For each level the states of its runs, arrays of [run, key], made of the cells' states."""
        levels: list[States] = []
        for n, (numbers, made) in enumerate(zip(self.numbers, self.made, strict=True)):
            which, place = places[n]
            states = empty_like(cells, (len(numbers), keys)) if len(made) < max(len(numbers), 1) else {}
            for part in states:
                states[part][place] = cells[part][which]
            if len(made):
                older, newer = (taken(levels[-1], _places(2 * made + half, self.numbers[n - 1])) for half in (0, 1))
                whole = merged(older, newer)
                if states:
                    put(states, _places(made, numbers), whole)
                else:
                    states = whole
            levels.append(states)
        return levels


def joined(tiles: Tiles, measures: Measures, wanted: Numbers) -> Tiles:
    """The wanted runs that the tiles lack, and the shorter ones that these are merged from; not for `distinct`."""
    runs, frames = Runs(tiles, wanted), [tiles.cells.clear()]
    made = [_places(*pair) for pair in zip(runs.made, runs.numbers, strict=True)]
    for keys, places in runs.blocks(tiles.keys.height, 0) if any(map(len, made)) else ():
        counted = runs.states({"count": tiles.cells["rows"].to_numpy().astype(float)}, places, len(keys))
        there = [np.nonzero(states["count"][rows]) for states, rows in zip(counted, made, strict=True)]
        cells = [(rows[row], key) for rows, (row, key) in zip(made, there, strict=True)]
        columns: dict[str, pl.Series | np.ndarray] = {
            "key": np.concatenate([key + keys.start for _, key in there]),
            "tile": np.concatenate([runs.made[n][row] for n, (row, _) in enumerate(there)]),
            "level": np.repeat(np.arange(len(there)), [len(row) for row, _ in there]),
            "rows": _picked(counted, "count", cells).astype(np.int64),
        }
        for number, measure in enumerate(measures.all):
            parts = parts_of(measure.functions)
            levels = runs.states(tiles.states(number, parts), places, len(keys))
            for part in parts:
                values, column = tiles.values(number, part), _picked(levels, part, cells)
                columns[f"{part}_{number}"] = column if values is None else gathered(values, column)
        frames.append(pl.DataFrame(columns).select(tiles.cells.columns))
    return Tiles(tiles.keys, pl.concat(frames), {})


def _picked(levels: list[States], part: str, cells: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    return np.concatenate([states[part][cell] for states, cell in zip(levels, cells, strict=True)])


def _ascending(*numbers: np.ndarray) -> np.ndarray:
    """All of the numbers, each once."""
    every = np.concatenate(numbers)
    if not len(every):
        return every
    there = np.zeros(every.max() - every.min() + 1, bool)
    there[every - every.min()] = True
    return np.flatnonzero(there) + every.min()


def _places(wanted: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Where the wanted numbers are among others, which are ascending; -1 for one that is not there."""
    if not len(numbers):
        return np.full(len(wanted), -1)
    places = np.full(numbers[-1] - numbers[0] + 3, -1)
    places[numbers - numbers[0] + 1] = np.arange(len(numbers))
    return places[np.clip(wanted - numbers[0] + 1, 0, len(places) - 1)]
