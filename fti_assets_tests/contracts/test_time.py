import itertools
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.time import DAILY, DAY, HOURLY, PERIODS, WEEKLY, Period, Window, duration, label_of, midnight

instants = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    "wrong", ["", "7", "7 d", "d7", "-1d", "0h", "1.5h", "2w", timedelta(0), timedelta(-1), 7, None]
)
def test_what_is_no_duration_is_refused_with_examples_of_some(wrong: object) -> None:
    with pytest.raises(DeclarationError, match="such as '15min', '6h', '28d'"):
        duration(wrong)  # type: ignore[arg-type]


@given(st.integers(1, 100_000))
def test_a_label_is_read_back_as_the_duration_it_names(minutes: int) -> None:
    assert duration(label_of(timedelta(minutes=minutes))) == timedelta(minutes=minutes)


def test_labels_are_the_shortest() -> None:
    assert [label_of(duration(text)) for text in ("24h", "90min", "180min", "14d")] == ["1d", "90min", "3h", "14d"]
    with pytest.raises(DeclarationError, match="whole minutes"):
        label_of(timedelta(seconds=90))


def test_a_window_of_days_holds_both_its_days_whole() -> None:
    window = Window.of_days("2024-02-28", date(2024, 3, 1))
    assert (window.start, window.end) == (midnight("2024-02-28"), midnight("2024-03-02"))
    assert window.days == [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)]
    assert str(window) == "2024-02-28...2024-03-01"
    assert str(Window.of_days("2024-01-01", "2024-01-01")) == "2024-01-01"


def test_a_window_is_in_utc_whatever_zone_it_was_given_in() -> None:
    new_york = timezone(timedelta(hours=-5))
    window = Window(datetime(2024, 1, 1, 19, tzinfo=new_york), datetime(2024, 1, 2, 19, tzinfo=new_york))
    assert window == Window.of_days("2024-01-02", "2024-01-02")


def test_naive_and_empty_windows_are_refused() -> None:
    with pytest.raises(DeclarationError, match="timezone-aware"):
        Window(datetime(2024, 1, 1), midnight("2024-01-02"))
    with pytest.raises(DeclarationError, match="the end after the start"):
        Window(midnight("2024-01-02"), midnight("2024-01-02"))


@given(instants, st.timedeltas(timedelta(microseconds=1), timedelta(days=60)), st.integers(1, 20))
def test_the_parts_of_a_window_follow_each_other_and_cover_it(start: datetime, length: timedelta, days: int) -> None:
    window = Window(start, start + length)
    parts = list(window.split(days))
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)
    assert all(a.end == b.start for a, b in itertools.pairwise(parts))
    assert all(part.end - part.start <= timedelta(days=days) for part in parts)


@given(instants, st.timedeltas(timedelta(microseconds=1), timedelta(days=9)))
def test_the_days_of_a_window_are_those_that_hold_one_of_its_instants(start: datetime, length: timedelta) -> None:
    window = Window(start, start + length)
    around = [start.date() + timedelta(days=n) for n in range(-1, 12)]
    touched = [d for d in around if midnight(d) < window.end and midnight(d) + timedelta(days=1) > window.start]
    assert window.days == touched


@given(st.sampled_from(list(PERIODS.values())), instants)
def test_a_period_begins_at_a_full_hour_at_midnight_or_on_a_monday(period: Period, instant: datetime) -> None:
    start = period.start_of(instant)
    assert start <= instant < start + period.length
    assert (start.minute, start.second, start.microsecond) == (0, 0, 0)
    assert period == HOURLY or start.hour == 0
    assert period != WEEKLY or start.isocalendar().weekday == 1
    assert period.start_of(start) == start


@given(st.sampled_from(list(PERIODS.values())), instants, st.timedeltas(timedelta(microseconds=1), timedelta(days=20)))
def test_the_periods_of_a_window_are_those_that_hold_one_of_its_instants(
    period: Period, start: datetime, length: timedelta
) -> None:
    window = Window(start, start + length)
    first = period.start_of(start) - period.length
    around = [first + n * period.length for n in range(length // period.length + 4)]
    touched = [each for each in around if each < window.end and each + period.length > window.start]
    assert period.starts(window) == touched
    assert period.covering(window) == Window(touched[0], touched[-1] + period.length)
    assert period.covering(period.covering(window)) == period.covering(window)


@given(st.sampled_from(list(PERIODS.values())), instants, instants)
def test_two_periods_have_two_keys(period: Period, one: datetime, other: datetime) -> None:
    one, other = period.start_of(one), period.start_of(other)
    assert (period.key(one) == period.key(other)) == (one == other)


def test_keys_are_those_of_dagsters_partitions() -> None:
    at = datetime(2024, 1, 3, 17, 30, tzinfo=UTC)
    keys = [period.key(period.start_of(at)) for period in (HOURLY, DAILY, WEEKLY)]
    assert keys == ["2024-01-03-17:00", "2024-01-03", "2024-01-01"]


def test_a_window_that_cuts_days_shows_its_hours() -> None:
    assert str(Window(midnight("2024-01-01"), midnight("2024-01-01") + timedelta(hours=6))) == (
        "2024-01-01 00:00...2024-01-01 06:00"
    )


def test_parts_end_with_months_where_that_makes_them_little_shorter() -> None:
    year = Window.of_days("2024-01-01", "2024-12-31").split(92, by_month=True)
    quarters = ["2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01"]
    assert [f"{part.start:%Y-%m-%d}" for part in year] == quarters
    months = Window.of_days("2024-02-10", "2024-06-02").split(92, by_month=True)
    assert [f"{part.start:%Y-%m-%d}" for part in months] == ["2024-02-10", "2024-05-01"]
    short = Window.of_days("2024-02-10", "2024-05-05")
    assert list(short.split(92, by_month=True)) == [short]


@pytest.mark.parametrize("days", [1, 7, 20, 45, 92])
@pytest.mark.parametrize("period", [None, HOURLY, DAILY, WEEKLY])
def test_parts_follow_each_other_and_cover_the_window(days: int, period: Period | None) -> None:
    window = Window(midnight("2024-01-20") + timedelta(hours=5), midnight("2025-02-11"))
    window = period.covering(window) if period else window
    parts = period.split(window, days) if period else list(window.split(days, by_month=True))
    assert [window.start, *(part.end for part in parts)] == [*(part.start for part in parts), window.end]
    week = 7 if period is WEEKLY else 0
    assert max(part.end - part.start for part in parts) <= (days + week) * DAY
    assert period is None or all(part == period.covering(part) for part in parts)
