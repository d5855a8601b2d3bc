"""Frozen bins, and profiles of a day that merge by addition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fti_assets.contracts.errors import unknown
from fti_assets.contracts.kinds import Kind

Counts = npt.NDArray[np.int64]

INNER_EDGES = 9
TOP_CATEGORIES = 20
EPSILON = 1e-4


@dataclass(frozen=True)
class Bins:
    """One feature's bins, frozen with the model that was fitted on them.

    A number falls below the first of the rising `edges`, between two of them (the upper one included) or above the
    last; a text into one of `categories` or among the others. Missing values have the last bin, always.
    """

    kind: Literal["number", "text"]
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many bins there are, the one of missing values included."""
        return len(self.edges if self.kind == "number" else self.categories) + 2


def fit_bins(frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> dict[str, Bins]:
    """Bins of each feature in `kinds`, from the training rows.

    Numbers (bool and int too) get the nine inner deciles as edges, deduplicated; a value that fills several deciles
    has a bin of its own, so a flag that is nearly always 1 can still be seen to drift. Texts get the 20 most frequent
    categories, ties by name. Raises ValueError for a column that is absent or a time.
    """
    return {name: _fit(_column(frame, name), kind) for name, kind in kinds.items()}


def counts(frame: pd.DataFrame, bins: Mapping[str, Bins]) -> dict[str, Counts]:
    """How many rows of the frame fall into each bin, by feature: the profile of a day.

    Profiles of the same bins merge by addition: that of a week is the sum of its days'.
    """
    return {name: _count(_column(frame, name), column_bins) for name, column_bins in bins.items()}


def psi(expected_counts: npt.ArrayLike, actual_counts: npt.ArrayLike) -> float:
    """The population stability index: the sum over bins of (a - e) · ln(a / e), in nats.

    e and a are shares, each (count / total + 1e-4) / (1 + 1e-4 · bins), so that an empty bin stays finite. nan where
    either side has no rows. It is Jeffreys' divergence (1946) under the name of Siddiqi, Credit Risk Scorecards (2006);
    equal populations give about (bins - 1) · (1 / rows + 1 / rows') by chance (Yurdakul and Naranjo 2020).
    """
    expected, actual = _shares(expected_counts, actual_counts)
    smooth = 1 + EPSILON * len(expected)
    e, a = (expected + EPSILON) / smooth, (actual + EPSILON) / smooth
    return float(np.sum((a - e) * np.log(a / e)))


def to_json(bins: Mapping[str, Bins]) -> dict[str, Any]:
    """The bins as plain dicts and lists; floats survive JSON exactly."""
    return {
        name: {"edges": list(b.edges)} if b.kind == "number" else {"categories": list(b.categories)}
        for name, b in bins.items()
    }


def from_json(plain: Mapping[str, Mapping[str, Sequence[Any]]]) -> dict[str, Bins]:
    """The bins that `to_json` wrote."""
    return {
        name: Bins("number", edges=tuple(float(e) for e in b["edges"]))
        if "edges" in b
        else Bins("text", categories=tuple(b["categories"]))
        for name, b in plain.items()
    }


def _fit(column: pd.Series, kind: Kind) -> Bins:
    if kind == "text":
        frequent = column.value_counts()
        ranked = sorted(zip(-frequent.to_numpy(), frequent.index, strict=True))[:TOP_CATEGORIES]
        return Bins("text", categories=tuple(str(category) for rows, category in ranked if rows))
    if kind == "time":
        raise ValueError(f"{column.name} is a time: expected a text, a number or a bool, such as its hour or its age")
    values = np.sort(_floats(column))  # nan goes last
    values = values[: len(values) - np.count_nonzero(np.isnan(values))]
    if not len(values):
        return Bins("number")
    rank = np.ceil(np.arange(1, INNER_EDGES + 1) / (INNER_EDGES + 1) * len(values)).astype(np.int64) - 1
    edges = values[rank] + 0.0  # no negative zero
    repeated = np.append(edges[:-1] == edges[1:], False)
    edges[repeated] = _just_below(edges[repeated])
    return Bins("number", edges=tuple(np.unique(edges[np.isfinite(edges)]).tolist()))


def _just_below(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # Below zero the normal number, not the subnormal: libraries built with fast-math flush subnormals to zero.
    return np.where(values == 0, -np.finfo(np.float64).tiny, np.nextafter(values, -np.inf))


def _count(column: pd.Series, bins: Bins) -> Counts:
    if bins.kind == "text":
        texts = pa.array(column, type=pa.large_string(), from_pandas=True)
        codes = pc.index_in(texts, value_set=pa.array(bins.categories, type=pa.large_string())).drop_null()
        known = np.bincount(codes.to_numpy(zero_copy_only=False), minlength=len(bins.categories))
        return np.append(known, [len(texts) - texts.null_count - len(codes), texts.null_count])
    values = _floats(column)
    missing = np.count_nonzero(np.isnan(values))
    up_to = [np.count_nonzero(values <= edge) for edge in bins.edges]
    return np.append(np.diff([0, *up_to, len(values) - missing]), missing)


def _floats(column: pd.Series) -> npt.NDArray[np.float64]:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise ValueError(unknown("column", name, frame.columns))
    return frame[name]


def _shares(*profiles: npt.ArrayLike) -> list[npt.NDArray[np.float64]]:
    rows = [np.asarray(profile, dtype=np.float64) for profile in profiles]
    if len({r.shape for r in rows}) > 1:
        raise ValueError(f"profiles of {' and '.join(str(r.size) for r in rows)} bins: expected the same frozen bins")
    return [r / total if (total := r.sum()) else np.full(r.shape, np.nan) for r in rows]
