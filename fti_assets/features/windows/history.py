"""The history that windows reach: months and days as kept tiles, and the rows of all other days."""

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

import polars as pl

from fti_assets.contracts.binding import Aggregated
from fti_assets.contracts.time import DAY, Window, midnight
from fti_assets.features.windows import elements, exact_sums, tiles
from fti_assets.features.windows import measures as measures_module
from fti_assets.features.windows.measures import MICROSECOND, Measures, microseconds
from fti_assets.features.windows.tiles import day_tiles, month_tiles
from fti_assets.stores.feature_store import GroupReader
from fti_assets.stores.frames import empty

_KEPT_FROM = 3 * DAY
"""The longest window from which tiles are kept: the few days of a shorter one are read as fast as rows."""

Periods = Mapping[str, Window]
"""Months and days by their label: `2013-01`, `2013-01-05`."""


class History:
    """The rows of a source that the windows ending in a stretch of time reach.

    A month or a day that no window cuts is read as its tiles where they are kept. Their name tells the files of their
    rows, what is asked of them, and the code that makes tiles: those of rows since corrected are not found.

    Attributes:
        tiles: the kept tiles of months, and of days of other months.
        rows: the rows of the days that no tile stands for, as `Measures.of` has them.
    """

    def __init__(self, binding: Aggregated, measures: Measures, window: Window, store: GroupReader) -> None:
        asked = binding.windows
        self._group, self._source, self._columns = binding.group.name, asked.source, asked.columns_read
        self._measures, self._store = measures, store
        self._since, self._end = window.end - binding.halo, window.end
        inside = MICROSECOND if asked.holds_end else timedelta(0)  # from a window's end to the first instant after it
        edges = _edges(window, asked.step, list(asked.lengths.values()), asked.sawtooth)
        self._edges = [(first + inside, last + inside) for first, last in edges]
        self._is_kept = binding.halo >= _KEPT_FROM
        made_of = repr((measures, self._source.declaration, _code()))
        self._made_of = hashlib.sha256(made_of.encode())
        reach = binding.reach(window)[0].window
        store.require_history(self._source, reach)
        days = _days_of(reach)
        self._months = _months_of(days)
        self._tiles = self._kept(self._months)
        days = {label: day for label, day in days.items() if label[:7] not in self._tiles}
        self._tiles |= self._kept(days)
        self._read = {label: day for label, day in days.items() if label not in self._tiles}
        self.tiles = list(self._tiles.values())
        self.rows = self._rows()

    def keep(self) -> None:
        """Keep the tiles that a later refresh will reach: of days that were read as rows, and of months of such."""
        names = self._absent(self._read)
        if not names:
            return
        starts = {label: microseconds(self._read[label].start) for label in names}
        made = day_tiles(self.rows.filter(pl.col("time") >= min(starts.values())), self._measures)
        by_start = made.partition_by("time", as_dict=True)
        days = {label: by_start.get((start,), made.clear()) for label, start in starts.items()}
        self._store.tiles.put(self._group, names, days)
        days |= self._tiles
        for label, name in self._absent(self._months).items():
            of_month = list(self._names(_days_of(self._months[label])))
            if days.keys() >= set(of_month):
                month = month_tiles([days[day] for day in of_month], self._measures)
                self._store.tiles.put(self._group, {label: name}, {label: month})

    def _kept(self, periods: Periods) -> dict[str, pl.DataFrame]:
        """The kept tiles of those of the periods that no window cuts."""
        whole = {
            label: period
            for label, period in periods.items()
            if not any(first < period.end and period.start < last for first, last in self._edges)
        }
        return self._store.tiles.get(self._group, self._names(whole))

    def _rows(self) -> pl.DataFrame:
        parts = [self._measures.of(empty({name: self._source.columns[name] for name in self._columns}))]
        for stretch in _stretches(list(self._read.values())):
            rows = self._store.read(self._source, stretch, self._columns)
            parts.append(self._measures.of(rows, stretch))
        return pl.concat(parts)

    def _absent(self, periods: Periods) -> dict[str, str]:
        """The names of the periods' tiles that a later refresh will reach and that are not kept."""
        later = {label: p for label, p in periods.items() if self._since <= p.start and p.end <= self._end}
        names = self._names(later)
        return {label: names[label] for label in self._store.tiles.absent(self._group, names)}

    def _names(self, periods: Periods) -> dict[str, str]:
        """The names of the periods' tiles; none of periods without rows, or where tiles are not worth it."""
        contents = {label: self._store.contents(self._source, p) for label, p in periods.items() if self._is_kept}
        return {label: self._name(" ".join([label, *of_period])) for label, of_period in contents.items() if of_period}

    def _name(self, period: str) -> str:
        name = self._made_of.copy()
        name.update(period.encode())
        return name.hexdigest()[:24]


def _edges(
    window: Window, step: timedelta, lengths: Sequence[timedelta], sawtooth: bool
) -> list[tuple[datetime, datetime]]:
    """Between which instants, these included, the windows of each length begin, and between which they end.

    Of windows that hold their end both are a microsecond later: there is the first instant that is not before them.
    """
    first, last = window.start, window.end - step
    oldest, newest = (midnight(first.date()), midnight(last.date())) if sawtooth else (first, last)
    return [(first, last), *((oldest - length, newest - length) for length in lengths)]


def _days_of(window: Window) -> dict[str, Window]:
    return {str(day): Window.of_days(day, day) for day in window.days}


def _months_of(days: Periods) -> dict[str, Window]:
    """The months that begin on one of these days."""
    firsts = [day.start for label, day in days.items() if label.endswith("-01")]
    return {f"{first:%Y-%m}": Window(first, (first + 31 * DAY).replace(day=1)) for first in firsts}


def _stretches(days: Sequence[Window]) -> list[Window]:
    """The days, in order, with those that follow each other as one window."""
    starts = [day.start for n, day in enumerate(days) if not n or days[n - 1].end < day.start]
    ends = [day.end for n, day in enumerate(days) if n == len(days) - 1 or day.end < days[n + 1].start]
    return [Window(start, end) for start, end in zip(starts, ends, strict=True)]


@cache
def _code() -> str:
    """The code that makes tiles."""
    return "".join(map(inspect.getsource, (elements, exact_sums, measures_module, tiles)))
