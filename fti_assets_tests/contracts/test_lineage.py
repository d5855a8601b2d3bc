import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import DataFrame

from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.lineage import columns_used, computed_from, features_from
from fti_assets_tests.worlds import BINDINGS, customer_history, orders, outcomes, products, returns


class Ratios(pa.DataFrameModel):
    """Both to one."""

    ratio: float


def ratios(frame: pd.DataFrame) -> DataFrame[Ratios]:
    """Names made of parts."""
    return pd.DataFrame({"ratio": frame[f"{'is_returned'}_mean_{7}d"] / frame.quantity})


def shown(columns: object) -> list[str]:
    return [str(column) for column in columns]  # type: ignore[attr-defined]


def test_windows_come_from_the_columns_they_are_over() -> None:
    found = {name: str(column) for name, column in computed_from(BINDINGS[3]).items()}
    assert found == {
        "customer": "outcome.customer",
        "is_returned_count_7d": "outcome.is_returned",
        "is_returned_mean_7d": "outcome.is_returned",
    }
    assert computed_from(BINDINGS[0]) == {}, "what a function does with columns is not known"


def test_features_come_from_columns_and_those_on_demand_from_what_their_function_names() -> None:
    found = {name: shown(columns) for name, columns in features_from(returns.view).items()}
    assert found["quantity"] == ["order.quantity"]
    assert found["is_returned_mean_7d"] == ["customer_history.is_returned_mean_7d"]
    assert found["amount"] == ["order.quantity", "products.price"]
    assert list(found) == list(returns.view.columns)


def test_names_made_of_parts_are_recognized() -> None:
    view = FeatureView(orders, outcomes["is_returned"].within(days=2), [customer_history], [ratios])
    assert shown(features_from(view)["ratio"]) == ["order.quantity", "customer_history.is_returned_mean_7d"]


def test_a_view_uses_features_keys_conditions_and_its_label() -> None:
    view = FeatureView(
        orders,
        outcomes["is_returned"].within(days=2),
        [orders["quantity"], products["price", "category"].hidden("price")],
        [],
        where="is_gift",
    )
    assert {str(column): role for column, role in columns_used(view).items()} == {
        "order.quantity": "feature",
        "products.price": "on demand",
        "products.category": "feature",
        "products.product": "join",
        "order.product": "join",
        "order.is_gift": "condition",
        "outcome.is_returned": "label",
    }
