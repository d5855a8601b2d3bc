"""A window that reaches before history is told, and partitions that were never written since it began are refused."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from attrs import evolve

import fti_assets as fti
from fti_assets.contracts.time import midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.training.train import train
from fti_assets_tests.worlds import (
    BINDINGS,
    FIRST_DAY,
    customer_history,
    orders,
    outcomes,
    returns,
    write_history,
)

ORDERS, OUTCOMES, PRODUCTS, HISTORY = BINDINGS
CUTOFF = midnight("2024-01-25")


def write(home: Home, first: str, last: str, *groups: fti.FeatureGroup) -> None:
    """Materialize the shop's groups, or some, in these days of January."""
    for binding in BINDINGS:
        if not groups or binding.group in groups:
            materialize(binding, fti.Window.of_days(f"2024-01-{first}", f"2024-01-{last}"), home.features)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_dataset_tells_from_which_day_on_all_windows_are_whole(home: Home) -> None:
    write_history(home)
    built = build_dataset(returns, CUTOFF, midnight(FIRST_DAY), home)
    # outcomes from the first, a window of seven days, and a look-back of three
    assert built.whole_from == midnight("2024-01-11")
    assert built.cut == 10 * 20
    assert built.dataset.manifest["whole_from"] == "2024-01-11T00:00:00+00:00"


def test_a_dataset_that_begins_when_windows_are_whole_has_none_that_are_cut(home: Home) -> None:
    write_history(home)
    built = build_dataset(returns, CUTOFF, midnight("2024-01-11"), home)
    assert (built.whole_from, built.cut) == (midnight("2024-01-11"), 0)


def test_history_begins_at_the_first_partition_that_was_written_though_it_has_no_rows(home: Home) -> None:
    """Nothing is settled on the first of January; the second is the first day with rows."""
    write_history(home)
    assert home.features.first_written(outcomes) == midnight(FIRST_DAY)
    assert home.features.read(outcomes, fti.Window.of_days(FIRST_DAY, FIRST_DAY)).is_empty()
    write(home, "20", "20", orders)
    fresh = Home(home.storage.at("other").url)
    write(fresh, "01", "01", outcomes)
    with pytest.raises(fti.MissingPartitions, match="outcome was not materialized for 2024-01-02, 2024-01-03"):
        write(fresh, "04", "04", customer_history)


def test_partitions_never_written_between_the_first_and_what_is_read_are_refused(home: Home) -> None:
    write(home, "01", "05", outcomes)
    write(home, "09", "10", outcomes)
    with pytest.raises(fti.MissingPartitions, match="for 2024-01-06, 2024-01-07, 2024-01-08: materialize it first"):
        write(home, "10", "10", customer_history)


def test_history_that_begins_with_the_newest_days_is_told_until_it_is_backfilled(home: Home) -> None:
    write(home, "09", "24")
    assert build_dataset(returns, CUTOFF, midnight("2024-01-09"), home).whole_from == midnight("2024-01-19")
    write(home, "01", "08", outcomes)
    whole = home.features.whole_from([customer_history, outcomes])
    assert whole == {"customer_history": midnight("2024-01-09"), "outcome": midnight("2024-01-01")}


def test_a_group_that_is_computed_from_windows_is_whole_when_they_are(home: Home) -> None:
    """Rates look two days back into windows of seven."""
    write_history(home)
    rates = evolve(orders, name="rates")
    binding = rates.computed(lambda rows, _: rows, orders, customer_history["is_returned_mean_7d"].lookback(days=2))
    materialize(binding, fti.Window.of_days("2024-01-03", "2024-01-20"), home.features)
    # the windows from the eighth on, and two days
    assert home.features.whole_from([rates]) == {"rates": midnight("2024-01-10")}


def test_nothing_is_whole_before_it_is_written(home: Home) -> None:
    assert home.features.whole_from([customer_history]) == {"customer_history": None}
    write(home, "01", "05", outcomes)
    assert home.features.whole_from([customer_history]) == {"customer_history": None}


def test_from_that_day_on_the_rows_are_those_of_all_of_history_and_before_it_some_are_not(tmp_path: Path) -> None:
    """The slow twin: history that begins four days earlier changes rows before that day alone."""
    rows = []
    for name, first in (("short", date(2024, 1, 5)), ("long", FIRST_DAY)):
        home = fti.Home(tmp_path / name)
        write_history(home, first, date(2024, 1, 24))
        rows.append(home.read(returns.view, "2024-01-05", "2024-01-22"))
    whole = build_dataset(returns, CUTOFF, midnight("2024-01-05"), fti.Home(tmp_path / "short")).whole_from
    assert whole == midnight("2024-01-15")
    short, long = rows
    is_whole = short["placed_at"] >= whole
    pd.testing.assert_frame_equal(short[is_whole], long[is_whole])
    assert not short[~is_whole].equals(long[~is_whole])


def test_the_card_and_the_facts_of_a_version_tell_it(home: Home) -> None:
    write_history(home)
    build_dataset(returns, CUTOFF, midnight(FIRST_DAY), home)
    version = train(returns, CUTOFF, home).version
    assert version.manifest["facts"]["whole_from"] == "2024-01-11T00:00:00+00:00"
    said = "Windows of 200 matured rows reach back before history begins: all windows are whole from 2024-01-11 00:00"
    assert said in version.read("card.md").decode()
