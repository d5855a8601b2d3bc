"""Trailing windows over the rows of each key, by the time they became known."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import numpy as np
import polars as pl

from fti_assets.spec.time import Window, midnight

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = midnight("1970-01-01")
_CELLS = 1 << 22  # of one dense array: keys are taken in blocks, so that memory stays bounded
_NEEDS = {"count": (), "sum": ("sum",), "mean": ("mean",), "std": ("mean", "m2"), "min": ("min",), "max": ("max",)}

Tiles = dict[str, np.ndarray]


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

    `columns` maps a number or boolean column to its statistics (count, sum, mean, std, min, max), `lengths` a
    window's label to its length, a multiple of `every`, which divides a day. Nulls are not counted; the std is the
    sample's, null for fewer than two values; all but the count are null where there is no value. Keys with a null
    part, and keys with no row in the longest window, have no row.

    Gives `by`, `as_of` (= t) and `<column>_<statistic>_<label>`, sorted by `as_of` and `by`. The same t has the same
    bits whichever `window` was asked for and however the rows are ordered. Tiles of one `every` are merged by the
    formula of Chan, Golub and LeVeque (1979): sums of squares would lose the std of values near 1e9.
    """
    step = every // _MICROSECOND
    first, end = (-(-((instant - _EPOCH) // _MICROSECOND) // step) for instant in (window.start, window.end))
    spans = {label: length // every for label, length in lengths.items()}
    longest = max(spans.values())
    tile = (pl.col(known_at).dt.epoch("us") // step - (first - longest)).alias("tile")
    parts = {f"part_{column}": column for column in by}  # no column of the caller's can be called `tile` or `key`
    values = [pl.col(column).cast(pl.Float64).fill_nan(None).alias(f"value_{column}") for column in columns]
    used = rows.select(tile, *(pl.col(column).alias(part) for part, column in parts.items()), *values)
    used = used.filter(pl.col("tile").is_between(0, longest + end - first - 1)).drop_nulls(list(parts))
    keys = used.select(list(parts)).unique().sort(list(parts))
    used = used.join(keys.with_row_index("key"), on=list(parts))
    keys = keys.rename(parts)
    width = max(1, _CELLS // (longest + end - first))
    blocks = []
    for start in range(0, max(keys.height, 1), width):
        block = used.filter(pl.col("key").is_between(start, start + width - 1)) if width < keys.height else used
        shape = (longest + end - first, min(width, keys.height - start))
        cells = (block["tile"].to_numpy() * shape[1] + block["key"].to_numpy() - start).astype(np.int64)
        total = np.cumsum(np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape), axis=0)
        in_use = total[longest - 1 : -1] - np.vstack([np.zeros_like(total[:1]), total])[: end - first] > 0
        instants, key = np.nonzero(in_use)
        as_of = pl.Series("as_of", (first + instants) * step).cast(pl.Datetime("us", "UTC"))
        statistics = []
        for column, names in columns.items():
            tiles = _tiles(block[f"value_{column}"], cells, shape, {need for name in names for need in _NEEDS[name]})
            windows = _windows(tiles, spans.values(), longest, end - first)
            for name in names:
                for label, span in spans.items():
                    merged = {part: array[in_use] for part, array in windows[span].items()}
                    statistics.append(_statistic(name, merged).alias(f"{column}_{name}_{label}"))
        blocks.append(keys[start : start + width][key].with_columns(as_of, *statistics))
    return pl.concat(blocks).sort("as_of", maintain_order=True)


def _tiles(series: pl.Series, cells: np.ndarray, shape: tuple[int, int], needs: set[str]) -> Tiles:
    """The parts of each tile, as arrays [tile, key]. Values are added in ascending order, whatever the rows' order."""
    there = series.is_not_null().to_numpy()
    values, cells = series.drop_nulls().to_numpy() + 0.0, cells[there]  # + 0.0: no negative zeros
    order = np.argsort(values)
    values, cells, size = values[order], cells[order], shape[0] * shape[1]
    tiles: Tiles = {"count": np.bincount(cells, minlength=size)}
    if needs & {"sum", "mean"}:
        tiles["sum"] = np.bincount(cells, values, minlength=size)
    if "mean" in needs:
        tiles["mean"] = tiles["sum"] / np.maximum(tiles["count"], 1)
    if "m2" in needs:
        tiles["m2"] = np.bincount(cells, (values - tiles["mean"][cells]) ** 2, minlength=size)
    if "min" in needs:
        tiles["min"] = np.full(size, np.inf)
        tiles["min"][cells[::-1]] = values[::-1]  # of a repeated index the last assignment stays
    if "max" in needs:
        tiles["max"] = np.full(size, -np.inf)
        tiles["max"][cells] = values
    return {part: array.reshape(shape) for part, array in tiles.items() if part in needs | {"count"}}


def _windows(tiles: Tiles, spans: Iterable[int], longest: int, instants: int) -> dict[int, Tiles]:
    """The merged tiles of each span (in tiles) before each instant, as arrays [instant, key].

    Runs of 1, 2, 4, … tiles are made by doubling, and a span takes one run for each of its bits, the shortest
    nearest to the instant: the order of merging depends on the span alone.
    """
    windows: dict[int, Tiles] = {}
    runs, length = tiles, 1
    while True:
        for span in set(spans):
            if span & length:
                oldest = longest - (span & (length - 1)) - length
                run = {part: array[oldest : oldest + instants] for part, array in runs.items()}
                windows[span] = _merged(run, windows[span]) if span in windows else run
        if 2 * length > longest:
            return windows
        older = {part: array[:-length] for part, array in runs.items()}
        runs = _merged(older, {part: array[length:] for part, array in runs.items()})
        length *= 2


def _merged(older: Tiles, newer: Tiles) -> Tiles:
    """Two neighbouring runs of tiles as one (Chan, Golub and LeVeque 1979)."""
    merged = {"count": older["count"] + newer["count"]}
    if "sum" in older:
        merged["sum"] = older["sum"] + newer["sum"]
    if "mean" in older:
        share = newer["count"] / np.maximum(merged["count"], 1)
        delta = newer["mean"] - older["mean"]
        merged["mean"] = older["mean"] + delta * share
        if "m2" in older:
            merged["m2"] = older["m2"] + newer["m2"] + delta * delta * (older["count"] * share)
    if "min" in older:
        merged["min"] = np.minimum(older["min"], newer["min"])
    if "max" in older:
        merged["max"] = np.maximum(older["max"], newer["max"])
    return merged


def _statistic(name: str, merged: Tiles) -> pl.Series:
    """One statistic of windows, null where they hold too few values."""
    count = merged["count"]
    if name == "count":
        return pl.Series(count)
    array = np.sqrt(merged["m2"] / np.maximum(count - 1, 1)) if name == "std" else merged[name]
    series = pl.Series(array)
    return series.set(pl.Series(count < (2 if name == "std" else 1)), None)
