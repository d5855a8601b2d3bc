"""Windows that end at each of some tiles, merged from tiles or from runs of them."""

from collections.abc import Collection

import numpy as np

from fti_assets.features.windows.runs import LONG, Numbers, level_of
from fti_assets.features.windows.states import States, empty_like, merged, put, taken


def windows(levels: list[States], numbers: Numbers, spans: Collection[int], first: int, end: int) -> dict[int, States]:
    """What windows of so many tiles that end at `first`, …, `end` - 1 come to, by span, as arrays [instant, key].

    `levels` are the states of the runs in `numbers`, those of `runs_in`. The order of merging depends on the instant
    and the span alone, so the bits are the same whichever instants are asked for together.
    """
    short = [span for span in spans if span < LONG]
    found = _of_tiles(levels[0], numbers[0], short, first, end) if short else {}
    return found | {span: _of_runs(levels, numbers, span, first, end) for span in spans if span >= LONG}


def _of_tiles(tiles: States, numbers: np.ndarray, spans: Collection[int], first: int, end: int) -> dict[int, States]:
    """Short windows: where many instants are asked for, their windows have fewer mergers than those of runs.

    Stretches of 1, 2, 4, … tiles from any tile are made by doubling, and a span takes one for each of its bits, the
    shortest nearest to the instant. Only stretches that are needed are made.
    """
    longest, instants = max(spans), end - first
    powers = [1 << n for n in range(longest.bit_length())]
    oldest = {(s, p): longest - (s & (p - 1)) - p for s in spans for p in powers if s & p}
    needed = {p: np.zeros(longest + instants - 1, bool) for p in powers}
    for (_, power), start in oldest.items():
        needed[power][start : start + instants] = True
    for power in reversed(powers[:-1]):
        longer = needed[2 * power]
        needed[power] |= longer
        needed[power][power:] |= longer[:-power]
    found: dict[int, States] = {}
    starts = np.arange(longest + instants - 1)
    stretches = taken(tiles, np.searchsorted(numbers, starts + first - longest))
    for power in powers:
        if power > 1:
            wanted = np.flatnonzero(needed[power])
            older, newer = (taken(stretches, np.searchsorted(starts, wanted + later)) for later in (0, power // 2))
            stretches, starts = merged(older, newer), wanted
        for span in (s for s in spans if s & power):
            start = int(np.searchsorted(starts, oldest[span, power]))
            stretch = {part: array[start : start + instants] for part, array in stretches.items()}
            found[span] = merged(stretch, found[span]) if span in found else stretch
    return found


def _of_runs(levels: list[States], numbers: Numbers, span: int, first: int, end: int) -> States:
    """Long windows: what each has before and after the ends of the longest runs that fit, and a run between two ends.

    So few of them have to be there for one instant that a day is refreshed at the same cost whatever the span.
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
