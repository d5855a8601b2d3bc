"""Lines of values: those of each key by the time they became known, and whole days of it in their place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from fti_assets.compute.distinct import check_few
from fti_assets.compute.measures import DAY_LENGTH, Measure, Measures, combined, numbered
from fti_assets.compute.running import Blocks
from fti_assets.compute.states import EMPTY, States, empty_states, parts_of, taken
from fti_assets.compute.tiles import Tiles, from_kept

_RADIX = 1 << 16


@dataclass(frozen=True)
class Line:
    """The values of one measure, by key and then by time.

    `states` are those of single values, a number where all have the same; `days` are states of whole days that were
    kept, and no values are there of such a day. `first` and `last` number `values`. `seen` has a row for each `key`,
    `value` and `time`, sorted so, if different values are to be counted: a kept day's have its first instant.
    """

    key: np.ndarray
    time: np.ndarray
    states: States
    values: pl.Series
    seen: pl.DataFrame
    day_key: np.ndarray
    day: np.ndarray
    days: States


def lines(
    rows: pl.DataFrame, measures: Measures, keys: pl.DataFrame, kept: Sequence[pl.DataFrame] = ()
) -> Iterator[Line]:
    """The line of each measure, of the keys that are asked for and numbered by their place in `keys`.

    Raises ContractViolation where there are too many different values to count.
    """
    key = numbered(measures.keys, rows, keys)
    order = _in_order(rows, key)
    order = order[np.searchsorted(key[order], 0) :]
    key, time = key[order], rows["known"].to_numpy()[order]
    tiles = from_kept(kept, measures) if kept else None
    for n, measure in enumerate(measures.all):
        value = rows[f"value_{n}"].gather(order)
        there = np.flatnonzero(value.is_not_null().to_numpy()) if value.null_count() else slice(None)
        line = _of_rows(key[there], time[there], value.drop_nulls(), measure)
        yield line if tiles is None else _with_days(line, tiles, numbered(measures.keys, tiles.keys, keys), n, measure)


def day_tiles(rows: pl.DataFrame, measures: Measures) -> pl.DataFrame:
    """What stands for the rows of whole days in a line: a row for each key and `tile`, the day."""
    keys = rows.group_by(measures.keys).agg().sort(measures.keys)
    days = rows.select(key=pl.Series(numbered(measures.keys, rows, keys)), tile=pl.col("known") // DAY_LENGTH)
    cells = days.group_by("key", "tile").agg(rows=pl.len().cast(pl.Int64)).sort("key", "tile")
    distinct = {}
    for n, line in enumerate(lines(rows, measures, keys)):
        blocks = Blocks(line.key, line.time, line.states, DAY_LENGTH)
        there = pl.DataFrame({"key": line.key[blocks.starts], "tile": blocks.block[blocks.starts]})
        states = blocks.whole()
        ends = {part: line.values.gather(states.pop(part)) for part in ("first", "last") if part in states}
        there = there.with_columns(pl.Series(f"{part}_{n}", array) for part, array in (states | ends).items())
        cells = cells.join(there, on=["key", "tile"], how="left", maintain_order="left")
        cells = cells.with_columns(pl.col(f"{part}_{n}").fill_null(EMPTY[part]) for part in states)
        if "distinct" in measures.all[n].functions:
            distinct[n] = line.seen.with_columns(pl.col("time") // DAY_LENGTH).unique().sort("key", "value", "time")
    return Tiles(keys, cells, distinct).kept()


def by_key(key: np.ndarray) -> np.ndarray:
    """The stable order of numbers that are not negative, but for -1."""
    number = key + 1
    order = np.argsort((number % _RADIX).astype(np.uint16), kind="stable")
    if len(key) and number.max() >= _RADIX:
        order = order[np.argsort(number[order] // _RADIX, kind="stable")]
    return order


def _in_order(rows: pl.DataFrame, key: np.ndarray) -> np.ndarray:
    """The order of rows by key and known time; those of one instant by `order`, or else by all of their values.

    Rows that agree in all of their values may change places: no state depends on which of them comes first.
    """
    known = rows["known"].to_numpy()
    order = np.argsort(known, kind="stable")
    order = order[by_key(key[order])]
    same = (np.diff(known[order]) == 0) & (np.diff(key[order]) == 0)
    tied = np.zeros(len(order), bool)
    tied[1:] |= same
    tied[:-1] |= same
    places = np.flatnonzero(tied)
    told = [c for c in rows.columns if c.startswith("order_")] or [c for c in rows.columns if c.startswith("value_")]
    ties = rows[order[places]].select("known", *told).with_columns(key=key[order[places]], row=order[places])
    order[places] = ties.sort("key", "known", *told)["row"].to_numpy()
    return order


def _of_rows(key: np.ndarray, time: np.ndarray, value: pl.Series, measure: Measure) -> Line:
    parts = parts_of(measure.functions)
    states: States = {"count": np.array(1.0), "m2": np.array(0.0)}
    if {"sum", "mean", "min", "max"} & set(parts):
        states |= dict.fromkeys(("sum", "mean", "min", "max"), value.cast(pl.Float64).to_numpy() + 0.0)
    states |= dict.fromkeys(("first", "last"), np.arange(len(value)))
    seen = pl.DataFrame({"key": key, "value": value, "time": time})
    if "distinct" in measure.functions:
        check_few(seen.select("key", "value", time=pl.col("time") // DAY_LENGTH).unique(), measure.column)
        seen = seen.sort("key", "value", "time")
    none = np.zeros(0, np.int64)
    return Line(key, time, {part: states[part] for part in parts}, value, seen, none, none, empty_states(parts, 0))


def _with_days(line: Line, tiles: Tiles, numbers: np.ndarray, n: int, measure: Measure) -> Line:
    """The line with kept days; `numbers` are the tiles' keys as the line has them."""
    days, values = tiles.states(n, parts_of(measure.functions)), line.values
    for part in (p for p in ("first", "last") if p in days):
        days[part] += len(values)
        values = pl.concat([values, tiles.cells[f"{part}_{n}"]])
    key, day = numbers[tiles.cells["key"].to_numpy()], tiles.cells["tile"].to_numpy()
    used = np.flatnonzero((key >= 0) & (days["count"] > 0))
    used = used[np.argsort(combined((key[used], day[used]))[0])]
    seen = line.seen
    if "distinct" in measure.functions:
        kept = tiles.distinct[n].with_columns(pl.Series("key", numbers[tiles.distinct[n]["key"].to_numpy()]))
        kept = kept.filter(pl.col("key") >= 0).with_columns(pl.col("time") * DAY_LENGTH)
        seen = pl.concat([seen, kept.select(seen.columns)]).sort("key", "value", "time")
    return replace(line, values=values, seen=seen, day_key=key[used], day=day[used], days=taken(days, used))
