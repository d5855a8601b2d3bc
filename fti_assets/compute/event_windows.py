"""Windows that end at any instant: exact to the microsecond, or of whole days and the day's own rows."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import polars as pl

from fti_assets.compute.distinct import counted_once
from fti_assets.compute.exact import deviation, limbs_named, rounded
from fti_assets.compute.extremes import extremes
from fti_assets.compute.lines import Line, by_key, lines
from fti_assets.compute.measures import CODES, DAY_LENGTH, MICROSECOND, Measures, coded, combined, numbered
from fti_assets.spec.time import DAY

_TYPES = dict.fromkeys(("count", "first", "last"), np.int64)
_BLOCK = 1 << 15
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
    keys, key, row_key = _keys(ends.select(measures.keys), rows.select(measures.keys))
    end, key = _told_apart(ends["end"].to_numpy(), key, keys.height)
    place = by_key(key)
    key_in, end_in = key[place], end[place]
    found: dict[str, pl.Series] = {}
    for n, line in enumerate(lines(rows, row_key, measures, keys, kept)):
        windows = _windows(line, measures.all[n].functions, key_in, end_in, place, lengths, sawtooth)
        for name, function, label in measures.outputs(n, lengths):
            if function == "distinct":
                until = _until(line.seen["time"].to_numpy(), lengths[label], sawtooth)
                counted = np.empty_like(place)
                counted[place] = counted_once(line.seen, until, key_in, end_in)
                found[name] = pl.Series(counted)
            else:
                found[name] = _statistic(function, windows[label], line.values)
    as_of = pl.Series("as_of", end).cast(pl.Datetime("us", "UTC"))
    columns = pl.DataFrame([found[name].alias(name) for name in measures.names(lengths)])
    named = keys.rename(dict(zip(measures.keys, measures.by, strict=True)))
    return pl.concat([named[key], as_of.to_frame(), columns], how="horizontal")


def _windows(
    line: Line,
    functions: Collection[str],
    key: np.ndarray,
    end: np.ndarray,
    place: np.ndarray,
    lengths: Mapping[str, timedelta],
    sawtooth: bool,
) -> dict[str, dict[str, np.ndarray]]:
    """What the windows of each length hold before each end; the ends are sorted by key and time, and put in place.

    They are taken in blocks, to stay in the processor's cache and to keep two processors busy. No bit depends on it.
    """
    starts = [_start(end, length, sawtooth) for length in lengths.values()]
    elements, so_far = line.elements, _so_far(line)
    codes, at_end, *at_starts = combined((elements["key"], elements["time"]), *((key, at) for at in (end, *starts)))
    parts = {"count", *functions} - {"distinct"}
    found = {label: {part: np.empty(len(end), _TYPES.get(part, float)) for part in parts} for label in lengths}

    def fill(block: slice) -> None:
        until = _before(codes, at_end[block])
        for label, at_start in zip(lengths, at_starts, strict=True):
            since = _before(codes, at_start[block])
            for part, array in _stretches(line, so_far, parts, since, until).items():
                found[label][part][place[block]] = array

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(fill, [slice(first, first + _BLOCK) for first in range(0, len(end), _BLOCK)]))
    return found


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
    line: Line, so_far: Mapping[str, np.ndarray], parts: Collection[str], since: np.ndarray, until: np.ndarray
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
    found |= extremes({part: line.elements[part] for part in ("min", "max") if part in parts}, since, until)
    for part, at in (("first", since), ("last", until - 1)):
        if part in parts:
            found[part] = line.elements[part].take(at, mode="clip") if len(line.values) else at
    return {part: found[part] for part in parts}


def _statistic(function: str, held: Mapping[str, np.ndarray], values: pl.Series) -> pl.Series:
    """One statistic of windows, null where they hold too few values."""
    if function == "count":
        return pl.Series(held["count"])
    series = pl.Series(held[function]).set(pl.Series(held["count"] < (2 if function == "std" else 1)), None)
    return values.gather(series) if function in ("first", "last") else series


def _keys(ends: pl.DataFrame, rows: pl.DataFrame) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """The keys of the ends, sorted, and the numbers of those of the ends and of the rows among them; -1 for others."""
    if ends.dtypes != [pl.String] or rows.schema != ends.schema:
        keys, (key,) = coded(ends.columns, ends)
        return keys, key, numbered(ends.columns, rows, keys)
    coding = pl.concat([ends, rows]).to_series().cast(pl.Categorical).to_physical().to_numpy()
    number = np.full(int(coding.max(initial=0)) + 1, -1)
    number[coding[: ends.height]] = np.arange(ends.height)
    there = np.flatnonzero(number >= 0)
    keys = ends[number[there]]
    order = keys.to_series().arg_sort().to_numpy()
    number[there[order]] = np.arange(len(there))
    key = number[coding]
    return keys[order], key[: ends.height], key[ends.height :]


def _start(end: np.ndarray, length: timedelta, sawtooth: bool) -> np.ndarray:
    """The start of the window before each end."""
    return (end // DAY_LENGTH * DAY_LENGTH if sawtooth else end) - length // MICROSECOND


def _until(time: np.ndarray, length: timedelta, sawtooth: bool) -> np.ndarray:
    """The last end of a window that holds each time."""
    if sawtooth:
        return (time // DAY_LENGTH + length // DAY + 1) * DAY_LENGTH - 1
    return time + length // MICROSECOND


def _told_apart(end: np.ndarray, key: np.ndarray, keys: int) -> tuple[np.ndarray, np.ndarray]:
    """The different pairs, by end and then by key."""
    first, bits = int(end.min()) if len(end) else 0, keys.bit_length()
    if len(end) == 0 or int(end.max()) - first < CODES >> bits:
        code = np.sort((end - first) << bits | key)
        code = code[np.append(True, code[1:] != code[:-1])[: len(code)]]
        return (code >> bits) + first, code & ((1 << bits) - 1)
    pairs = pl.DataFrame({"end": end, "key": key}).unique().sort("end", "key")
    return pairs["end"].to_numpy(), pairs["key"].to_numpy()
