"""Whether recent rows still look like those a model was fitted on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from fti_assets.contracts.errors import unknown
from fti_assets.contracts.kinds import Kind
from fti_assets.monitoring.profiles import Bins, counts, fit_bins, from_json, psi, to_json


@dataclass(frozen=True)
class Reference:
    """A model's training rows as its features' frozen bins, their counts, and what drift is worth a warning."""

    bins: Mapping[str, Bins]
    counts: Mapping[str, tuple[int, ...]]
    thresholds: Mapping[str, float]


def fit_reference(
    frame: pd.DataFrame, kinds: Mapping[str, Kind], days: npt.ArrayLike, chunk_days: int = 7, floor: float = 0.1
) -> Reference:
    """The reference of training rows; `days` holds each row's date.

    A feature's threshold is the mean + 3 sd of the PSI of the rows' own consecutive `chunk_days` against all of them,
    but at least `floor`: what varies by season in training may vary in production. Chunks count back from
    the last day; an incomplete first one is left out. Fewer than two chunks with rows leave the floor.
    """
    dates = np.asarray(days, dtype="datetime64[D]")
    if dates.shape != (len(frame),) or not len(frame):
        raise ValueError(f"{len(frame)} rows with {dates.size} days: expected one day per row and at least one row")
    if np.isnat(dates).any():
        raise ValueError(f"{np.count_nonzero(np.isnat(dates))} rows have no day: expected a date for each")
    if chunk_days < 1:
        raise ValueError(f"chunk_days={chunk_days}: expected at least 1")
    if np.any(dates[1:] < dates[:-1]):
        order = np.argsort(dates, kind="stable")
        frame, dates = frame.take(order), dates[order]
    bins = fit_bins(frame, kinds)
    span = int((dates[-1] - dates[0]).astype(np.int64)) + 1
    first = dates[-1] + 1 - span // chunk_days * chunk_days
    bounds = np.searchsorted(dates, first + np.arange(span // chunk_days + 1) * chunk_days)
    chunks = [counts(frame.iloc[a:b], bins) for a, b in pairwise(bounds) if b > a]
    rest = counts(frame.iloc[: bounds[0]], bins)
    whole = {name: rest[name] + sum(chunk[name] for chunk in chunks) for name in bins}
    return Reference(
        bins=bins,
        counts={name: tuple(n.tolist()) for name, n in whole.items()},
        thresholds={name: _threshold([psi(n, chunk[name]) for chunk in chunks], floor) for name, n in whole.items()},
    )


def drift(reference: Reference, recent_counts: Mapping[str, npt.ArrayLike]) -> dict[str, float]:
    """The PSI of each feature's recent counts, in the same bins, against training; nan where there are no rows."""
    for name in reference.bins:
        if name not in recent_counts:
            raise ValueError(f"recent counts: {unknown('feature', name, recent_counts)}")
    return {name: psi(trained, recent_counts[name]) for name, trained in reference.counts.items()}


def drifted(reference: Reference, psis: Mapping[str, float]) -> list[str]:
    """The features above their thresholds, furthest above first; nan is not above."""
    over = {name: value / reference.thresholds[name] for name, value in psis.items()}
    return sorted((name for name in over if over[name] > 1), key=lambda name: (-over[name], name))


def to_bytes(reference: Reference) -> bytes:
    """The reference as JSON, the same bytes for the same reference."""
    plain = {
        "bins": to_json(reference.bins),
        "counts": {name: list(n) for name, n in reference.counts.items()},
        "thresholds": dict(reference.thresholds),
    }
    return json.dumps(plain, sort_keys=True, allow_nan=False, ensure_ascii=False).encode()


def from_bytes(data: bytes) -> Reference:
    """The reference that `to_bytes` wrote."""
    plain = json.loads(data)
    return Reference(
        bins=from_json(plain["bins"]),
        counts={name: tuple(n) for name, n in plain["counts"].items()},
        thresholds=plain["thresholds"],
    )


def _threshold(psis: list[float], floor: float) -> float:
    if len(psis) < 2:
        return floor
    return max(floor, float(np.mean(psis) + 3 * np.std(psis, ddof=1)))
