"""Which issued days would be predicted from something else now; they stay as they are."""

import pytest

from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.inference.batch import issue
from fti_assets.inference.out_of_date import predictions_out_of_date
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import (
    BINDINGS,
    CATALOGUE,
    Product,
    order_source,
    orders,
    products,
    returns,
)

DAYS = Window.of_days("2024-01-26", "2024-01-31")
HISTORY = BINDINGS[3]


def told(home: Home) -> dict[str, tuple[str, ...]]:
    return {day.partition: day.causes for day in predictions_out_of_date(returns, home)}


def correct_orders(home: Home, day: str) -> None:
    corrected = orders.computed(lambda rows: rows.assign(quantity=9), order_source)
    materialize(corrected, Window.of_days(day, day), home.features)


def test_days_whose_features_were_corrected_are_told_and_stay_as_they_were_issued(own_served: Home) -> None:
    issue(returns, DAYS, own_served)
    assert told(own_served) == {}
    before = own_served.prediction_log.read(returns, DAYS)

    correct_orders(own_served, "2024-01-28")

    assert list(told(own_served)) == ["2024-01-28"]
    assert told(own_served)["2024-01-28"][0].startswith("features/order 2024-01-28 was written after that, at ")
    issue(returns, DAYS, own_served)
    assert list(told(own_served)) == ["2024-01-28"], "issued is issued"
    assert own_served.prediction_log.read(returns, DAYS).equals(before)


def test_days_are_told_whose_champion_is_another_one_now(own_served: Home) -> None:
    issue(returns, DAYS, own_served)
    registry = own_served.registry

    registry.rollback("returns", who="ann", why="trial", effective=midnight("2024-01-31"))

    assert told(own_served) == {"2024-01-31": ("models/returns: version 1 would be used now, it was version 2",)}


def test_every_day_is_told_when_a_dimension_changed(own_served: Home) -> None:
    issue(returns, DAYS, own_served)
    dearer = Source(Product, lambda _start, _end: CATALOGUE.assign(price=99.0), name="shop_catalogue")
    materialize(
        products.computed(lambda rows: rows, dearer), Window.of_days("1970-01-01", "1970-01-01"), own_served.features
    )

    assert list(told(own_served)) == [str(day) for day in DAYS.days]


def test_with_a_window_only_its_days_are_looked_at(own_served: Home) -> None:
    issue(returns, DAYS, own_served)
    correct_orders(own_served, "2024-01-28")

    assert predictions_out_of_date(returns, own_served, Window.of_days("2024-01-29", "2024-01-31")) == []


def test_a_writer_that_was_killed_leaves_no_issued_day_of_which_nobody_knows(
    own_served: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr("fti_assets.stores.tables.PartitionedTable.write", _killed)
        with pytest.raises(KeyboardInterrupt):
            issue(returns, DAYS, own_served, run_id="first")
    correct_orders(own_served, "2024-01-28")

    issue(returns, DAYS, own_served, run_id="second")

    assert told(own_served) == {}


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_days_that_were_issued_before_this_was_kept_are_told(own_served: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr("fti_assets.stores.provenance.ProvenanceStore.keep", lambda *_: None)
        issue(returns, DAYS, own_served)

    assert {causes[0].partition(":")[0] for causes in told(own_served).values()} == {
        "nobody knows what its rows were made from"
    }
    assert len(told(own_served)) == len(DAYS.days)
