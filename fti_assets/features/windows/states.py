"""What a run of rows has come to: a few numbers for each statistic, which two neighbouring runs merge into one."""

from collections.abc import Iterable

import numpy as np
import polars as pl

States = dict[str, np.ndarray]
"""Arrays of equal shape, one for each part of a state. `first` and `last` hold row numbers of a series of values."""

EMPTY = {"count": 0.0, "sum": 0.0, "mean": 0.0, "m2": 0.0, "min": np.inf, "max": -np.inf, "first": -1, "last": -1}
"""The state of no rows, by part."""

_NEEDS = {"count": (), "std": ("mean", "m2"), "distinct": ()}


def parts_of(functions: Iterable[str]) -> tuple[str, ...]:
    """The parts that a state needs for these functions; the count is always one."""
    wanted = {"count", *(part for function in functions for part in _NEEDS.get(function, (function,)))}
    return tuple(part for part in EMPTY if part in wanted)


def empty_states(parts: Iterable[str], shape: int | tuple[int, ...]) -> States:
    """States of no rows."""
    return {part: np.full(shape, EMPTY[part]) for part in parts}


def empty_like(states: States, shape: tuple[int, ...]) -> States:
    """States of no rows, of the same parts and types."""
    return {part: np.full(shape, EMPTY[part], array.dtype) for part, array in states.items()}


def taken(states: States, index: np.ndarray) -> States:
    """Some of the states, in the order of the index; a view where they lie at equal distances."""
    rows = _slice(index)
    return {part: array[rows] for part, array in states.items()}


def put(states: States, index: np.ndarray, others: States) -> None:
    """Put the others in the place of some of the states."""
    rows = _slice(index)
    for part, array in states.items():
        array[rows] = others[part]


def merged(older: States, newer: States, into: States | None = None) -> States:
    """Two neighbouring runs as one, by the formula of Chan, Golub and LeVeque (1979), written `into` other arrays.

    Sums of squares would lose the standard deviation of values near 1e9.
    """
    out = {part: into[part] if into else np.empty_like(array) for part, array in older.items()}
    np.add(older["count"], newer["count"], out=out["count"])
    if "sum" in older:
        np.add(older["sum"], newer["sum"], out=out["sum"])
    if "mean" in older:
        share = np.maximum(out["count"], 1)
        np.divide(newer["count"], share, out=share)
        delta = newer["mean"] - older["mean"]
        np.multiply(delta, share, out=out["mean"])
        out["mean"] += older["mean"]
        if "m2" in older:
            share *= older["count"]
            delta *= delta
            delta *= share
            np.add(older["m2"], newer["m2"], out=out["m2"])
            out["m2"] += delta
    if "min" in older:
        np.minimum(older["min"], newer["min"], out=out["min"])
    if "max" in older:
        np.maximum(older["max"], newer["max"], out=out["max"])
    if "first" in older:
        out["first"][...] = np.where(older["first"] >= 0, older["first"], newer["first"])
    if "last" in older:
        out["last"][...] = np.where(newer["last"] >= 0, newer["last"], older["last"])
    return out


def statistic(function: str, states: States, values: pl.Series | None) -> pl.Series:
    """One statistic of states, null where they hold too few values; `values` is what `first` and `last` number."""
    count = states["count"]
    if function == "count":
        return pl.Series(count.astype(np.int64))
    if function in ("first", "last") and values is not None:
        return gathered(values, states[function])
    array = np.sqrt(states["m2"] / np.maximum(count - 1, 1)) if function == "std" else states[function]
    series = pl.Series(array)
    return series.set(pl.Series(count < (2 if function == "std" else 1)), None)


def gathered(values: pl.Series, rows: np.ndarray) -> pl.Series:
    """The values in these rows; null for -1."""
    found = pl.Series(rows)
    return values.gather(found.set(found < 0, None))


def _slice(index: np.ndarray) -> slice | np.ndarray:
    """The same rows as a slice where they lie at equal distances, one after the other."""
    if not len(index):
        return slice(0, 0)
    steps = np.diff(index)
    step = steps[0] if len(steps) else 1
    return slice(index[0], index[-1] + 1, step) if step > 0 and (steps == step).all() else index
