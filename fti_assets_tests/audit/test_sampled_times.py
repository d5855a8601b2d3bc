from datetime import timedelta

import polars as pl

from fti_assets.audit.sampled_times import moments_of
from fti_assets.contracts.time import Window, midnight

DAYS = Window.of_days("2024-01-01", "2024-01-02")
START = midnight("2024-01-01")


def times(*minutes: int) -> pl.Series:
    return pl.Series([START + timedelta(minutes=m) for m in minutes], dtype=pl.Datetime("us", "UTC"))


def test_moments_lie_between_the_times_of_rows_and_cut_a_day_into_equal_parts() -> None:
    known = times(*range(0, 1000, 10))
    found = moments_of([known], Window.of_days("2024-01-01", "2024-01-01"), 4)
    assert len(found) == 4
    assert not set(found) & set(known)
    counts = [int((known <= t).sum()) for t in found]
    assert all(25 * n <= count <= 25 * (n + 1) for n, count in enumerate(counts))


def test_the_same_rows_give_the_same_moments_in_whatever_order() -> None:
    known = times(*range(0, 1000, 7))
    assert moments_of([known], DAYS, 3) == moments_of([known.reverse()[:50], known], DAYS, 3)


def test_a_day_without_rows_is_cut_into_hours() -> None:
    found = moments_of([times(1, 2)], DAYS, 2)
    assert [t.day for t in found].count(2) == 2


def test_with_pairs_a_moment_is_where_most_rows_are_true_and_not_yet_known() -> None:
    known = times(*range(0, 1000, 10))
    true, known_later = times(300, 310, 320, 700), times(345, 355, 335, 705)
    (found,) = moments_of([known], Window.of_days("2024-01-01", "2024-01-01"), 1, [(known_later, true)])
    assert START + timedelta(minutes=320) <= found <= START + timedelta(minutes=335)


def test_pairs_that_are_equal_say_nothing() -> None:
    known = times(*range(0, 1000, 10))
    assert moments_of([known], DAYS, 2, [(known, known)]) == moments_of([known], DAYS, 2)
