from datetime import timedelta

import pandas as pd
import pandera.pandas as pa
import pytest
from pandera.typing.pandas import DataFrame

from fti_assets.spec.errors import DeclarationError
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.time import UTC
from fti_assets_tests.spec.shop import Order, customers, doubled, history, orders, outcomes

LABEL = outcomes["is_returned"].within(days=2)


class Visit(pa.DataFrameModel):
    """A visit by customer number."""

    customer: int
    seen_at: UTC
    quantity: int


class Quantity(pa.DataFrameModel):
    """A name that the spine has."""

    quantity: int


class Labelled(Order):
    """A spine that has a label already."""

    label: int


visits = FeatureGroup(Visit, keys="customer", event_time="seen_at")
labelled = FeatureGroup(Labelled, keys="order_id", event_time="placed_at")


def overwriting(frame: pd.DataFrame) -> DataFrame[Quantity]:
    """One more."""
    return frame[["quantity"]] + 1


def test_features_come_in_the_order_they_are_written_and_times_are_none() -> None:
    features = [orders["quantity", "placed_at"], customers, history.select().lookback("12h")]
    view = FeatureView(orders, LABEL, features, on_demand=[doubled])
    assert list(view.columns) == ["quantity", "country", "refund_count_7d", "refund_mean_7d", "doubled"]
    assert [s.group for s in view.joined] == [customers, history]
    assert view.groups == (orders, customers, history)
    assert (view.predicted_at, view.halo) == ("placed_at", timedelta(hours=12))
    assert FeatureView(orders, LABEL, [orders["quantity"]]).halo == timedelta(0)


@pytest.mark.parametrize(
    ("spine", "features", "message"),
    [
        (customers, [], "spine customers is a dimension"),
        (labelled, [], "column 'label' comes from the dataset and from spine labelled"),
        (orders, ["quantity"], "feature 'quantity': expected a feature group or a selection"),
        (orders, [history, history], "column 'refund_count_7d' comes from history and from history: use .prefixed"),
        (orders, [orders["quantity"], orders["quantity"]], "column 'quantity' comes from spine order and from order"),
        (orders, [outcomes["customer"]], "column 'customer' comes from spine order and from outcome"),
        (orders, [history.select().joined_on(customer="payer")], "there is no column 'payer'; .* .joined_on"),
        (orders, [visits.select().prefixed("seen_")], "visit.customer is integer, but spine column customer is text"),
    ],
)
def test_a_view_that_cannot_be_read_is_refused(spine: FeatureGroup, features: list[object], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        FeatureView(spine, LABEL, features)  # type: ignore[arg-type]


def test_an_on_demand_feature_does_not_replace_a_column_of_the_spine() -> None:
    with pytest.raises(DeclarationError, match="column 'quantity' comes from spine order and from overwriting"):
        FeatureView(orders, LABEL, [], on_demand=[overwriting])


def test_a_label_without_its_horizon_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"within\(days=2\)"):
        FeatureView(orders, outcomes["is_returned"], [])  # type: ignore[arg-type]


def test_the_spine_has_the_labels_keys() -> None:
    with pytest.raises(DeclarationError, match="spine visit: there is no column 'order_id'"):
        FeatureView(visits, LABEL, [])
