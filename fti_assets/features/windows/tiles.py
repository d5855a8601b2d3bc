"""Tiles: what each key's rows of a stretch of time have come to, made once and merged into any window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from fti_assets.features.windows.distinct import check_few
from fti_assets.features.windows.measures import MICROSECOND, Measure, Measures, coded
from fti_assets.features.windows.states import States, empty_states, parts_of

_DENSE = 1 << 24  # cells of one array; more are sorted


@dataclass(frozen=True)
class Tiles:
    """The tiles of all keys that have rows.

    `keys` holds the keys, sorted. `cells` has a row for each `key` (its number) and `tile`, in no order: `rows`, how
    many, and the parts of each measure as `<part>_<number>`, `first` and `last` as values. Its `level` is 0; cells
    of a higher one are of a run of tiles, whose number `tile` is: see `runs`. `distinct` has for each measure that asks
    for it a row for each `key`, `value` and `time` (the tile), sorted so.
    """

    keys: pl.DataFrame
    cells: pl.DataFrame
    distinct: dict[int, pl.DataFrame]

    def states(self, number: int, parts: Sequence[str]) -> States:
        """The parts of a measure; `first` and `last` as row numbers of `values`, -1 where there is none."""
        rows = np.arange(self.cells.height)
        states: States = {}
        for part in parts:
            series = self.cells[f"{part}_{number}"]
            if part in ("first", "last"):
                states[part] = np.where(series.is_null().to_numpy(), -1, rows)
            else:
                states[part] = series.to_numpy()
        return states

    def values(self, number: int, part: str) -> pl.Series | None:
        """What `first` or `last` of a measure number."""
        return self.cells[f"{part}_{number}"] if part in ("first", "last") else None

    def since(self, first: int) -> "Tiles":
        """The tiles from one on."""
        seen = {n: frame.filter(pl.col("time") >= first) for n, frame in self.distinct.items()}
        return Tiles(self.keys, self.cells.filter(pl.col("tile") >= first), seen)

    def and_runs(self, runs: "Tiles") -> "Tiles":
        """These tiles, and runs of them that have the same keys."""
        return Tiles(self.keys, pl.concat([self.cells, runs.cells]), self.distinct)

    def kept(self) -> pl.DataFrame:
        """One frame to keep: the keys themselves, and distinct values as lists."""
        frame = pl.concat([self.keys[self.cells["key"]], self.cells], how="horizontal")
        for number, seen in self.distinct.items():
            lists = seen.group_by("key", tile="time").agg(pl.col("value").alias(f"distinct_{number}"))
            frame = frame.join(lists, on=["key", "tile"], how="left", maintain_order="left")
        return frame.drop("key")


def tiles_of(rows: pl.DataFrame, measures: Measures, length: timedelta) -> Tiles:
    """The tiles of the rows of `Measures.of`, each of `length`; tile 0 begins at 1970-01-01.

    Values are added in ascending order, whatever the order of the rows.
    """
    keys, (key,) = coded(measures.keys, rows)
    tile = rows["known"].to_numpy() // (length // MICROSECOND)
    slot, cells = _cells(key, tile, keys.height)
    distinct = {}
    for number, measure in enumerate(measures.all):
        series = rows[f"value_{number}"]
        parts = parts_of(measure.functions)
        states = _summed(series, slot, cells.height, parts)
        ends = _ends(rows, number, slot, cells.height, parts)
        cells = cells.with_columns(*(pl.Series(f"{part}_{number}", array) for part, array in states.items()), *ends)
        if "distinct" in measure.functions:
            distinct[number] = seen_values(key, series, tile, measure)
    return Tiles(keys, cells, distinct)


def seen_values(key: np.ndarray, value: pl.Series, tile: np.ndarray, measure: Measure) -> pl.DataFrame:
    """Which values each key has in each tile; ContractViolation where there are too many."""
    seen = pl.DataFrame({"key": key, "value": value, "time": tile}).drop_nulls("value").unique()
    check_few(seen, measure.column)
    return seen.sort("key", "value", "time")


def from_kept(frames: Sequence[pl.DataFrame], measures: Measures) -> Tiles:
    """The tiles of frames that `kept` gave."""
    frame = pl.concat(frames)
    keys, (key,) = coded(measures.keys, frame)
    cells = frame.drop(measures.keys).insert_column(0, pl.Series("key", key))
    distinct = {}
    for number, measure in enumerate(measures.all):
        if "distinct" in measure.functions:
            seen = cells.select("key", value=f"distinct_{number}", time="tile").explode("value").drop_nulls("value")
            distinct[number] = seen.sort("key", "value", "time")
            cells = cells.drop(f"distinct_{number}")
    return Tiles(keys, cells, distinct)


def _cells(key: np.ndarray, tile: np.ndarray, keys: int) -> tuple[np.ndarray, pl.DataFrame]:
    """The cell of each row, and the cells: the pairs of key and tile that have rows."""
    first = int(tile.min()) if len(tile) else 0
    cell = (tile - first) * keys + key
    size = int(cell.max()) + 1 if len(cell) else 0
    if size <= _DENSE:
        count = np.bincount(cell, minlength=size)
        there = np.flatnonzero(count)
        slot = (np.cumsum(count > 0) - 1)[cell]
        count = count[there]
    else:
        there, slot, count = np.unique(cell, return_inverse=True, return_counts=True)
    numbers = {"key": there % max(keys, 1), "tile": there // max(keys, 1) + first}
    columns = numbers | {"level": np.zeros(len(there), np.int64), "rows": count}
    return slot, pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64))


def _summed(series: pl.Series, slot: np.ndarray, size: int, parts: Sequence[str]) -> States:
    there = series.is_not_null().to_numpy()
    slot = slot[there]
    states = empty_states([part for part in parts if part not in ("first", "last")], size)
    states["count"] = np.bincount(slot, minlength=size).astype(float)
    if len(states) == 1:
        return states
    values = series.drop_nulls().cast(pl.Float64).to_numpy() + 0.0  # no negative zeros
    order = np.argsort(values)
    values, slot = values[order], slot[order]
    if {"sum", "mean"} & set(states):
        total = np.bincount(slot, values, minlength=size).astype(float)  # of no rows it has integers
        mean = total / np.maximum(states["count"], 1)
        states |= {part: array for part, array in (("sum", total), ("mean", mean)) if part in states}
    if "m2" in states:
        states["m2"] = np.bincount(slot, (values - mean[slot]) ** 2, minlength=size).astype(float)
    if "min" in states:
        states["min"][slot[::-1]] = values[::-1]  # of a repeated index the last assignment stays
    if "max" in states:
        states["max"][slot] = values
    return states


def _ends(rows: pl.DataFrame, number: int, slot: np.ndarray, size: int, parts: Sequence[str]) -> list[pl.Series]:
    """The first and the last value of each cell, by known time and order."""
    wanted = [part for part in parts if part in ("first", "last")]
    if not wanted:
        return []
    value = f"value_{number}"
    told = ["known", *(name for name in rows.columns if name.startswith("order_"))]
    row = rows.select(*told, value).with_row_index("row").drop_nulls(value).sort(told)["row"].to_numpy()
    ends = []
    for part in wanted:
        at, placed = np.full(size, -1), row if part == "last" else row[::-1]
        at[slot[placed]] = placed
        found = pl.Series(at)
        ends.append(rows[value].gather(found.set(found < 0, None)).alias(f"{part}_{number}"))
    return ends
