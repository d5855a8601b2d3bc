"""One measure's elements, added up from the first one on: a window is a difference of two positions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from fti_assets.features.windows.exact_sums import Limbs, deviation, rounded
from fti_assets.features.windows.extremes import extremes_between

TYPES = dict.fromkeys(("count", "first", "last", "distinct"), np.int64)
"""Of statistics, where they are no numbers of float64."""


@dataclass(frozen=True)
class RunningSums:
    """What the elements before each position come to, and their values, which cannot be added up.

    Attributes:
        count: int64, shape (elements + 1,): how many values the elements before a position have.
        sums: limbs of their sum, of that shape; none where no function asks for it.
        squares: limbs of the sum of their squares, likewise.
        extremes: by `min` and `max`, those of each element, float64, shape (elements,); NaN for one of nulls.
        values: by `first` and `last`, those of each element, and a null; shape (elements + 1,).
        places: int64, shape (elements + 1,), by `first` and `last`: the element of the first value from a position on,
            and of the last value before it.
    """

    count: np.ndarray
    sums: Limbs
    squares: Limbs
    extremes: Mapping[str, np.ndarray]
    values: Mapping[str, pl.Series]
    places: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, parts: pl.DataFrame, number: int) -> Self:
        """Those of a measure, by its parts of all elements; see `row_elements`."""
        own = {name.removeprefix(f"{number}."): parts[name] for name in parts.columns if name.startswith(f"{number}.")}
        sums, squares = (
            {int(name.split(".")[1]): _running(limb) for name, limb in own.items() if name.startswith(f"{part}.")}
            for part in ("sum", "square")
        )
        extremes = {name: own[name].to_numpy() for name in own if name in ("min", "max")}
        values = {name: own[name].extend_constant(None, 1) for name in own if name in ("first", "last")}
        places = {name: _places(name, own["count"].to_numpy() > 0) for name in values}
        return cls(_running(own["count"]), sums, squares, extremes, values, places)

    def between(self, start: np.ndarray, end: np.ndarray) -> dict[str, np.ndarray]:
        """The statistics of the elements from position `start` up to, but without, `end`, by function.

        They are NaN where there are too few values. `first` and `last` are the places of elements; see `series`.

        Args:
            start: int64 positions, shape (lengths, ends), as the statistics.
            end: int64 positions, shape (ends,).
        """
        count = self.count[end] - self.count[start]
        sums, squares = ({n: limb[end] - limb[start] for n, limb in s.items()} for s in (self.sums, self.squares))
        statistics = {"count": count}
        if sums:
            total = np.where(count > 0, rounded(sums, start.shape), np.nan)
            statistics |= {"sum": total, "mean": total / np.maximum(count, 1)}
        if squares:
            statistics["std"] = deviation(count, sums, squares)
        for function, array in extremes_between(self.extremes, start.ravel(), np.tile(end, len(start))).items():
            statistics[function] = array.reshape(start.shape)
        for function, values in self.values.items():
            place = self.places[function][start if function == "first" else end]
            statistics[function] = np.where(count > 0, place, len(values) - 1)
        return statistics

    def series(self, function: str, statistic: np.ndarray) -> pl.Series:
        """A statistic as a column: the values of elements by their places, and nulls for NaN."""
        if function in self.values:
            return self.values[function].gather(statistic)
        return pl.Series(statistic, nan_to_null=True)


def _running(part: pl.Series) -> np.ndarray:
    running = np.zeros(len(part) + 1, np.int64)
    np.cumsum(part.to_numpy(), out=running[1:])
    return running


def _places(function: str, has_value: np.ndarray) -> np.ndarray:
    places = np.arange(len(has_value))
    if function == "last":
        return np.maximum.accumulate(np.append(-1, np.where(has_value, places, -1)))
    nearest = np.append(np.where(has_value, places, len(places)), len(places))
    return np.minimum.accumulate(nearest[::-1])[::-1]
