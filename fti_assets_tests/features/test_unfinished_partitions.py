"""A partition is written when it is over: until then rows may still become known in it."""

from datetime import date, datetime, timedelta
from pathlib import Path

import attrs
import pytest
import time_machine

from fti_assets.contracts.time import PERIODS, Window
from fti_assets.features.materialize import materialize
from fti_assets.home import Home
from fti_assets_tests.worlds import BINDINGS, as_given, at, order_source, orders, products

ORDERS, _, PRODUCTS, _ = BINDINGS
AFTERNOON = at(date(2024, 1, 3), hour=15, minute=30)
"""A Wednesday's half past three."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@time_machine.travel(AFTERNOON, tick=False)
def test_the_day_that_is_not_over_is_refused_naming_when_it_is(home: Home) -> None:
    today = (
        "feature group order: the day of 2024-01-03 is over at 2024-01-04 00:00 UTC and cannot be written before, "
        "because rows may still become known in it: expected partitions up to 2024-01-02"
    )
    with pytest.raises(ValueError, match=today):
        home.materialize(ORDERS, first="2024-01-01", last="2024-01-03")
    assert home.features.version(orders) is None


@time_machine.travel(AFTERNOON, tick=False)
def test_a_day_of_next_year_is_refused(home: Home) -> None:
    with pytest.raises(ValueError, match="the day of 2025-02-07 is over at 2025-02-08 00:00 UTC"):
        materialize(ORDERS, Window.of_days("2025-02-07", "2025-02-07"), home.features)


@time_machine.travel(AFTERNOON, tick=False)
def test_the_store_itself_writes_no_day_that_is_not_over(home: Home) -> None:
    rows = order_source.read(*_instants(Window.of_days("2024-01-02", "2024-01-03")))
    with pytest.raises(ValueError, match="the day of 2024-01-03 is over at"):
        home.features.write(orders, rows, Window.of_days("2024-01-02", "2024-01-03"))
    yesterday = Window.of_days("2024-01-02", "2024-01-02")
    assert len(home.features.write(orders, rows[rows["placed_at"] < yesterday.end], yesterday).changed) == 1


@pytest.mark.parametrize(
    ("partitions", "newest"),
    [("hourly", at(date(2024, 1, 3), hour=14)), ("daily", at(date(2024, 1, 2))), ("weekly", at(date(2023, 12, 25)))],
)
def test_the_newest_hour_day_or_week_that_is_over_is_written_and_the_next_is_not(
    partitions: str, newest: datetime, home: Home
) -> None:
    period = PERIODS[partitions]
    binding = attrs.evolve(orders, partitions=partitions, name="by_period").computed(as_given, order_source)
    with time_machine.travel(AFTERNOON, tick=False):
        materialize(binding, Window(newest, newest + period.length), home.features)
        with pytest.raises(ValueError, match=f"the {period.noun} of {period.key(newest + period.length)} is over at"):
            materialize(binding, Window(newest, newest + 2 * period.length), home.features)


def test_a_day_is_over_at_its_very_end(home: Home) -> None:
    second = Window.of_days("2024-01-02", "2024-01-02")
    with (
        time_machine.travel(second.end - timedelta(microseconds=1), tick=False),
        pytest.raises(ValueError, match="is over at"),
    ):
        materialize(ORDERS, second, home.features)
    with time_machine.travel(second.end, tick=False):
        assert materialize(ORDERS, second, home.features).rows == 20


@time_machine.travel(AFTERNOON, tick=False)
def test_a_dimension_has_no_time_and_is_written_at_any(home: Home) -> None:
    assert home.materialize(PRODUCTS, first="2024-01-03", last="2024-01-03") == {"products": 5}
    assert len(home.read(products)) == 5


def _instants(window: Window) -> tuple[datetime, datetime]:
    return window.start, window.end
