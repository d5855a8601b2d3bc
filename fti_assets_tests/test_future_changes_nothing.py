"""Whatever becomes known after a moment, nothing that was computed for a moment before it changes."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window, midnight
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets_tests.metamorphic import changes_of_the_past, rebuild_with_altered_future, rows_known_by, same_bits
from fti_assets_tests.worlds import (
    BINDINGS,
    FIRST_DAY,
    LAST_DAY,
    at,
    catalogue_source,
    customer_history,
    order_source,
    orders,
    outcomes,
    products,
    returns,
)

WINDOW = Window.of_days(FIRST_DAY, LAST_DAY)
GROUPS = (orders, outcomes, products, customer_history)
MOMENTS = [at(date(2024, 1, 20)), at(date(2024, 1, 31), 12, 30)]


def another_future(source: Source, rows: pd.DataFrame) -> pd.DataFrame:
    """Every third row is dropped, every other value is changed, and some rows are added."""
    assert source != catalogue_source
    kept = rows[rows.index % 3 > 0]
    added = kept.iloc[::4].assign(order_id=kept["order_id"].iloc[::4] + "-added")
    future = pd.concat([kept, added], ignore_index=True).assign(customer="ada")
    if source.name == order_source.name:
        return future.assign(quantity=future["quantity"] + 5, is_gift=~future["is_gift"], product="boots")
    return future.assign(is_returned=~future["is_returned"])


@pytest.fixture(params=MOMENTS, ids=str)
def moment(request: pytest.FixtureRequest) -> datetime:
    return request.param


@pytest.fixture
def altered(moment: datetime, tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "altered")
    rebuild_with_altered_future(BINDINGS, another_future, moment, WINDOW, home, days=10)
    return home


def test_rows_known_by_a_moment_and_rows_predicted_by_it_do_not_depend_on_what_is_known_later(
    moment: datetime, altered: Home, shop: Home
) -> None:
    homes = (shop, altered)
    assert changes_of_the_past(GROUPS, [returns.view], moment, WINDOW, homes) == []
    # and the future was altered indeed, in every group that has one
    everything = [[rows_known_by(group, WINDOW.end, WINDOW, home) for home in homes] for group in GROUPS]
    assert [same_bits(*pair) for pair in everything] == [False, False, True, False]


def test_a_dataset_does_not_depend_on_what_is_known_after_its_cutoff(shop: Home, tmp_path: Path) -> None:
    cutoff = midnight("2024-01-20")
    altered = Home(tmp_path / "altered")
    rebuild_with_altered_future(BINDINGS, another_future, cutoff, WINDOW, altered)
    first, second = (build_dataset(returns, cutoff, midnight(FIRST_DAY), home).dataset for home in (shop, altered))
    assert first.id == second.id


def _day_total(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(quantity=int(rows["quantity"].sum()))


def test_a_group_that_looks_ahead_within_its_day_is_found_out(tmp_path: Path) -> None:
    leaky: tuple[Binding, ...] = (orders.computed(_day_total, order_source), *BINDINGS[1:])
    noon, window = at(date(2024, 1, 3), 12), Window.of_days("2024-01-01", "2024-01-04")
    homes = (Home(tmp_path / "as_it_was"), Home(tmp_path / "altered"))
    rebuild_with_altered_future(leaky, lambda _source, rows: rows, noon, window, homes[0], days=1)
    rebuild_with_altered_future(leaky, another_future, noon, window, homes[1], days=1)
    found = changes_of_the_past(GROUPS, [returns.view], noon, window, homes)
    assert found == ["order", "view of order"]
