"""Whether a partition looks like those before it: its size, missing values, categories and how fresh it ends.

Everything is judged against the last 28 partitions that began at the same time of day, at least seven of them: for
days the last four weeks, for hours the same hour of four weeks. The margins are wide on purpose, because an alarm
that goes off every week is switched off.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import sqrt
from statistics import median
from typing import Any

import polars as pl

from fti_assets.contracts.time import DAY
from fti_assets.features.statistics import COUNTED_IN_FULL

PEERS = 28
ENOUGH = 7
VOLUME = 2.0
"""Rows may be this many times the peers' median, and as many times fewer."""
MISSING = 0.05
"""A column's missing rate may be above its peers' largest by so much."""
NEW_CATEGORIES = 0.01
"""Categories that no peer had may make up so large a share of the rows."""
STALENESS = 2.0
"""The time from the last row to the partition's end may be this many times the peers' longest."""
_NOISE = 3.0  # standard errors

Figures = Mapping[str, Any]
Partition = Mapping[str, Figures]
"""A partition's statistics by column."""


@dataclass(frozen=True)
class Unusual:
    """One way in which a partition is not as usual."""

    check: str
    column: str
    found: str
    expected: str


def history_length(partition: timedelta) -> timedelta:
    """How far back the peers of a partition of that length begin."""
    return PEERS * max(DAY, partition)


def unusual(
    statistics: pl.DataFrame, before: pl.DataFrame, known_at: str | None = None, enough: int = ENOUGH
) -> dict[datetime, tuple[Unusual, ...]]:
    """What is not as usual in each partition of `statistics`, by its start; nothing where peers are fewer than enough.

    `before` holds the statistics of earlier partitions; those of `statistics` itself count for the later ones.
    `known_at` names the time by whose last value a partition ends fresh.
    """
    peers: defaultdict[time, deque[Partition]] = defaultdict(lambda: deque(maxlen=PEERS))
    for start, partition in _partitions(before):
        peers[start.time()].append(partition)
    surprises = {}
    for start, partition in _partitions(statistics):
        usual = peers[start.time()]
        surprises[start] = tuple(_unusual(partition, usual, known_at, enough)) if len(usual) >= enough else ()
        usual.append(partition)
    return surprises


def _partitions(statistics: pl.DataFrame) -> Iterator[tuple[datetime, Partition]]:
    partitions: dict[datetime, dict[str, Figures]] = {}
    for figures in statistics.iter_rows(named=True):
        partitions.setdefault(figures["start"], {})[figures["column"]] = figures
    yield from sorted(partitions.items(), key=lambda item: item[0])


def _unusual(partition: Partition, peers: Sequence[Partition], known_at: str | None, enough: int) -> Iterator[Unusual]:
    rows = _rows(partition)
    yield from _volume(rows, [_rows(peer) for peer in peers])
    filled = [peer for peer in peers if _rows(peer)]
    if not rows or len(filled) < enough:
        return
    for column, figures in partition.items():
        usual = [peer[column] for peer in filled if column in peer]
        if len(usual) < enough:
            continue
        if figures["missing"]:
            yield from _missing(figures, usual)
        if figures["categories"] is not None:
            yield from _categories(figures, usual)
        if column == known_at:
            yield from _freshness(figures, usual)


def _rows(partition: Partition) -> int:
    return int(next(iter(partition.values()))["rows"])


def _volume(rows: int, usual: Sequence[int]) -> Iterator[Unusual]:
    """Rows against the median of the peers, with room at the limits for a Poisson count's noise, or the peers' own."""
    if not rows and min(usual) > 0:
        yield Unusual("volume", "", "no rows", f"{min(usual):,} to {max(usual):,} rows, never none")
        return
    middle = median(usual)
    low, high = middle / VOLUME, middle * VOLUME
    mean = sum(usual) / len(usual)
    spread = sqrt(sum((rows - mean) ** 2 for rows in usual) / (len(usual) - 1)) if len(usual) > 1 else 0.0
    low, high = low - _NOISE * min(sqrt(low), spread), high + _NOISE * min(sqrt(high), spread)
    if not low <= rows <= high:
        yield Unusual("volume", "", f"{rows:,} rows", f"{max(low, 0):,.0f} to {high:,.0f}, usually {middle:,.0f}")


def _missing(figures: Figures, usual: Sequence[Figures]) -> Iterator[Unusual]:
    """The missing rate against the peers' largest, with room for a share's noise at the limit."""
    rows = figures["rows"]
    largest = max(peer["missing"] / peer["rows"] for peer in usual)
    limit = min(1.0, largest + MISSING)
    limit += _NOISE * sqrt(limit * (1 - limit) / rows)
    rate = figures["missing"] / rows
    if rate > limit:
        yield Unusual(
            "missing", figures["column"], f"{rate:.1%} missing", f"up to {limit:.1%}, at most {largest:.1%} before"
        )


def _categories(figures: Figures, usual: Sequence[Figures]) -> Iterator[Unusual]:
    """Categories that no peer had, where all of them were counted: at least two rows and one in a hundred."""
    if any(_cut(partition) for partition in (figures, *usual)):
        return
    known = {category for peer in usual for category in peer["categories"] or ()}
    new = {c: n for c, n in zip(figures["categories"], figures["counts"], strict=True) if c not in known}
    limit = max(1.0, NEW_CATEGORIES * figures["rows"])
    if sum(new.values()) > limit:
        names = ", ".join(f"{category} ({count:,})" for category, count in list(new.items())[:5])
        more = f" and {len(new) - 5} more" if len(new) > 5 else ""
        yield Unusual(
            "categories",
            figures["column"],
            f"new: {names}{more}",
            f"up to {limit:,.0f} rows of categories not seen before",
        )


def _cut(figures: Figures) -> bool:
    """Whether not every category was counted."""
    return figures["distinct"] > COUNTED_IN_FULL or bool(figures["distinct"] and figures["categories"] is None)


def _freshness(figures: Figures, usual: Sequence[Figures]) -> Iterator[Unusual]:
    """The time from the last row to the partition's end against the peers' longest, and a twenty-fourth of it all."""
    age = figures["end"] - figures["last"]
    longest = max(peer["end"] - peer["last"] for peer in usual)
    limit = max(STALENESS * longest, (figures["end"] - figures["start"]) / 24)
    if age > limit:
        yield Unusual(
            "freshness", figures["column"], f"last row {_words(age)} before the end", f"up to {_words(limit)}"
        )


def _words(length: timedelta) -> str:
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    return f"{hours}h {minutes}min" if hours and minutes else f"{hours}h" if hours else f"{minutes}min"
