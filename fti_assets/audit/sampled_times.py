"""The moments at which an audit asks what was known."""

from collections.abc import Sequence
from datetime import datetime
from itertools import cycle

import numpy as np
import polars as pl

from fti_assets.contracts.time import DAY, Window

Times = tuple[pl.Series, pl.Series]
"""Two times of the same rows."""
_Span = tuple[np.ndarray, np.ndarray]
_SEED = 20130101


def moments_of(known: Sequence[pl.Series], window: Window, a_day: int, pairs: Sequence[Times] = ()) -> list[datetime]:
    """So many moments in each day of the window, each between two times at which rows became known.

    Each day's rows are cut into so many parts. `pairs` are times of the inputs' rows, such as when something was true
    and when it was known: in each part, in turn for each pair, the moment is the one with the most rows between their
    two times, because there a join by the wrong one shows. Without pairs it is taken by chance. The same rows give the
    same moments. A day with fewer than two known times is cut into hours.
    """
    times = pl.concat([series.cast(pl.Datetime("us", "UTC")) for series in known]).drop_nulls().unique().sort()
    chance, open_spans = np.random.default_rng(_SEED), cycle(_spans(pairs) or [None])
    moments = set()
    for part in window.split(1):
        inside = times.filter((times >= part.start) & (times < part.end)).dt.epoch("us").to_numpy()
        between = inside[:-1] + (inside[1:] - inside[:-1]) // 2
        for n in range(a_day):
            share = (n + float(chance.uniform(0.25, 0.75))) / a_day
            some, span = between[len(between) * n // a_day : len(between) * (n + 1) // a_day], next(open_spans)
            if not len(between):
                moments.add(part.start + DAY * share)
            elif span is None or not len(some):
                moments.add(_instant(between[int(share * len(between))]))
            else:
                moments.add(_instant(some[np.argmax(_open(span, some))]))
    return sorted(moments)


def middle(moments: Sequence[datetime]) -> datetime:
    """The moment before and after which there is most, for what is tried at one moment only."""
    return moments[len(moments) // 2]


def _spans(pairs: Sequence[Times]) -> list[_Span | None]:
    """The sorted beginnings and ends of the rows' spans, of those pairs that differ at all."""
    spans: list[_Span | None] = []
    for one, other in pairs:
        both = pl.DataFrame({"one": one.dt.epoch("us"), "other": other.dt.epoch("us")}).drop_nulls()
        both = both.filter(pl.col("one") != pl.col("other"))
        if both.height:
            begin = both.select(pl.min_horizontal("one", "other")).to_series().sort()
            end = both.select(pl.max_horizontal("one", "other")).to_series().sort()
            spans.append((begin.to_numpy(), end.to_numpy()))
    return spans


def _open(span: _Span, instants: np.ndarray) -> np.ndarray:
    """How many rows have begun and not ended at each instant."""
    return np.searchsorted(span[0], instants, side="right") - np.searchsorted(span[1], instants, side="right")


def _instant(microseconds: int) -> datetime:
    moment: datetime = pl.Series([int(microseconds)]).cast(pl.Datetime("us", "UTC")).item()
    return moment
