"""Aggregated groups: windows over another group's rows, and over what was kept of its finished days."""

import hashlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import polars as pl

from fti_assets.contracts.binding import Aggregated
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import DAY, Window
from fti_assets.features.windows import distinct, exact, lines, measures, runs, states, tiles
from fti_assets.features.windows.event_windows import event_windows
from fti_assets.features.windows.lines import day_tiles
from fti_assets.features.windows.measures import DAY_LENGTH, EPOCH, Measures
from fti_assets.features.windows.runs import Numbers, joined, runs_in
from fti_assets.features.windows.tiles import from_kept, tiles_of
from fti_assets.features.windows.trailing import grid_windows, tile_range
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.frames import empty, to_pandas
from fti_assets.stores.tiles import Days

_KEPT_FROM = 3 * DAY
"""The longest window from which tiles are kept: the few days of a shorter one are read as fast as rows."""


def aggregate(binding: Aggregated, window: Window, store: FeatureStore) -> pd.DataFrame:
    """The windows that end in the window.

    Days of the source that a later refresh will need are kept as tiles, and read so while their rows stay the same.
    Raises MissingPartitions when a day that a window reaches was never written.
    """
    store = store.snapshot()  # rows are read from the very files that their tiles are named by
    at = binding.windows.at
    frame = _on_grid(binding, window, store) if at is None else _at_rows(binding, at, window, store)
    frame = frame.rename({"as_of": binding.group.event_time}).select(list(binding.group.columns))
    nullable = binding.group.schema.extension_columns
    integers = {name: _integers(frame[name]) for name in nullable if frame.schema[name] == pl.Int64}
    return to_pandas(frame, [name for name in nullable if name not in integers]).assign(**integers)


def _on_grid(binding: Aggregated, window: Window, store: FeatureStore) -> pl.DataFrame:
    days = _Days(binding, Window(window.start - binding.halo, window.end - binding.windows.step), store)
    kept, absent, lacking = days.pieces(window)
    made = tiles_of(days.rows(absent), days.asked, binding.windows.step)
    tiles = from_kept([made.kept(), *kept.values()], days.asked) if kept else made
    if names := days.absent(window, map(Days, absent)):
        per_day = DAY // binding.windows.step
        days.keep(names, made.since(_number(min(names).first) * per_day).kept(), per_day)
    if any(map(len, lacking)):
        longer = joined(tiles, days.asked, lacking)
        wanted = [_days(level, number) for level, numbers in enumerate(lacking) for number in numbers.tolist()]
        days.keep(days.absent(window, wanted), longer.kept())
        tiles = tiles.and_runs(longer)
    return grid_windows(tiles, days.asked, binding.windows.lengths, binding.windows.step, window)


