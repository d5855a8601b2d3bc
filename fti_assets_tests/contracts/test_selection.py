from datetime import timedelta

import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets_tests.contracts.shop import Customer, History, Outcome, customers, history, outcomes


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


def test_a_label_is_of_the_selected_column_and_waits_for_as_long() -> None:
    label = outcomes["refund"].within(days=2, hours=3, minutes=4)
    assert (label.column, label.horizon) == ("refund", timedelta(days=2, hours=3, minutes=4))


@pytest.mark.parametrize("unbounded", [None, "0h", timedelta(0), timedelta(days=-1), 0, "2w", float("inf")])
def test_an_unbounded_lookback_is_refused_in_a_group_and_in_a_view(unbounded: object) -> None:
    with pytest.raises(DeclarationError, match=r"feature group history: lookback: duration .* a look-back is bounded"):
        FeatureGroup(History, keys="customer", event_time="as_of", lookback=unbounded)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match=r"history: lookback: duration .* only a dimension, which is read whole"):
        history.select().lookback(unbounded)  # type: ignore[arg-type]


def test_a_dimension_has_no_lookback() -> None:
    with pytest.raises(DeclarationError, match="dimension customers takes no lookback: it is read whole"):
        FeatureGroup(Customer, keys="customer", dimension=True, name="customers", lookback="2d")


def test_the_keys_of_a_label_may_be_renamed_and_what_it_would_ignore_is_refused() -> None:
    label = outcomes["refund"].joined_on(order_id="sent_back").within(days=2)
    assert label.spine_keys == {"order_id": "sent_back"}
    refund = outcomes["refund"]
    assert refund.by("customer").joined_on(customer="buyer").within(days=2).spine_keys == {"customer": "buyer"}
    wrong = {"lookback": refund.lookback("1d"), "prefixed": refund.prefixed("x_"), "at": refund.at("due_at")}
    for method, selection in {**wrong, "hidden": refund.hidden()}.items():
        with pytest.raises(DeclarationError, match=rf"label outcome\['refund'\] takes no \.{method}\(…\)"):
            selection.within(days=2)


def test_a_moment_is_a_column_of_a_group_that_has_times() -> None:
    assert outcomes["refund"].at("shipped_at").moment == "shipped_at"
    with pytest.raises(DeclarationError, match="customers is a dimension: it is read whole and the same at any moment"):
        customers.select().at("shipped_at")
    with pytest.raises(DeclarationError, match=r"outcome.at\(None\): expected the name of a time column of the spine"):
        outcomes["refund"].at(None)  # type: ignore[arg-type]


def test_rows_are_taken_that_are_in_force_where_a_moment_is_named_or_values_are_known_ahead() -> None:
    ahead = FeatureGroup(
        Outcome, keys="order_id", event_time="due_at", known_at="settled_at", ahead="14d", lookback="3d"
    )
    takes = [s.takes_in_force for s in (outcomes["refund"], outcomes["refund"].at("shipped_at"), ahead["refund"])]
    assert takes == [False, True, True]
    assert ahead["refund"].halo == timedelta(days=17)
