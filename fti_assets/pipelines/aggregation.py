"""Aggregated groups: windows over another group's rows, and over what was kept of its finished days."""

import hashlib
import inspect
from collections.abc import Callable, Collection
from datetime import date
from functools import cache

import pandas as pd
import polars as pl

from fti_assets.compute import distinct, exact, lines, measures, states, tiles
from fti_assets.compute.event_windows import event_windows
from fti_assets.compute.frames import empty, to_pandas
from fti_assets.compute.lines import day_tiles
from fti_assets.compute.measures import DAY_LENGTH, EPOCH, Measures
from fti_assets.compute.tiles import from_kept, tiles_of
from fti_assets.compute.trailing import grid_windows
from fti_assets.spec.binding import Aggregated
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.schema import nullable_columns
from fti_assets.spec.time import DAY, Window
from fti_assets.stores.feature_store import FeatureStore

_KEPT_FROM = 3 * DAY
"""The longest window from which tiles are kept: the few days of a shorter one are read as fast as rows."""


def aggregate(binding: Aggregated, window: Window, store: FeatureStore) -> pd.DataFrame:
    """The windows that end in the window.

    Days of the source that a later refresh will need are kept as tiles, and read so while their rows stay the same.
    Raises MissingPartitions when a day that a window reaches was never written.
    """
    store = store.snapshot()  # rows are read from the very files that their tiles are named by
    frame = _on_grid(binding, window, store) if binding.at is None else _at_rows(binding, binding.at, window, store)
    frame = frame.rename({"as_of": str(binding.group.event_time)})
    nullable = nullable_columns(binding.group.schema)
    integers = {name: _integers(frame[name]) for name in nullable if frame.schema[name] == pl.Int64}
    return to_pandas(frame, [name for name in nullable if name not in integers]).assign(**integers)


def _on_grid(binding: Aggregated, window: Window, store: FeatureStore) -> pl.DataFrame:
    days = _Days(binding, Window(window.start - binding.halo, window.end - binding.step), store)
    kept = days.kept(days.all)
    made = tiles_of(days.rows(kept), days.asked, binding.step)
    per_day = DAY // binding.step
    days.keep(window, per_day, lambda first, last: made.between(first * per_day, (last + 1) * per_day - 1).kept())
    tiles = from_kept([made.kept(), *kept.values()], days.asked) if kept else made
    return grid_windows(tiles, days.asked, binding.lengths, binding.step, window)


def _at_rows(binding: Aggregated, at: FeatureGroup, window: Window, store: FeatureStore) -> pl.DataFrame:
    """Windows that end at the rows of a group: the days that a window cuts are read as rows, all others as tiles."""
    store.require(at, window)
    as_of = pl.col(str(at.event_time))
    ends = store.read(at, window, list(dict.fromkeys([*binding.by, str(at.event_time)])))
    ends = ends.filter(as_of.is_between(window.start, window.end, closed="left")).with_columns(as_of=as_of)
    days = _Days(binding, Window(window.start - binding.halo, window.end), store)
    cut = set(window.days)
    for length in () if binding.sawtooth else binding.lengths.values():
        first = Window(window.start - length, window.end - length)
        cut |= set((first.widened(after=length) if length % DAY else first).days)
    kept = days.kept([day for day in days.all if day not in cut])
    rows = days.rows(kept)
    day = pl.col("known") // DAY_LENGTH
    days.keep(window, 1, lambda first, last: day_tiles(rows.filter(day.is_between(first, last)), days.asked))
    return event_windows(rows, ends, days.asked, binding.lengths, binding.sawtooth, list(kept.values()))


class _Days:
    """The days of the source that windows reach, as rows or as kept tiles, which are named by what they were made of.

    The name of a day's tiles tells the files of its rows, what is asked of them, and the code that makes the tiles.
    """

    def __init__(self, binding: Aggregated, reach: Window, store: FeatureStore) -> None:
        store.require_history(binding.source, reach)
        self.asked = Measures(
            binding.by,
            str(binding.source.known_at),
            binding.columns,
            binding.filter,
            binding.conditions,
            binding.order,
        )
        self.all = reach.days
        self._binding, self._store = binding, store
        self._names: dict[date, str] = {}
        self._found: set[date] = set()
        if binding.halo >= _KEPT_FROM:
            tiles = "a day in order" if binding.at else binding.step
            made_of = hashlib.sha256(repr((self.asked, tiles, binding.source.declaration, _code())).encode())
            for day in self.all:
                if files := store.files(binding.source, Window.of_days(day, day)):
                    name = made_of.copy()
                    name.update(" ".join([str(day), *files]).encode())
                    self._names[day] = name.hexdigest()[:24]

    def kept(self, days: Collection[date]) -> dict[date, pl.DataFrame]:
        """The tiles of those of the days whose tiles are kept."""
        names = {day: self._names[day] for day in days if day in self._names}
        found = self._store.tiles.get(self._binding.group.name, names)
        self._found |= set(found)
        return found

    def rows(self, without: Collection[date]) -> pl.DataFrame:
        """The rows of the days that are not among those kept."""
        columns = self._binding.columns_read
        parts = [self.asked.of(empty({name: self._binding.source.columns[name] for name in columns}))]
        for first, last in _stretches([day for day in self.all if day not in without]):
            stretch = Window.of_days(first, last)
            rows = self._store.read(self._binding.source, stretch, columns)
            parts.append(self.asked.of(rows, stretch))
        return pl.concat(parts)

    def keep(self, window: Window, per_day: int, tiles: Callable[[int, int], pl.DataFrame]) -> None:
        """Keep the tiles of the days that a refresh after the window will reach; `tiles` makes them, of a range."""
        since = (window.end - self._binding.halo).date()
        days = {day: name for day, name in self._names.items() if day >= since and day not in self._found}
        absent = self._store.tiles.absent(self._binding.group.name, days)
        if absent:
            first, last = ((day - EPOCH.date()).days for day in (min(absent), max(absent)))
            parts = tiles(first, last).with_columns(day=pl.col("tile") // per_day).partition_by("day", as_dict=True)
            frames = {EPOCH.date() + day * DAY: part.drop("day") for (day,), part in parts.items()}
            made = {day: frames[day] for day in absent if day in frames}
            self._store.tiles.put(self._binding.group.name, days, made)


def _stretches(days: list[date]) -> list[tuple[date, date]]:
    """The first and last days of each run of days that follow each other."""
    starts = [day for day in days if day - DAY not in set(days)]
    ends = [day for day in days if day + DAY not in set(days)]
    return list(zip(starts, ends, strict=True))


@cache
def _code() -> str:
    """The code that makes tiles."""
    return "".join(map(inspect.getsource, (distinct, exact, lines, measures, states, tiles)))


def _integers(column: pl.Series) -> pd.Series:
    """Whole numbers with nulls, none of them rounded to what a float holds."""
    null = column.is_null().to_numpy()
    return pd.Series(pd.arrays.IntegerArray(column.fill_null(0).to_numpy().copy(), null.copy()))
