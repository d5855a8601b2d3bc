from datetime import timedelta

import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.label import Label
from fti_assets_tests.contracts.shop import customers, orders, outcomes


def test_a_yes_or_no_label_is_binary_and_a_number_is_not() -> None:
    assert outcomes["is_returned"].within(days=1).is_binary
    assert not outcomes["refund"].within(hours=1).is_binary


@pytest.mark.parametrize(
    ("group", "column", "message"),
    [
        (customers, "country", "a dimension has no time"),
        (outcomes, "is_late", "there is no column 'is_late'; there are: customer"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(group: FeatureGroup, column: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Label(group, (column,), timedelta(days=1))


@pytest.mark.parametrize(("column", "kind"), [("note", "text"), ("settled_at", "time")])
def test_of_what_is_no_number_only_its_rows_are_learned(column: str, kind: str) -> None:
    label = outcomes[column].within(days=1)
    assert (label.any().kind, label.count().kind) == ("boolean", "integer")
    with pytest.raises(DeclarationError, match=rf"label outcome\['{column}'\]: sum of {kind}: expected bool"):
        label.sum()
    with pytest.raises(DeclarationError, match=rf"first of {kind}: expected bool or a number, or \.any\(\) or"):
        FeatureView(orders, label, [orders["quantity"]])


def test_several_columns_are_counted_and_have_no_first_value() -> None:
    label = outcomes["refund", "note"].within(days=2)
    assert label.count().kind == "integer"
    with pytest.raises(DeclarationError, match=r"first is of one column, and 2 are selected: select one, or ask for"):
        FeatureView(orders, label, [orders["quantity"]])


@pytest.mark.parametrize(
    ("aggregation", "of_a_boolean", "of_a_number"),
    [
        ("first", "boolean", "number"),
        ("last", "boolean", "number"),
        ("any", "boolean", "boolean"),
        ("count", "integer", "integer"),
        ("sum", "integer", "number"),
        ("mean", "number", "number"),
        ("max", "boolean", "number"),
    ],
)
def test_an_answer_is_yes_or_no_or_a_number(aggregation: str, of_a_boolean: str, of_a_number: str) -> None:
    for column, kind in (("is_returned", of_a_boolean), ("refund", of_a_number)):
        label = getattr(outcomes[column].within(days=1), aggregation)()
        assert (label.kind, label.is_binary) == (kind, kind == "boolean")


def test_a_label_says_what_it_is() -> None:
    assert str(outcomes["refund"].within(hours=36)) == "outcome.refund within 36h"
    by_customer = outcomes["refund"].by("customer").within(days=7, where="refund > 10").sum()
    assert str(by_customer) == "sum of outcome.refund by customer within 7d where refund > 10"
    assert str(outcomes.select().within(days=1).any()) == "any of outcome within 1d"


def test_another_answer_condition_or_entity_is_another_label() -> None:
    label = outcomes["refund"].within(days=2)
    others = [label.sum(), outcomes["refund"].within(days=2, where="refund > 1"), outcomes["refund"].within(days=3)]
    declarations = [repr(one.declaration) for one in (label, *others)]
    assert len(set(declarations)) == len(declarations)


@pytest.mark.parametrize("share", [-0.1, 1, 5])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(DeclarationError, match=rf"never_up_to={share}: expected a share from 0 to below 1"):
        outcomes["refund"].within(days=2, never_up_to=share)


def test_a_condition_over_what_is_not_there_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"label outcome\['refund'\].*price"):
        outcomes["refund"].within(days=2, where="price > 1")


def test_a_label_takes_time_to_become_known() -> None:
    with pytest.raises(DeclarationError, match=r"label outcome\['refund'\]: known within 0:00:00: expected more"):
        outcomes["refund"].within()


def test_a_label_is_called_as_its_column() -> None:
    assert outcomes["refund"].within(days=1).name == "refund"
