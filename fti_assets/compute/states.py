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


def taken(states: States, index: np.ndarray) -> States:
    """Some of the states, in the order of the index."""
    return {part: array[index] for part, array in states.items()}


def merged(older: States, newer: States) -> States:
    """Two neighbouring runs as one, by the formula of Chan, Golub and LeVeque (1979).

    Sums of squares would lose the standard deviation of values near 1e9.
    """
    both = {"count": older["count"] + newer["count"]}
    if "sum" in older:
        both["sum"] = older["sum"] + newer["sum"]
    if "mean" in older:
        share = newer["count"] / np.maximum(both["count"], 1)
        delta = newer["mean"] - older["mean"]
        both["mean"] = older["mean"] + delta * share
        if "m2" in older:
            both["m2"] = older["m2"] + newer["m2"] + delta * delta * (older["count"] * share)
    if "min" in older:
        both["min"] = np.minimum(older["min"], newer["min"])
    if "max" in older:
        both["max"] = np.maximum(older["max"], newer["max"])
    if "first" in older:
        both["first"] = np.where(older["first"] >= 0, older["first"], newer["first"])
    if "last" in older:
        both["last"] = np.where(newer["last"] >= 0, newer["last"], older["last"])
    return both


def statistic(function: str, states: States, values: pl.Series | None) -> pl.Series:
    """One statistic of states, null where they hold too few values; `values` is what `first` and `last` number."""
    count = states["count"]
    if function == "count":
        return pl.Series(count.astype(np.int64))
    if function in ("first", "last") and values is not None:
        found = pl.Series(states[function])
        return values.gather(found.set(found < 0, None))
    array = np.sqrt(states["m2"] / np.maximum(count - 1, 1)) if function == "std" else states[function]
    series = pl.Series(array)
    return series.set(pl.Series(count < (2 if function == "std" else 1)), None)
