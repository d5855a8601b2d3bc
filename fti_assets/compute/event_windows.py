"""Windows that end at any instant: exact to the microsecond, or of whole days and the day's own rows."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import reduce

import numpy as np
import polars as pl

from fti_assets.compute.distinct import counted_once
from fti_assets.compute.lines import Line, by_key, lines
from fti_assets.compute.measures import CODES, DAY_LENGTH, MICROSECOND, Measures, combined, numbered
from fti_assets.compute.running import Blocks
from fti_assets.compute.states import States, merged, statistic, taken
from fti_assets.spec.time import DAY


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

    A window of n days is the rest of its first day, n - 1 whole days and its last day so far; with `sawtooth` it is
    n whole days and the day so far. Another length is taken as a block: see `Blocks`. Days that no window cuts may
    be given as `kept` by `day_tiles` in place of their rows. Nulls, the std and empty windows are as on a grid.

    Gives the keys, `as_of` (= t) and `<column>_<statistic>_<label>`, sorted by `as_of` and key. The same t has the
    same bits whatever else is asked for, however the rows are ordered and whichever days are kept.
    """
    ends = instants.select(
        *(pl.col(c).alias(name) for c, name in zip(measures.by, measures.keys, strict=True)),
        pl.col("as_of").dt.epoch("us").alias("end"),
    ).drop_nulls()
    keys = ends.group_by(measures.keys).agg().sort(measures.keys)
    end, key = ends["end"].to_numpy(), numbered(measures.keys, ends, keys)
    end, key = _told_apart(end, key, keys.height)
    order = by_key(key)
    end_in, key_in = end[order], key[order]
    found: dict[str, pl.Series] = {}
    for n, line in enumerate(lines(rows, measures, keys, kept)):
        functions = measures.all[n].functions
        states = _windows(line, key_in, end_in, lengths, sawtooth) if set(functions) != {"distinct"} else {}
        for name, function, label in measures.outputs(n, lengths):
            if function == "distinct":
                until = _until(line.seen["time"].to_numpy(), lengths[label], sawtooth)
                found[name] = counted_once(line.seen, until, key_in, end_in)
            else:
                found[name] = statistic(function, states[label], line.values)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    as_of = pl.Series("as_of", end).cast(pl.Datetime("us", "UTC"))
    columns = pl.DataFrame([found[name].alias(name) for name in measures.names(lengths)])[back]
    named = keys.rename(dict(zip(measures.keys, measures.by, strict=True)))
    return pl.concat([named[key], as_of.to_frame(), columns], how="horizontal")


def _windows(
    line: Line, key: np.ndarray, end: np.ndarray, lengths: Mapping[str, timedelta], sawtooth: bool
) -> dict[str, States]:
    """The states of the windows of each length before each end, which are sorted by key and time."""
    days = Blocks(line.key, line.time, line.states, DAY_LENGTH)
    visits, visit = _visits(key, end // DAY_LENGTH)
    starts = [end - length // MICROSECOND for length in lengths.values()]
    at, at_end, *at_starts = combined((line.key, line.time), (key, end), *((key, start) for start in starts))
    until = np.searchsorted(at, at_end)
    today = days.before(until, key, end)
    tiles = _tiles(line, days)
    windows = {}
    for (label, length), start, at_start in zip(lengths.items(), starts, at_starts, strict=True):
        if length % DAY:
            blocks = Blocks(line.key, line.time, line.states, length // MICROSECOND)
            since = blocks.since(np.searchsorted(at, at_start), key, start)
            windows[label] = merged(since, blocks.before(until, key, end))
            continue
        parts = [] if sawtooth else [days.since(np.searchsorted(at, at_start), key, start)]
        span = length // DAY - len(parts)
        if span:
            whole = _whole_days(tiles, key[visits], end[visits] // DAY_LENGTH, span)
            parts.append(taken(whole, visit))
        windows[label] = reduce(merged, [*parts, today])
    return windows


def _tiles(line: Line, days: Blocks) -> tuple[np.ndarray, np.ndarray, States]:
    """The key, day and state of each whole day of a line, in order, kept or not."""
    key, day, states = line.key[days.starts], days.block[days.starts], days.whole()
    if not len(line.day):
        return key, day, states
    key, day = np.concatenate([key, line.day_key]), np.concatenate([day, line.day])
    order = np.argsort(combined((key, day))[0])
    both = {part: np.concatenate([array, line.days[part]])[order] for part, array in states.items()}
    return key[order], day[order], both


def _whole_days(tiles: tuple[np.ndarray, np.ndarray, States], key: np.ndarray, day: np.ndarray, span: int) -> States:
    """So many whole days before each day."""
    tile_key, tile, states = tiles
    blocks = Blocks(tile_key, tile, states, span)
    at, at_start, at_end = combined((tile_key, tile), (key, day - span), (key, day))
    since = blocks.since(np.searchsorted(at, at_start), key, day - span)
    return merged(since, blocks.before(np.searchsorted(at, at_end), key, day))


def _visits(key: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of the neighbours that agree in key and day, and the number of that pair for each."""
    new = np.ones(len(key), bool)
    new[1:] = (key[1:] != key[:-1]) | (day[1:] != day[:-1])
    return np.flatnonzero(new), np.cumsum(new) - 1


def _until(time: np.ndarray, length: timedelta, sawtooth: bool) -> np.ndarray:
    """The last end of a window that holds each time."""
    if sawtooth:
        return (time // DAY_LENGTH + length // DAY + 1) * DAY_LENGTH - 1
    return time + length // MICROSECOND


def _told_apart(end: np.ndarray, key: np.ndarray, keys: int) -> tuple[np.ndarray, np.ndarray]:
    """The different pairs, by end and then by key."""
    first = int(end.min()) if len(end) else 0
    if len(end) and (int(end.max()) - first + 1) * keys < CODES:
        code = np.sort((end - first) * keys + key)
        code = code[np.append(True, code[1:] != code[:-1])]
        return code // keys + first, code % keys
    pairs = pl.DataFrame({"end": end, "key": key}).unique().sort("end", "key")
    return pairs["end"].to_numpy(), pairs["key"].to_numpy()
