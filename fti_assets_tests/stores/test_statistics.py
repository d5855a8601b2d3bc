from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import polars as pl
import pytest

from fti_assets.contracts.time import DAY, Window, midnight
from fti_assets.stores.statistics import SCHEMA, StatisticsStore
from fti_assets_tests.worlds import orders, outcomes

YEAR = Window.of_days("2024-01-01", "2024-12-31")


def statistics(first: str, last: str, rows: int = 20, step: timedelta = DAY) -> pl.DataFrame:
    """Statistics of one column, a partition each `step`."""
    window = Window.of_days(first, last)
    starts = [window.start + n * step for n in range((window.end - window.start) // step)]
    figures = [{"start": at, "end": at + step, "column": "quantity", "rows": rows, "missing": 0} for at in starts]
    return pl.DataFrame(figures, schema=SCHEMA)


@pytest.fixture
def store(storage) -> StatisticsStore:
    return StatisticsStore(storage)


def test_what_is_written_is_read_in_order_over_months(store):
    store.write(orders, statistics("2024-02-10", "2024-03-05"))
    store.write(orders, statistics("2024-01-20", "2024-02-09"))

    assert store.read(orders, YEAR).equals(statistics("2024-01-20", "2024-03-05"))
    assert store.read(orders, Window.of_days("2024-01-31", "2024-02-01")).equals(statistics("2024-01-31", "2024-02-01"))


def test_a_partition_written_again_replaces_its_statistics_and_no_others(store):
    store.write(orders, statistics("2024-01-01", "2024-01-31"))
    store.write(orders, statistics("2024-01-10", "2024-01-12", rows=7))

    expected = [
        statistics("2024-01-01", "2024-01-09"),
        statistics("2024-01-10", "2024-01-12", rows=7),
        statistics("2024-01-13", "2024-01-31"),
    ]
    assert store.read(orders, YEAR).equals(pl.concat(expected))


def test_writing_the_same_again_writes_nothing(store, storage):
    store.write(orders, statistics("2024-01-01", "2024-01-31"))
    before = storage.objects()
    store.write(orders, statistics("2024-01-05", "2024-01-06"))
    assert storage.objects() == before


def test_groups_are_apart_and_unwritten_ones_are_empty(store):
    store.write(orders, statistics("2024-01-01", "2024-01-02"))
    assert dict(store.read(outcomes, YEAR).schema) == dict(SCHEMA)
    assert store.read(outcomes, YEAR).is_empty()
    assert store.read(orders, Window.of_days("2023-01-01", "2023-12-31")).is_empty()


def test_hours_and_weeks_are_kept_by_their_start(store):
    hours, weeks = timedelta(hours=1), 7 * DAY
    store.write(orders, statistics("2024-01-31", "2024-02-01", step=hours))
    store.write(outcomes, statistics("2024-01-01", "2024-03-03", step=weeks))

    noon = midnight("2024-02-01") + timedelta(hours=12)
    assert store.read(orders, Window(noon, noon + hours))["start"].to_list() == [noon]
    assert len(store.read(outcomes, YEAR)) == 9


def test_writers_at_the_same_time_lose_nothing(store):
    days = [f"2024-01-{n:02}" for n in range(1, 32)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda day: store.write(orders, statistics(day, day)), days))
    assert store.read(orders, YEAR).equals(statistics("2024-01-01", "2024-01-31"))
