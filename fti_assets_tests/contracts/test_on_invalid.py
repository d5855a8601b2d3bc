import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets_tests.worlds import Order, order_source


def test_a_group_and_a_source_say_what_happens_to_rows_that_break_them() -> None:
    group = FeatureGroup(Order, keys="order_id", event_time="placed_at")
    assert (group.on_invalid, order_source.on_invalid) == ("fail", "fail")
    tolerant = Source(Order, order_source.read, name="orders", on_invalid="quarantine", invalid_up_to=0.2)
    assert (tolerant.on_invalid, tolerant.invalid_up_to) == ("quarantine", 0.2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"on_invalid": "drop"}, "there is no on_invalid 'drop'; there are: fail, quarantine"),
        ({"invalid_up_to": 1.0}, "invalid_up_to=1.0: expected a share between 0 and 1"),
        ({"invalid_up_to": 0}, "invalid_up_to=0: expected a share between 0 and 1"),
    ],
)
def test_what_is_neither_is_refused_where_it_is_written(given: dict, said: str) -> None:
    with pytest.raises(DeclarationError, match=f"source orders: {said}"):
        Source(Order, order_source.read, name="orders", **given)
    with pytest.raises(DeclarationError, match=f"feature group order: {said}"):
        FeatureGroup(Order, keys="order_id", event_time="placed_at", **given)
