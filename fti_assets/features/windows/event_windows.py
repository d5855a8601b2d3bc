"""Windows that end at any instant: exact to the microsecond, or of whole days and the day's own rows."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import numpy as np
import polars as pl

from fti_assets.contracts.time import DAY
from fti_assets.features.windows.distinct import counted_once
from fti_assets.features.windows.ends import Ends, numbers_of
from fti_assets.features.windows.exact import deviation, limbs_named, rounded
from fti_assets.features.windows.extremes import extremes
from fti_assets.features.windows.lines import Line, lines
from fti_assets.features.windows.measures import DAY_LENGTH, MICROSECOND, Measures, combined

_TYPES = dict.fromkeys(("count", "first", "last"), np.int64)
_BLOCK = 1 << 14
_THREADS = 2


def windows_at(
    rows: pl.DataFrame,
    instants: pl.DataFrame,
    *,
    by: Sequence[str],
    known_at: str,
    columns: Mapping[str, Sequence[str]],
    lengths: Mapping[str, timedelta],
    sawtooth: bool = False,
) -> pl.DataFrame:
    """Statistics of each key's rows with `known_at` in [t - length, t), for each `by` and `as_of` = t of `instants`.

    See `event_windows`; `columns` maps a column to its statistics, `lengths` a window's label to its length.
    """
    measures = Measures(by, known_at, columns)
    return event_windows(measures.of(rows), instants, measures, lengths, sawtooth)


def event_windows(
    rows: pl.DataFrame,
    instants: pl.DataFrame,
    measures: Measures,
    lengths: Mapping[str, timedelta],
    sawtooth: bool = False,
    kept: Sequence[pl.DataFrame] = (),
) -> pl.DataFrame:
    """The statistics of the rows of `Measures.of` in each window that ends at an instant; one row for each.

    A window is the elements of a line from its start to its end: their sums are differences of running ones, exact
    in whole numbers, and are rounded once. Days that no window cuts may be given as `kept` by `day_tiles` in place
    of their rows. Nulls, the std and empty windows are as on a grid. With `sawtooth` a window begins at midnight.

    Gives the keys, `as_of` (= t) and `<column>_<statistic>_<label>`, sorted by `as_of` and key. The same t has the
    same bits whatever else is asked for, however the rows are ordered and whichever days are kept. Raises
    ContractViolation where values are too large to be summed, or too many to be told apart.
    """
    ends = instants.select(
        *(pl.col(c).alias(name) for c, name in zip(measures.by, measures.keys, strict=True)),
        pl.col("as_of").dt.epoch("us").alias("end"),
    ).drop_nulls()
    keys, key, row_key = numbers_of(ends.select(measures.keys), rows.select(measures.keys))
    found: dict[str, pl.Series] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        sorting = pool.submit(Ends.of, ends["end"].to_numpy(), key, keys.height)  # while the first line is made
        for n, line in enumerate(lines(rows, row_key, measures, keys, kept)):
            at, functions = sorting.result(), measures.all[n].functions
            windows = _windows(pool, line, functions, at, lengths, sawtooth)
            answers = dict(zip(lengths, pool.map(partial(_statistics, functions, line.values), windows), strict=True))
            for name, function, label in measures.outputs(n, lengths):
                if function == "distinct":
                    until = _until(line.seen["time"].to_numpy(), lengths[label], sawtooth)
                    counts = counted_once(line.seen, until, at.key[at.order], at.time[at.order])
                    found[name] = pl.Series(at.in_time(counts.to_numpy()))
                else:
                    found[name] = answers[label][function]
    at = sorting.result()
    as_of = pl.Series("as_of", at.time).cast(pl.Datetime("us", "UTC"))
    columns = pl.DataFrame([found[name].alias(name) for name in measures.names(lengths)])
    named = keys.rename(dict(zip(measures.keys, measures.by, strict=True)))
    return pl.concat([named[at.key], as_of.to_frame(), columns], how="horizontal")


def _windows(
    pool: Executor,
    line: Line,
    functions: Collection[str],
    ends: Ends,
    lengths: Mapping[str, timedelta],
    sawtooth: bool,
) -> list[dict[str, np.ndarray]]:
    """What the windows of each length hold before each end.

    They are taken in blocks, to stay in the processor's cache and to keep two processors busy. No bit depends on it.
    """
    parts, size, so_far = {"count", *functions} - {"distinct"}, len(ends.key), _so_far(line)
    table = np.empty((len(parts), len(lengths), size))  # all in one: a large piece of memory comes cheaper
    found = {part: room.view(_TYPES.get(part, float)) for part, room in zip(parts, table, strict=True)}

    def fill(block: slice) -> None:
        places = ends.order[block]
        key, time = ends.key[places], ends.time[places]
        starts = [_start(time, length, sawtooth) for length in lengths.values()]
        near = slice(_place(line, key[0], min(start[0] for start in starts)), _place(line, key[-1], time[-1]))
        elements = {name: array[near] for name, array in line.elements.items()}
        before = {name: run[near.start : near.stop + 1] for name, run in so_far.items()}
        pairs = [(key, at) for at in (time, *starts)]
        codes, at_end, *at_starts = combined((elements["key"], elements["time"]), *pairs)
        since = np.concatenate([_before(codes, at_start) for at_start in at_starts])
        until = np.tile(_before(codes, at_end), len(lengths))
        for part, array in _stretches(elements, before, parts, since, until).items():
            for room, of_length in zip(found[part], array.reshape(len(lengths), -1), strict=True):
                room[places] = of_length

    list(pool.map(fill, [slice(first, first + _BLOCK) for first in range(0, size, _BLOCK)]))
    return [{part: rooms[n] for part, rooms in found.items()} for n in range(len(lengths))]


def _place(line: Line, key: int, time: int) -> int:
    """How many elements come before this time of this key."""
    first, last = np.searchsorted(line.elements["key"], [key, key + 1])
    return int(first + np.searchsorted(line.elements["time"][first:last], time))


def _before(codes: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """How many of the codes are less than each that is asked for, both sorted: merged, half the time of searches."""
    first, last = np.searchsorted(codes, asked[[0, -1]])
    if last - first > 8 * len(asked):
        return np.searchsorted(codes, asked)
    order = np.argsort(np.concatenate([asked, codes[first:last]]), kind="stable")
    return np.flatnonzero(order < len(asked)) + (first - np.arange(len(asked)))


def _so_far(line: Line) -> dict[str, np.ndarray]:
    """The count and each limb of the elements before each, and of all of them."""
    so_far = {}
    for name, array in line.elements.items():
        if name == "count" or name.startswith(("sum_", "square_")):
            so_far[name] = np.zeros(len(array) + 1, np.int64)
            np.cumsum(array, out=so_far[name][1:])
    return so_far


def _stretches(
    elements: Mapping[str, np.ndarray],
    so_far: Mapping[str, np.ndarray],
    parts: Collection[str],
    since: np.ndarray,
    until: np.ndarray,
) -> dict[str, np.ndarray]:
    """The parts of each stretch of elements; where it has none they say nothing."""
    held = {name: run[until] - run[since] for name, run in so_far.items()}
    count = held.get("count", until - since)
    sums, squares = (limbs_named(part, held) for part in ("sum", "square"))
    found = {"count": count}
    if {"sum", "mean"} & set(parts):
        total = rounded(sums, len(count))
        found |= {"sum": total, "mean": total / np.maximum(count, 1)}
    if "std" in parts:
        found["std"] = deviation(count, sums, squares)
    found |= extremes({part: elements[part] for part in ("min", "max") if part in parts}, since, until)
    for part, at in (("first", since), ("last", until - 1)):
        if part in parts:
            found[part] = elements[part].take(at, mode="clip") if len(elements[part]) else at
    return {part: found[part] for part in parts}


def _statistics(functions: Sequence[str], values: pl.Series, held: Mapping[str, np.ndarray]) -> dict[str, pl.Series]:
    """The statistics of the windows of one length, null where they hold too few values."""
    found = {function: pl.Series(held[function]) for function in functions if function != "distinct"}
    for function in set(found) - {"count"}:
        too_few = held["count"] < (2 if function == "std" else 1)
        found[function] = found[function].set(pl.Series(too_few), None) if too_few.any() else found[function]
        found[function] = values.gather(found[function]) if function in ("first", "last") else found[function]
    return found


def _start(end: np.ndarray, length: timedelta, sawtooth: bool) -> np.ndarray:
    """The start of the window before each end."""
    return (end // DAY_LENGTH * DAY_LENGTH if sawtooth else end) - length // MICROSECOND


def _until(time: np.ndarray, length: timedelta, sawtooth: bool) -> np.ndarray:
    """The last end of a window that holds each time."""
    if sawtooth:
        return (time // DAY_LENGTH + length // DAY + 1) * DAY_LENGTH - 1
    return time + length // MICROSECOND