def _at_rows(binding: Aggregated, at: Group, window: Window, store: FeatureStore) -> pl.DataFrame:
    """Windows that end at the rows of a group: the days that a window cuts are read as rows, all others as tiles."""
    store.require(at, window)
    as_of = pl.col(at.event_time)
    ends = store.read(at, window, list(dict.fromkeys([*binding.windows.by, at.event_time])))
    ends = ends.filter(as_of.is_between(window.start, window.end, closed="left")).with_columns(as_of=as_of)
    days = _Days(binding, Window(window.start - binding.halo, window.end), store)
    cut = set(window.days)
    for length in () if binding.windows.sawtooth else binding.windows.lengths.values():
        first = Window(window.start - length, window.end - length)
        cut |= set((first.widened(after=length) if length % DAY else first).days)
    kept = days.kept([Days(day) for day in days.all if day not in cut])
    rows = days.rows([day for day in days.all if Days(day) not in kept])
    if names := days.absent(window, (Days(day) for day in days.all if Days(day) not in kept)):
        first_day, last = _number(min(names).first), _number(max(names).first)
        whole = rows.filter((pl.col("known") // DAY_LENGTH).is_between(first_day, last))
        days.keep(names, day_tiles(whole, days.asked).with_columns(level=0))
    return event_windows(rows, ends, days.asked, binding.windows.lengths, binding.windows.sawtooth, list(kept.values()))


class _Days:
    """The days of the source that windows reach, as rows or as kept tiles, which are named by what they were made of.

    The name of the tiles of days tells the files of their rows, what is asked of them, and the code that makes them.
    """

    def __init__(self, binding: Aggregated, reach: Window, store: FeatureStore) -> None:
        store.require_history(binding.windows.source, reach)
        self.asked = Measures(
            binding.windows.by,
            binding.windows.source.known_at,
            binding.windows.columns,
            binding.windows.filter,
            binding.windows.conditions,
            binding.windows.order,
        )
        self.all = reach.days
        self._binding, self._store = binding, store
        self._name = cache(self._named) if binding.halo >= _KEPT_FROM else lambda _: ""
        tiles = "a day in order" if binding.windows.at else binding.windows.step
        made_of = repr((self.asked, tiles, binding.windows.source.declaration, _code()))
        self._made_of = hashlib.sha256(made_of.encode())

    def pieces(self, window: Window) -> tuple[dict[Days, pl.DataFrame], list[date], Numbers]:
        """The tiles that are kept of windows on a grid, the days that are not, and the numbers of runs that are not.

        Long windows on a daily grid read and keep runs of days, too: those of the last windows, which others need.
        Not so where different values are counted: each value has its time, which a run does not tell.
        """
        wanted, last = [{_number(day) for day in self.all}], 0
        if self._binding.windows.step == DAY and not any("distinct" in measure.functions for measure in self.asked.all):
            first, end = tile_range(window, DAY)
            spans = {length // DAY for length in self._binding.windows.lengths.values()}
            wanted, last = [set(numbers.tolist()) for numbers in runs_in(spans, first, end)], end - 1 - max(spans)
        found: dict[Days, pl.DataFrame] = {}
        lacking = [np.zeros(0, int)] * len(wanted)
        for level in range(len(wanted) - 1, 0, -1):
            late = sorted(number for number in wanted[level] if number << level >= last)
            kept = self.kept(_days(level, number) for number in late)
            lacking[level] = np.array([number for number in late if _days(level, number) not in kept], int)
            absent = wanted[level] - {_number(days.first) >> level for days in kept}
            wanted[level - 1] |= {2 * number + half for number in absent for half in (0, 1)}
            found |= kept
        days = [_days(0, number) for number in sorted(wanted[0])]
        found |= self.kept(days)
        return found, [each.first for each in days if each not in found], lacking

    def kept(self, wanted: Iterable[Days]) -> dict[Days, pl.DataFrame]:
        """The tiles of those of the days whose tiles are kept."""
        names = {days: name for days in wanted if (name := self._name(days))}
        return self._store.tiles.get(self._binding.group.name, names)

    def rows(self, days: Sequence[date]) -> pl.DataFrame:
        """The rows of some days."""
        columns = self._binding.windows.columns_read
        parts = [self.asked.of(empty({name: self._binding.windows.source.columns[name] for name in columns}))]
        for first, last in _stretches(days):
            stretch = Window.of_days(first, last)
            rows = self._store.read(self._binding.windows.source, stretch, columns)
            parts.append(self.asked.of(rows, stretch))
        return pl.concat(parts)

    def absent(self, window: Window, wanted: Iterable[Days]) -> dict[Days, str]:
        """The names of the days' tiles that a refresh after the window will reach, of those that are not kept."""
        since = (window.end - self._binding.halo).date()
        names = {days: name for days in wanted if days.first >= since and (name := self._name(days))}
        return {days: names[days] for days in self._store.tiles.absent(self._binding.group.name, names)}

    def keep(self, names: Mapping[Days, str], tiles: pl.DataFrame, per_day: int = 1) -> None:
        """Keep the tiles, or runs of them, of the named days; there are no others of these days."""
        of = pl.col("level").alias("of"), (pl.col("tile") // per_day).alias("number")
        parts = tiles.with_columns(of).partition_by("of", "number", as_dict=True, include_key=False)
        frames = {_days(level, number): part for (level, number), part in parts.items()}
        made = {days: frames.get(days, tiles.clear()) for days in names}  # those of no rows that count, too
        self._store.tiles.put(self._binding.group.name, names, made)

    def _named(self, days: Days) -> str:
        """The name of the tiles of these days; empty where they have no rows."""
        window = Window.of_days(days.first, days.first + (days.number - 1) * DAY)
        contents = self._store.contents(self._binding.windows.source, window)
        name = self._made_of.copy()
        name.update(" ".join([str(days), *contents]).encode())
        return name.hexdigest()[:24] if contents else ""


def _number(day: date) -> int:
    """The number of the day's tile, of daily ones."""
    return (day - EPOCH.date()).days


def _days(level: int, number: int) -> Days:
    """The days of a run of daily tiles."""
    return Days(EPOCH.date() + (number << level) * DAY, 1 << level)


def _stretches(days: Sequence[date]) -> list[tuple[date, date]]:
    """The first and last days of each run of days that follow each other."""
    there = set(days)
    starts = [day for day in days if day - DAY not in there]
    ends = [day for day in days if day + DAY not in there]
    return list(zip(starts, ends, strict=True))


@cache
def _code() -> str:
    """The code that makes tiles."""
    return "".join(map(inspect.getsource, (distinct, exact, lines, measures, runs, states, tiles)))


def _integers(column: pl.Series) -> pd.Series:
    """Whole numbers with nulls, none of them rounded to what a float holds."""
    null = column.is_null().to_numpy()
    return pd.Series(pd.arrays.IntegerArray(column.fill_null(0).to_numpy().copy(), null.copy()))
