from collections.abc import Callable
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest
from attrs import evolve

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.fingerprint import binding_version, model_version, view_version
from fti_assets.contracts.gates import BeatsBaseline
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC
from fti_assets.models.boosting import XGBoost
from fti_assets_tests.worlds import (
    Amount,
    Order,
    Outcome,
    as_given,
    customer_history,
    order_source,
    orders,
    outcomes,
    returns,
)


def computed(text: str, tmp_path, name: str) -> Callable[..., pd.DataFrame]:
    """A function whose source is the text, from a file of its own."""
    path = tmp_path / f"{name}.py"
    path.write_text(text)
    namespace: dict[str, Callable[..., pd.DataFrame]] = {}
    exec(compile(text, str(path), "exec"), namespace)  # noqa: S102  # the test's own text
    return namespace["given"]


def history(over: str | list[str] = "7d", statistics: tuple[str, ...] = ("count", "mean"), **changes: Any) -> Binding:
    """`customer_history`, declared once more."""
    declared = {"lookback": "3d", "name": "customer_history"} | changes
    return as_binding(outcomes.windows("customer", {"is_returned": statistics}, over=over, **declared))


def test_the_same_declaration_has_the_same_version():
    assert binding_version(history()) == binding_version(history())
    assert binding_version(orders.computed(as_given, order_source)) == binding_version(
        FeatureGroup(Order, keys="order_id", event_time="placed_at").computed(as_given, order_source)
    )
    assert view_version(returns.view) == view_version(evolve(returns.view))
    assert model_version(returns) == model_version(evolve(returns))


def test_the_version_is_known_forever():
    """A version that changes with the process or the release would mark everything as made by old code."""
    assert binding_version(history()) == "2a22f1d1193a"


def test_another_function_is_another_version(tmp_path):
    given = [
        computed("def given(rows):\n    return rows\n", tmp_path, "one"),
        computed("def given(rows):\n    return rows\n", tmp_path, "same"),
        computed("def given(rows):\n    return rows.head(1)\n", tmp_path, "other"),
    ]

    one, same, other = (binding_version(orders.computed(function, order_source)) for function in given)

    assert one == same
    assert one != other


def test_another_source_is_another_version():
    renamed = Source(Order, order_source.read, name="orders_anew")
    reads_otherwise = Source(Order, lambda _start, _end: pd.DataFrame(), name="shop_orders")

    versions = {binding_version(orders.computed(as_given, s)) for s in (order_source, renamed, reads_otherwise)}

    assert len(versions) == 3


def test_a_function_without_source_is_known_by_its_name():
    first, second = (binding_version(orders.computed(f, order_source)) for f in (len, abs))

    assert first != second
    assert first == binding_version(orders.computed(len, order_source))


def test_another_group_is_another_version():
    assert binding_version(history(name="buyers")) != binding_version(history())


def test_owners_and_tags_and_how_old_a_row_may_be_when_used_are_no_part_of_a_groups_version():
    others = {"owners": ["team:shop"], "tags": {"domain": "returns"}, "lookback": "2d"}
    assert binding_version(history(**others)) == binding_version(history())


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({"description": "pieces of it", "ge": 1}, True),
        ({"ge": 2, "description": "pieces"}, False),
        ({"ge": 1, "nullable": True}, False),
        ({"isin": {3, 2, 1}}, False),
    ],
)
def test_a_contract_is_its_checks_and_not_its_descriptions(other, is_same):
    def of(**field: object) -> str:
        class Order(pa.DataFrameModel):
            order_id: str
            placed_at: UTC
            quantity: pd.Int64Dtype = pa.Field(**field)

        group = FeatureGroup(Order, keys="order_id", event_time="placed_at")
        return binding_version(group.computed(as_given, order_source))

    assert (of(ge=1, description="pieces") == of(**other)) is is_same
    assert of(isin={1, 2, 3}) == of(isin={3, 1, 2})


def test_the_method_of_a_check_is_part_of_the_contract():
    def of(limit: int) -> str:
        class Order(pa.DataFrameModel):
            order_id: str
            placed_at: UTC

            @pa.dataframe_check(error="few")
            def are_few(cls, rows: pd.DataFrame) -> bool:  # noqa: N805
                """Whether there are few of them."""
                return len(rows) < limit

        group = FeatureGroup(Order, keys="order_id", event_time="placed_at")
        return binding_version(group.computed(as_given, order_source))

    assert of(10) == of(10)
    assert of(10) != of(11)


def test_another_contract_is_another_version():
    class Longer(Outcome):
        note: str

    longer = FeatureGroup(Longer, keys="order_id", event_time="due_at", known_at="settled_at", name="outcomes")

    assert binding_version(longer.computed(as_given, order_source)) != binding_version(
        outcomes.computed(as_given, order_source)
    )


def test_another_window_or_grid_is_another_version():
    versions = {binding_version(binding) for binding in (history(), history(["7d", "14d"]), history(every="6h"))}
    assert len(versions) == 3


def test_a_view_changes_with_its_features_lookbacks_label_and_functions():
    view = returns.view

    def twice(frame: pd.DataFrame) -> Amount:
        return frame

    twice.__annotations__["return"] = view.functions[0].function.__annotations__["return"]
    others = [
        evolve(view, features=view.selections[:-1], on_demand=()),
        evolve(view, on_demand=()),
        evolve(view, features=[view.selections[0], customer_history.select().lookback(days=1), view.selections[2]]),
        evolve(view, features=[view.selections[0], customer_history.select().at("placed_at"), view.selections[2]]),
        evolve(view, label=outcomes["is_returned"].within(days=3)),
        evolve(view, on_demand=[twice]),
    ]

    assert len({view_version(each) for each in [view, *others]}) == 7


def test_a_model_changes_with_its_recipe_and_not_with_its_gates():
    recipe = [evolve(returns, estimator=XGBoost(rounds=11)), evolve(returns, holdout="8d")]

    assert len({model_version(each) for each in [returns, *recipe]}) == 3
    assert model_version(evolve(returns, gates=[BeatsBaseline(margin=0.5)])) == model_version(returns)
