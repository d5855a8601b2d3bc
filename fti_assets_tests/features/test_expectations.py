from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import DAY, Window
from fti_assets.features.expectations import ENOUGH, PEERS, Unusual, history_length, unusual
from fti_assets.features.statistics import partition_statistics
from fti_assets.stores.statistics import SCHEMA

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
TODAY = FIRST + PEERS * DAY
HALF = {"boots": 0.5, "socks": 0.5}


def day(
    start: datetime,
    rows: int = 1000,
    missing: float = 0.0,
    products: Mapping[str, float] = HALF,
    idle: timedelta = timedelta(minutes=5),
    length: timedelta = DAY,
) -> pl.DataFrame:
    """A partition's statistics: so many rows, shares of missing prices and of products, the last row `idle` before the
    end."""
    counts = {name: round(share * rows) for name, share in products.items()}
    categories = {"distinct": len(counts), "categories": list(counts), "counts": list(counts.values())}
    shared = {"start": start, "end": start + length, "rows": rows}
    figures = [
        {"column": "sold_at", "missing": 0, "first": start if rows else None},
        {"column": "price", "missing": round(missing * rows), "q50": 10.0},
        {"column": "product", "missing": 0} | categories,
    ]
    figures[0]["last"] = start + length - idle if rows else None
    return pl.DataFrame([shared | each for each in figures], schema=SCHEMA)


def quiet(days: int = PEERS, **usual: object) -> pl.DataFrame:
    """So many usual days up to TODAY."""
    return pl.concat([day(TODAY - (days - n) * DAY, **usual) for n in range(days)])


def judged(before: pl.DataFrame, **today: object) -> tuple[Unusual, ...]:
    """What is unusual about TODAY."""
    return unusual(day(TODAY, **today), before, "sold_at")[TODAY]


def test_a_day_like_the_others_is_as_usual():
    assert judged(quiet()) == ()


@pytest.mark.parametrize(("rows", "usual"), [(499, False), (500, True), (2000, True), (2001, False)])
def test_rows_may_be_half_or_twice_the_median(rows, usual):
    assert (judged(quiet(), rows=rows) == ()) == usual


def test_unusual_volume_names_the_figure_and_what_was_expected():
    assert judged(quiet(), rows=100) == (Unusual("volume", "", "100 rows", "500 to 2,000, usually 1,000"),)


@pytest.mark.parametrize(("rows", "usual"), [(1, True), (14, True), (15, False)])
def test_where_days_differ_anyway_there_is_room_for_noise(rows, usual):
    # the median is 4, the standard deviation 2.04: up to 8 + 3 · 2.04 = 14.1
    counts = [1, 7, 4, 3, 5, 2, 6] * 4
    before = pl.concat([day(TODAY - (PEERS - n) * DAY, rows=count, products={}) for n, count in enumerate(counts)])
    assert (judged(before, rows=rows, products={}) == ()) == usual


def test_one_bad_day_before_does_not_move_what_is_expected():
    before = pl.concat([quiet(PEERS - 1).filter(pl.col("start") < TODAY - DAY), day(TODAY - DAY, rows=3)])
    assert judged(before) == ()


def test_an_empty_day_is_unusual_where_no_day_before_was_empty():
    assert judged(quiet(), rows=0) == (Unusual("volume", "", "no rows", "1,000 to 1,000 rows, never none"),)
    assert judged(quiet(rows=0), rows=0) == ()


@pytest.mark.parametrize(("missing", "usual"), [(0.18, True), (0.19, False)])
def test_a_columns_missing_rate_may_exceed_the_largest_before_by_a_margin(missing, usual):
    # the largest was 10 %: 15 % and 3 √(0.15 · 0.85 / 1000) = 18.4 %
    assert (judged(quiet(missing=0.10), missing=missing) == ()) == usual


def test_a_column_that_goes_missing_is_named():
    (found,) = judged(quiet(), missing=1.0)
    assert (found.check, found.column, found.found) == ("missing", "price", "100.0% missing")
    assert found.expected == "up to 7.1%, at most 0.0% before"


def test_one_missing_value_among_few_rows_is_noise():
    assert judged(quiet(rows=8, products={}), rows=8, missing=1 / 8, products={}) == ()


def test_categories_never_seen_before_are_named_once_they_are_many():
    assert judged(quiet(), products={"boots": 0.49, "socks": 0.5, "hats": 0.01}) == ()
    (found,) = judged(quiet(), products={"boots": 0.48, "socks": 0.5, "hats": 0.02})
    assert found == Unusual("categories", "product", "new: hats (20)", "up to 10 rows of categories not seen before")


