from datetime import timedelta

import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.label import Label
from fti_assets_tests.contracts.shop import customers, outcomes


def test_a_yes_or_no_label_is_binary_and_a_number_is_not() -> None:
    assert outcomes["is_returned"].within(days=1).is_binary
    assert not outcomes["refund"].within(hours=1).is_binary


@pytest.mark.parametrize(
    ("group", "column", "message"),
    [
        (customers, "country", "a dimension has no time"),
        (outcomes, "note", r"label outcome\['note'\] is text: expected bool or a number"),
        (outcomes, "settled_at", "is time"),
        (outcomes, "is_late", "there is no column 'is_late'; there are: customer"),
    ],
)
def test_what_cannot_be_learned_is_refused(group: FeatureGroup, column: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Label(group, column, timedelta(days=1))


def test_a_label_takes_time_to_become_known() -> None:
    with pytest.raises(DeclarationError, match=r"label outcome\['refund'\]: known within 0:00:00: expected more"):
        outcomes["refund"].within()


def test_a_label_is_called_as_its_column() -> None:
    assert outcomes["refund"].within(days=1).name == "refund"
