"""The calendar of cutoffs."""

from datetime import date

import pytest

from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.time import midnight


def test_cutoffs_follow_each_other_every_day_week_or_month() -> None:
    end = date(2024, 4, 1)
    assert len(Cutoffs("2024-01-01", "daily").before(end)) == 31 + 29 + 31
    assert {cutoff.weekday() for cutoff in Cutoffs("2024-01-03").before(end)} == {2}
    days = ["2024-01-28", "2024-02-28", "2024-03-28"]
    assert Cutoffs("2024-01-28", "monthly").before(end) == [midnight(day) for day in days]


def test_there_is_none_before_the_first_and_the_end_is_not_one_before_itself() -> None:
    assert Cutoffs("2024-01-08").before(date(2024, 1, 8)) == []
    assert Cutoffs("2024-01-08").first_from(date(2024, 1, 1)) == date(2024, 1, 8)
    assert Cutoffs("2024-01-08").first_from(date(2024, 1, 9)) == date(2024, 1, 15)


@pytest.mark.parametrize(
    ("first", "every", "message"),
    [
        ("soon", "weekly", "first_cutoff='soon': expected a day, such as"),
        ("2024-01-01", "hourly", "cutoffs='hourly': expected one of daily, weekly, monthly"),
        ("2024-01-31", "monthly", "not every month has a day 31: expected one up to the 28th"),
    ],
)
def test_what_is_no_calendar_is_refused(first: str, every: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Cutoffs(first, every)
