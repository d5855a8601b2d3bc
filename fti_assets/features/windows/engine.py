"""Windows as stretches of elements between two positions: differences of running sums, which are exact."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import polars as pl

from fti_assets.contracts.time import Window
from fti_assets.features.windows.distinct import DistinctValues
from fti_assets.features.windows.elements import Elements, distinct_keys, numbered
from fti_assets.features.windows.ends import Ends, grid_ends, last_end, window_start
from fti_assets.features.windows.measures import MICROSECOND, Measures, microseconds
from fti_assets.features.windows.positions import Positions
from fti_assets.features.windows.running_sums import TYPES, RunningSums
from fti_assets.stores.frames import TIME

_BLOCK = 1 << 15
_THREADS = 2


def windows_at(
    rows: pl.DataFrame,
    instants: pl.DataFrame,
    measures: Measures,
    lengths: Mapping[str, timedelta],
    *,
    sawtooth: bool = False,
    holds_end: bool = False,
    tiles: Sequence[pl.DataFrame] = (),
    as_of: str = "as_of",
) -> pl.DataFrame:
    """The statistics of each key's rows in [t - length, t), for each key and time t of some instants.

    Nulls are not counted. The std is the sample's, null for fewer than two values; all but count and distinct are null
    where there is no value. The same t has the same bits whatever else is asked for, however the rows are ordered,
    and whichever tiles stand for rows.

    Args:
        rows: those of `Measures.of`.
        instants: those of `Measures.instants`.
        measures: what is asked of the rows.
        lengths: each window's label and length.
        sawtooth: whether a window begins at the midnight that is its length before the day of t.
        holds_end: whether windows are (t - length, t], in the place of [t - length, t).
        tiles: those of days and months that no window cuts, in the place of their rows.
        as_of: what the column of t shall be called.

    Returns:
        The keys, `as_of` and `<column>_<statistic>_<label>`, one row for each key and t, sorted by t, then key.

    Raises:
        ContractViolation: values are too large to be summed, or too many to be told apart.
    """
    keys = distinct_keys(instants.select(measures.keys))
    elements = Elements.of(rows, tiles, keys, measures, holds_end=holds_end)
    pairs = numbered(instants, keys)
    ends = Ends.of(pairs["key"].to_numpy(), pairs["time"].to_numpy(), keys.height)
    return _statistics(elements, ends, measures, lengths, sawtooth, as_of)


def windows_on_grid(
    rows: pl.DataFrame,
    measures: Measures,
    lengths: Mapping[str, timedelta],
    *,
    every: timedelta,
    window: Window,
    holds_end: bool = False,
    tiles: Sequence[pl.DataFrame] = (),
    as_of: str = "as_of",
) -> pl.DataFrame:
    """The windows that end at each t in `window` of a grid, for each key that has a row in the longest of them.

    The grid has an instant at 1970-01-01 and one `every` so often, of which each length is a multiple. All else is as
    in `windows_at`.
    """
    keys = distinct_keys(*(frame.select(measures.keys) for frame in (rows, *tiles)))
    elements = Elements.of(rows, tiles, keys, measures, holds_end=holds_end)
    first, end = (-(-microseconds(instant) // (every // MICROSECOND)) for instant in (window.start, window.end))
    key, time = grid_ends(
        elements.key, elements.time, every // MICROSECOND, max(lengths.values()) // every, range(first, end)
    )
    return _statistics(elements, Ends.of(key, time, keys.height), measures, lengths, False, as_of)


def _statistics(
    elements: Elements,
    ends: Ends,
    measures: Measures,
    lengths: Mapping[str, timedelta],
    sawtooth: bool,
    as_of: str,
) -> pl.DataFrame:
    """The windows before each end.

    They are taken in blocks, which bounds the memory, by two threads: one alone would take 1.3 times what Polars' own
    rolling windows take. No bit depends on either.
    """
    keys, labels = elements.keys, list(lengths)
    spans = [length // MICROSECOND for length in lengths.values()]
    positions = Positions.of(elements.key, elements.time, keys.height)
    running = [RunningSums.of(elements.parts, n) for n in range(len(measures.all))]
    distinct = {
        n: [DistinctValues.of(seen, last_end(seen["time"].to_numpy(), s, sawtooth), keys.height) for s in spans]
        for n, seen in elements.seen.items()
    }
    outputs = [(n, *output) for n in range(len(running)) for output in measures.outputs(n, labels)]
    arrays = {name: np.empty(len(ends.key), TYPES.get(function, np.float64)) for _, name, function, _ in outputs}

    def fill(order: np.ndarray) -> None:
        key, time = ends.key[order], ends.time[order]
        end = positions.before(key, time)
        start = np.stack([positions.before(key, window_start(time, span, sawtooth)) for span in spans])
        statistics = [sums.between(start, end) for sums in running]
        for n, of_lengths in distinct.items():
            statistics[n]["distinct"] = np.stack([values.count(key, time) for values in of_lengths])
        for n, name, function, length in outputs:
            arrays[name][order] = statistics[n][function][length]

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(fill, [ends.order[first : first + _BLOCK] for first in range(0, len(ends.order), _BLOCK)]))
    columns = {name: running[n].series(function, arrays[name]) for n, name, function, _ in outputs}
    time = pl.Series(as_of, ends.time).cast(TIME)
    named = keys.rename(dict(zip(measures.keys, measures.by, strict=True)))[ends.key]
    return named.with_columns(time, *(columns[name].alias(name) for name in measures.names(labels)))
