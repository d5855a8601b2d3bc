from datetime import timedelta

import pytest

from fti_assets.spec.errors import DeclarationError
from fti_assets_tests.spec.shop import customers, history, outcomes


def test_the_age_is_the_selections_or_else_the_groups() -> None:
    chosen = history.select()
    assert chosen.age == timedelta(days=3)
    assert chosen.lookback(hours=6).age == chosen.lookback("6h").age == timedelta(hours=6)
    assert chosen.age == timedelta(days=3)


def test_names_and_keys_are_the_groups_unless_renamed() -> None:
    chosen = history["refund_mean_7d"]
    assert chosen.names == {"refund_mean_7d": "refund_mean_7d"}
    assert chosen.prefixed("payer_").names == {"refund_mean_7d": "payer_refund_mean_7d"}
    assert chosen.spine_keys == {"customer": "customer"}
    assert chosen.joined_on(customer="payer").spine_keys == {"customer": "payer"}


def test_another_entity_replaces_the_keys() -> None:
    latest = outcomes["refund"].by("customer")
    assert latest.keys == ("customer",)
    assert latest.joined_on(customer="payer").spine_keys == {"customer": "payer"}


def test_wrong_selections_name_what_exists() -> None:
    with pytest.raises(DeclarationError, match="outcome: there is no column 'prize'; there are: customer, due_at"):
        outcomes["prize"]
    with pytest.raises(DeclarationError, match="there is no key 'order'; there are: order_id"):
        outcomes.select().joined_on(order="order_id")
    with pytest.raises(DeclarationError, match="there is no column 'payer'"):
        outcomes.select().by("payer")
    with pytest.raises(DeclarationError, match="takes no lookback"):
        customers.select().lookback(days=1)
    with pytest.raises(DeclarationError, match="is a dimension"):
        customers.select().by("country")
    with pytest.raises(DeclarationError, match="more than zero"):
        history.select().lookback()


def test_a_label_is_one_column() -> None:
    assert outcomes["refund"].within(days=2).horizon == timedelta(days=2)
    with pytest.raises(DeclarationError, match=r"outcome\[refund, note\] has 2"):
        outcomes["refund", "note"].within(days=2)
