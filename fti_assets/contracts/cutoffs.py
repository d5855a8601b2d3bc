"""When a system may train: the calendar of its cutoffs."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import attrs

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.time import DAY, midnight

_LONGEST = {"daily": DAY, "weekly": 7 * DAY, "monthly": 31 * DAY}
_IN_EVERY_MONTH = 28


def _as_day(day: date | str) -> date:
    try:
        return date.fromisoformat(str(day))
    except ValueError:
        raise DeclarationError(f"first_cutoff={day!r}: expected a day, such as '2013-06-01'") from None


@attrs.frozen
class Cutoffs:
    """A cutoff every day, every seventh day, or on the same day of every month, at 00:00 UTC.

    Args:
        first: the first of them.
        every: `daily`, `weekly` or `monthly`.

    Raises:
        DeclarationError: what is no day, another cadence, or a day that not every month has.

    Example:
        >>> [f"{cutoff:%m-%d}" for cutoff in Cutoffs("2013-06-15", "monthly").before(date(2013, 9, 1))]
        ['06-15', '07-15', '08-15']
    """

    first: date = attrs.field(converter=_as_day)
    every: str = "weekly"

    def __attrs_post_init__(self) -> None:
        if self.every not in _LONGEST:
            raise DeclarationError(f"cutoffs={self.every!r}: expected one of {', '.join(_LONGEST)}")
        if self.every == "monthly" and self.first.day > _IN_EVERY_MONTH:
            raise DeclarationError(
                f"cutoffs='monthly': first_cutoff={self.first}: not every month has a day {self.first.day}: "
                f"expected one up to the {_IN_EVERY_MONTH}th"
            )

    @property
    def longest(self) -> timedelta:
        """How far apart two that follow each other may be."""
        return _LONGEST[self.every]

    def before(self, end: date) -> list[datetime]:
        """Those before a day, in order."""
        days = []
        for day in self._days():
            if day >= end:
                break
            days.append(midnight(day))
        return days

    def first_from(self, day: date) -> date:
        """The first that is not before a day."""
        return next(cutoff for cutoff in self._days() if cutoff >= day)

    def _days(self) -> Iterator[date]:
        day = self.first
        while True:
            yield day
            if self.every == "monthly":
                day = (day.replace(day=1) + _LONGEST["monthly"]).replace(day=self.first.day)
            else:
                day += self.longest
