from datetime import timedelta

import pytest

from fti_assets.audit.altered_inputs import AlteredStore, read_once, with_future
from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import FIRST_DAY, Order, at, order_source, orders, outcomes

DAY = Window.of_days(FIRST_DAY, FIRST_DAY)
NOON = at(FIRST_DAY, 12)


def test_a_source_with_another_future_is_as_it_was_up_to_and_with_the_moment() -> None:
    other = with_future(order_source, lambda rows: rows.assign(quantity=9), NOON)
    before, after = (source.read(DAY.start, DAY.end) for source in (order_source, other))
    past = before["placed_at"] <= NOON
    assert past.sum() == 9  # one every half an hour from 8:00 to 12:00
    assert after[past].equals(before[past])
    assert (after.loc[~past, "quantity"] == 9).all()
    assert other.read(DAY.start, NOON).equals(order_source.read(DAY.start, NOON))
    assert (other.read(NOON + timedelta(hours=1), DAY.end)["quantity"] == 9).all()


def test_a_source_is_read_once_a_window_and_checked(shop: Home) -> None:
    calls = []

    def read(start, end):
        calls.append((start, end))
        return order_source.read(start, end).assign(quantity=0 if len(calls) > 1 else 1)

    source = read_once(Source(Order, read, name="counted"), orders, shop.features)
    assert source.read(DAY.start, DAY.end).equals(source.read(DAY.start, DAY.end))
    assert len(calls) == 1
    with pytest.raises(ContractViolation, match="source counted breaks its contract"):
        source.read(DAY.start, NOON)


def test_a_store_answers_with_other_rows_of_one_group_whatever_columns_are_asked(shop: Home) -> None:
    store = AlteredStore(shop.features)
    other = store.altered(orders, lambda rows: rows.reverse())
    whole = shop.features.read(orders, DAY)
    assert store.read(orders, DAY).equals(whole)
    assert other.read(orders, DAY).equals(whole.reverse())
    assert other.read(orders, DAY, ["quantity"]).equals(whole.reverse().select("quantity"))
    assert other.read(outcomes, DAY).equals(shop.features.read(outcomes, DAY))
    assert store.read(orders, DAY, ["order_id"]).equals(whole.select("order_id"))
    assert other.snapshot() is other