def test_a_single_row_of_a_new_category_is_never_many():
    few = {"boots": 0.5, "socks": 0.5}
    assert judged(quiet(rows=10, products=few), rows=10, products={"boots": 0.5, "socks": 0.4, "hats": 0.1}) == ()


def test_categories_are_not_judged_where_only_the_top_ten_were_counted():
    many = {f"product {n}": 1 / 60 for n in range(60)}
    assert judged(quiet(products=many), products={"hats": 1.0}) == ()


@pytest.mark.parametrize(("minutes", "usual"), [(60, True), (61, False)])
def test_a_days_last_row_may_be_an_hour_old_at_its_end(minutes, usual):
    assert (judged(quiet(), idle=timedelta(minutes=minutes)) == ()) == usual


def test_a_days_last_row_may_be_twice_as_old_as_any_before():
    assert judged(quiet(idle=timedelta(hours=5)), idle=timedelta(hours=10)) == ()
    (found,) = judged(quiet(idle=timedelta(hours=5)), idle=timedelta(hours=11))
    assert found == Unusual("freshness", "sold_at", "last row 11h before the end", "up to 10h")


def test_freshness_needs_a_known_time():
    assert unusual(day(TODAY, idle=timedelta(hours=20)), quiet())[TODAY] == ()


@pytest.mark.parametrize(("days", "usual"), [(ENOUGH - 1, True), (ENOUGH, False)])
def test_with_few_days_before_nothing_is_judged(days, usual):
    assert (judged(quiet(days), rows=1) == ()) == usual


def test_only_the_last_28_count():
    before = pl.concat([day(FIRST - 20 * DAY, products={"hats": 1.0}), quiet()])
    assert judged(before, products={"hats": 0.5, "boots": 0.5}) != ()


def test_in_a_range_the_earlier_partitions_count_for_the_later_ones():
    found = unusual(pl.concat([quiet(), day(TODAY, rows=0)]), pl.DataFrame(schema=SCHEMA), "sold_at")
    assert {start for start, each in found.items() if each} == {TODAY}
    assert len(found) == PEERS + 1


def test_a_range_is_judged_as_its_partitions_are_one_by_one():
    rows = np.random.default_rng(0).integers(200, 3000, 60).tolist()
    days = [day(FIRST + n * DAY, rows=count) for n, count in enumerate(rows)]
    together = unusual(pl.concat(days), pl.DataFrame(schema=SCHEMA), "sold_at")
    for n, each in enumerate(days):
        before = pl.concat(days[max(0, n - PEERS) : n]) if n else pl.DataFrame(schema=SCHEMA)
        start = FIRST + n * DAY
        assert unusual(each, before, "sold_at")[start] == together[start]
    assert any(together.values())


def test_an_hour_is_compared_with_the_same_hour_of_other_days():
    hour = timedelta(hours=1)
    rows = {n: 1000 if n % 24 >= 8 else 10 for n in range(15 * 24)}
    hours = [day(FIRST + n * hour, rows=count, length=hour) for n, count in rows.items()]
    found = unusual(pl.concat(hours), pl.DataFrame(schema=SCHEMA), "sold_at")
    assert not any(found.values())
    at_night = FIRST + 15 * DAY
    assert unusual(day(at_night, rows=1000, length=hour), pl.concat(hours), "sold_at")[at_night] != ()


@pytest.mark.parametrize(("length", "reach"), [(timedelta(hours=1), 28), (DAY, 28), (7 * DAY, 196)])
def test_the_history_that_is_read_holds_28_peers(length, reach):
    assert history_length(length) == reach * DAY


def test_a_column_that_is_new_to_the_group_is_not_judged():
    before = quiet().filter(pl.col("column") != "price")
    assert judged(before, missing=1.0) == ()


def test_real_statistics_are_judged():
    columns = {"sold_at": Kind.TIME, "price": Kind.NUMBER}
    days = [Window(FIRST + n * DAY, FIRST + (n + 1) * DAY) for n in range(9)]
    at = [window.start + n * timedelta(minutes=30) for window in days for n in range(48)]
    rows = pl.DataFrame({"sold_at": at, "price": [None if t >= days[8].start else 1.0 for t in at]})
    found = unusual(partition_statistics(rows, columns, days, "sold_at"), pl.DataFrame(schema=SCHEMA), "sold_at")
    assert [each.column for each in found.pop(days[8].start)] == ["price"]
    assert not any(found.values())
