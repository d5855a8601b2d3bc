"""Time: UTC, timezone-aware, microseconds, half-open windows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC as UTC_ZONE
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated

import attrs
import pandas as pd

from fti_assets.contracts.durations import DAY as DAY
from fti_assets.contracts.durations import duration as duration
from fti_assets.contracts.durations import label_of as label_of
from fti_assets.contracts.errors import DeclarationError

UTC = Annotated[pd.DatetimeTZDtype, "us", "UTC"]
"""The type of every timestamp column in a contract: timezone-aware UTC with microseconds."""


def as_duration(value: str | timedelta) -> timedelta:
    """A duration that can be read; any other value as it is, for a check that knows whose it is to refuse."""
    try:
        return duration(value)
    except DeclarationError:
        return value  # type: ignore[return-value]  # of no type that is declared


def check_lookback(what: str, lookback: timedelta) -> None:
    """Raise DeclarationError, beginning with `what`, unless the look-back is bounded.

    It says how far back rows are kept at hand, so there is none without a bound.
    """
    try:
        duration(lookback)
    except DeclarationError as error:
        raise DeclarationError(
            f"{what}: lookback: {error}; a look-back is bounded, only a dimension, which is read whole, has none"
        ) from None


def midnight(day: date | str) -> datetime:
    """The first instant of a UTC day."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return datetime(day.year, day.month, day.day, tzinfo=UTC_ZONE)


def now() -> datetime:
    """The present instant in UTC: the one clock by which partitions are over and requests are due."""
    return datetime.now(UTC_ZONE)


def in_utc(instant: datetime) -> datetime:
    """An instant in UTC. Raises DeclarationError for one without a time zone."""
    if instant.utcoffset() is None:
        raise DeclarationError(f"{instant}: expected a timezone-aware instant")
    return instant.astimezone(UTC_ZONE)


def instant(what: str, value: datetime) -> datetime:
    """The instant in UTC. ValueError, beginning with `what`, when it has no time zone."""
    if value.utcoffset() is None:
        raise ValueError(f"{what} {value}: expected a timezone-aware instant")
    return value.astimezone(UTC_ZONE)


@attrs.frozen(order=True)
class Window:
    """The instants from `start` up to, but without, `end`: the unit of all work.

    Args:
        start: the first instant, timezone-aware; kept in UTC.
        end: the instant after the last.

    Raises:
        DeclarationError: an instant without a zone, or an end that is not after the start.

    Example:
        >>> import fti_assets as fti
        >>> february = fti.Window.of_days("2013-02-01", "2013-02-28")
        >>> len(february.days), str(february)
        (28, '2013-02-01...2013-02-28')
    """

    start: datetime = attrs.field(converter=in_utc)
    end: datetime = attrs.field(converter=in_utc)

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise DeclarationError(f"window {self.start} to {self.end}: expected the end after the start")

    @classmethod
    def of_days(cls, first: date | str, last: date | str) -> "Window":
        """The whole days from `first` to `last`, both included."""
        return cls(midnight(first), midnight(last) + DAY)

    @property
    def days(self) -> list[date]:
        """Every UTC day that the window touches."""
        first, last = self.start.date(), (self.end - timedelta(microseconds=1)).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def widened(self, before: timedelta = timedelta(0), after: timedelta = timedelta(0)) -> "Window":
        """The window with its halo: earlier and later instants that its rows may need."""
        return Window(self.start - before, self.end + after)

    def split(self, days: int, *, by_month: bool = False) -> Iterator["Window"]:
        """Consecutive windows of at most so many days that cover this one.

        `by_month` a part ends with a month where that makes it at most half shorter: the feature store reads a whole
        month from one file.
        """
        start = self.start
        while start < self.end:
            end = min(start + days * DAY, self.end)
            month = midnight(end.date().replace(day=1))
            if by_month and end < self.end and month - start >= (end - start) / 2:
                end = month
            yield Window(start, end)
            start = end

    def cut_at(self, days: Iterable[date]) -> list["Window"]:
        """The window in parts, of which each but the first begins with one of these days."""
        begins = (midnight(day) for day in days)
        cuts = sorted({self.start, self.end, *(begin for begin in begins if self.start < begin < self.end)})
        return [Window(start, end) for start, end in pairwise(cuts)]

    @property
    def months(self) -> list["Window"]:
        """The window in parts that each lie within a month."""
        return self.cut_at(day for day in self.days if day.day == 1)

    @property
    def months_and_days(self) -> list["Window"]:
        """The window's whole months and, where a month is not whole, its days; the first and the last may be cut."""
        parts: list[Window] = []
        for month in self.months:
            first = midnight(month.start.date().replace(day=1))
            is_whole = (month.start, month.end) == (first, (first + 31 * DAY).replace(day=1))
            parts += [month] if is_whole else month.cut_at(month.days)
        return parts

    def __str__(self) -> str:
        if self != Window.of_days(self.start.date(), self.days[-1]):
            return f"{self.start:%Y-%m-%d %H:%M}...{self.end:%Y-%m-%d %H:%M}"
        last = self.end - timedelta(microseconds=1)
        return (
            f"{self.start:%Y-%m-%d}" if last.date() == self.start.date() else f"{self.start:%Y-%m-%d}...{last:%Y-%m-%d}"
        )


@dataclass(frozen=True)
class Period:
    """How much time one partition holds: an hour, a day or a week of UTC; weeks are ISO weeks, from Monday 00:00."""

    name: str
    noun: str
    length: timedelta

    def start_of(self, instant: datetime) -> datetime:
        """The first instant of the period that holds an instant."""
        return instant - (instant - _A_MONDAY) % self.length

    def starts(self, window: Window) -> list[datetime]:
        """The first instant of every period that the window touches, in order."""
        first = self.start_of(window.start)
        return [first + n * self.length for n in range(-((first - window.end) // self.length))]

    def covering(self, window: Window) -> Window:
        """The whole periods that the window touches."""
        first = self.start_of(window.start)
        return Window(first, first - (first - window.end) // self.length * self.length)

    def split(self, window: Window, days: int) -> list[Window]:
        """The window of whole periods in parts of whole periods, of about so many days, by month."""
        starts = list(dict.fromkeys(self.start_of(part.start) for part in window.split(days, by_month=True)))
        return [Window(start, end) for start, end in pairwise([*starts, window.end])]

    def key(self, start: datetime) -> str:
        """A period's name, the one that Dagster gives its partition: `2024-01-31`, for an hour `2024-01-31-05:00`."""
        return f"{start:%Y-%m-%d-%H:%M}" if self.length < DAY else start.date().isoformat()


_A_MONDAY = midnight("1970-01-05")
HOURLY = Period("hourly", "hour", timedelta(hours=1))
DAILY = Period("daily", "day", DAY)
WEEKLY = Period("weekly", "week", 7 * DAY)
PERIODS = {period.name: period for period in (HOURLY, DAILY, WEEKLY)}
