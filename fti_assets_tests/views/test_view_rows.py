"""Which rows are a view's: its condition, its event-time cutoffs, and the labels that it has of them."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from attrs import evolve
from pandas.testing import assert_frame_equal

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.views.reading import read_view
from fti_assets.views.slices import slices
from fti_assets_tests.worlds import ALL_ORDERS, BINDINGS, FIRST_DAY, LAST_DAY, at, outcomes, returns, write_history

EVERYTHING = Window.of_days(FIRST_DAY, LAST_DAY)
VIEW = returns.view
SINCE = midnight(FIRST_DAY)
CUTOFF = midnight("2024-01-20")
BIG = "price * quantity > 60 and not is_gift and is_returned_count_7d >= 2"


def test_rows_that_do_not_meet_the_condition_are_not_read_and_the_others_are_the_same(shop: Home) -> None:
    everything = read_view(VIEW, EVERYTHING, shop.features)
    found = read_view(evolve(VIEW, where=BIG), EVERYTHING, shop.features)
    big = everything["amount"].gt(60) & ~everything["is_gift"] & everything["is_returned_count_7d"].ge(2)
    assert 100 < big.sum() < 400
    assert_frame_equal(found, everything[big].reset_index(drop=True), check_exact=True)


def test_a_condition_that_no_row_meets_gives_no_rows_of_the_same_types(shop: Home) -> None:
    none = read_view(evolve(VIEW, where="quantity > 99"), EVERYTHING, shop.features)
    assert len(none) == 0
    assert none.dtypes.to_dict() == read_view(VIEW, EVERYTHING, shop.features).dtypes.to_dict()


@pytest.mark.parametrize("days", [3, 44])
def test_a_condition_and_cutoffs_leave_the_same_rows_in_one_slice_as_in_several(shop: Home, days: int) -> None:
    view = evolve(VIEW, where=BIG, since="2024-01-04T12:00Z", until="2024-02-02")
    whole = read_view(view, EVERYTHING, shop.features)
    parts = [read_view(view, part, shop.features) for part in EVERYTHING.split(days)]
    assert_frame_equal(pd.concat(parts, ignore_index=True), whole, check_exact=True)
    assert (whole["placed_at"].min(), whole["placed_at"].max()) >= (at(date(2024, 1, 4), 12), at(date(2024, 2, 1)))
    assert whole["placed_at"].max() < at(date(2024, 2, 2))


def test_an_event_time_cutoff_leaves_out_the_rows_before_since_and_from_until_on(shop: Home) -> None:
    since, until = at(date(2024, 1, 10), 9, 30), at(date(2024, 1, 12), 8)
    found = read_view(evolve(VIEW, since=since, until=until), EVERYTHING, shop.features)
    everything = read_view(VIEW, EVERYTHING, shop.features)
    inside = (everything["placed_at"] >= since) & (everything["placed_at"] < until)
    assert_frame_equal(found, everything[inside].reset_index(drop=True), check_exact=True)
    assert found["placed_at"].min() == since  # an order placed at 09:30 itself; that of 08:00 at the end is none


def test_nothing_is_read_for_days_outside_of_a_views_cutoffs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for binding in BINDINGS:
        materialize(binding, Window.of_days("2024-01-05", "2024-01-12"), home.features)
    window = Window.of_days("2024-01-01", "2024-01-31")
    bounded = evolve(VIEW, since="2024-01-09", until="2024-01-13")
    assert len(read_view(bounded, window, home.features)) == 80
    outside = read_view(bounded, Window.of_days("2024-01-01", "2024-01-03"), Home(tmp_path / "empty").features)
    assert len(outside) == 0
    assert outside.dtypes.to_dict() == read_view(bounded, window, home.features).dtypes.to_dict()


def test_views_of_other_conditions_do_not_share_slices_and_those_of_other_labels_do(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_history(home)

    week = Window.of_days("2024-01-08", "2024-01-14")

    def new_slices(**changed: object) -> int:
        before = set(records(home))
        slices(evolve(VIEW, **changed), week, home.features)
        return len(set(records(home)) - before)

    assert new_slices() == 7
    assert new_slices(label=outcomes["is_returned"].within(days=5)) == 0
    assert new_slices(since="2024-01-01", until="2024-02-01") == 0
    assert new_slices(where="quantity > 1") == 7
    assert new_slices(where="quantity > 2") == 7
    assert new_slices(on_demand=()) == 7


def records(home: Home) -> list[str]:
    """The keys of the slices that are kept."""
    return home.features.storage.objects("_slices/records")


def test_rows_that_do_not_meet_the_views_condition_are_not_learned(shop: Home) -> None:
    model = evolve(returns, view=evolve(returns.view, where="quantity > 1 and price > 10"))
    built = build_dataset(model, CUTOFF, SINCE, shop)
    frame, everything = built.dataset.read(), build_dataset(returns, CUTOFF, SINCE, shop).dataset.read()
    kept = everything[(everything["quantity"] > 1) & (everything["price"] > 10)].reset_index(drop=True)
    assert_frame_equal(frame, kept, check_exact=True)
    assert (built.dataset.manifest["where"], built.rows) == ("quantity > 1 and price > 10", len(kept))
    assert (built.never, built.rows < 17 * 20) == (0, True)


def test_a_dataset_begins_at_its_views_since_and_ends_before_its_until(shop: Home) -> None:
    bounded = evolve(returns.view, since="2024-01-10", until="2024-01-14")
    built = build_dataset(evolve(returns, view=bounded), CUTOFF, SINCE, shop)
    frame = built.dataset.read()
    assert (frame["placed_at"].min(), frame["placed_at"].max()) == (
        at(date(2024, 1, 10), 8),
        at(date(2024, 1, 13), 17, 30),
    )
    assert (built.rows, built.never) == (80, 0)  # with the labels that came after `until`
    assert built.dataset.manifest["since"] == "2024-01-10T00:00:00+00:00"
    assert built.dataset.manifest["until"] == "2024-01-14T00:00:00+00:00"


@pytest.mark.parametrize("bounds", [{"since": "2024-01-20"}, {"until": "2024-01-01"}])
def test_a_cutoff_of_which_the_view_has_no_day_is_refused(shop: Home, bounds: dict[str, str]) -> None:
    model = evolve(returns, view=evolve(returns.view, **bounds))
    with pytest.raises(MissingPartitions, match=r"dataset returns at cutoff 2024-01-20, .* its view has rows from"):
        build_dataset(model, CUTOFF, SINCE, shop)


def test_the_days_on_which_labels_come_after_until_are_needed_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for binding in BINDINGS:
        materialize(binding, Window.of_days(FIRST_DAY, "2024-01-13"), home.features)
    model = evolve(returns, view=evolve(returns.view, until="2024-01-14"))
    with pytest.raises(MissingPartitions, match="outcome was not materialized for 2024-01-14, 2024-01-15"):
        build_dataset(model, CUTOFF, SINCE, home)


def test_several_labels_of_one_spine_each_with_its_own_horizon(shop: Home) -> None:
    settled = outcomes["is_returned"]  # 26 hours after the order
    labels = {
        "returned": settled.within(days=2),
        "at_once": settled.within(hours=25),
        "in_time": settled.within(hours=26),
    }
    view = evolve(returns.view, label=labels)
    rows = {name: build_dataset(Model(name, view, label=name), CUTOFF, SINCE, shop).rows for name in labels}
    matured = {name: (ALL_ORDERS["placed_at"] + one.horizon < CUTOFF).sum() for name, one in labels.items()}
    assert rows == {**matured, "at_once": 0}
    one, another = (
        build_dataset(Model(n, view, label=n), CUTOFF, SINCE, shop).dataset for n in ("returned", "in_time")
    )
    assert (one.manifest["label"], another.manifest["label"]) == (
        "outcome.is_returned within 2d",
        "outcome.is_returned within 26h",
    )
    both = [dataset.read().head(rows["returned"]) for dataset in (one, another)]
    assert_frame_equal(*both, check_exact=True)  # of two labels that agree, where both are matured
