from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.estimator import XGBoost
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.fingerprint import binding_version, model_version, view_version
from fti_assets.contracts.gates import BeatsBaseline
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC
from fti_assets_tests.worlds import (
    Amount,
    CustomerHistory,
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


def history(windows: list[str] | None = None, statistics: list[str] | None = None, **changes: object) -> Binding:
    """`customer_history`, declared once more."""
    declared = {"keys": "customer", "event_time": "as_of", "lookback": "3d", "name": "customer_history"} | changes
    group = FeatureGroup(CustomerHistory, **declared)
    columns = {"is_returned": statistics or ["count", "mean"]}
    return group.aggregated(outcomes, by="customer", columns=columns, windows=windows or ["7d"])


def test_the_same_declaration_has_the_same_version():
    assert binding_version(history()) == binding_version(history())
    assert binding_version(orders.computed(as_given, order_source)) == binding_version(
        FeatureGroup(Order, keys="order_id", event_time="placed_at").computed(as_given, order_source)
    )
    assert view_version(returns.view) == view_version(replace(returns.view))
    assert model_version(returns) == model_version(replace(returns))


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
    renamed = Source("orders_anew", Order, order_source.read)
    reads_otherwise = Source("shop_orders", Order, lambda _start, _end: pd.DataFrame())

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
    class OnceMore(CustomerHistory):
        is_returned_count_14d: int
        is_returned_mean_14d: float

    def of(schema: type[CustomerHistory], windows: list[str], every: str) -> str:
        group = FeatureGroup(schema, keys="customer", event_time="as_of", name="customer_history")
        return binding_version(
            group.aggregated(outcomes, "customer", {"is_returned": ["count", "mean"]}, windows, every)
        )

    given = [(CustomerHistory, ["7d"], "1d"), (OnceMore, ["7d", "14d"], "1d"), (CustomerHistory, ["7d"], "6h")]
    assert len({of(*each) for each in given}) == 3


def test_a_view_changes_with_its_features_lookbacks_label_and_functions():
    view = returns.view

    def twice(frame: pd.DataFrame) -> Amount:
        return frame

    twice.__annotations__["return"] = view.functions[0].function.__annotations__["return"]
    others = [
        replace(view, features=view.features[:-1], on_demand=()),
        replace(view, on_demand=()),
        replace(view, features=[view.features[0], customer_history.select().lookback(days=1), view.features[2]]),
        replace(view, label=outcomes["is_returned"].within(days=3)),
        replace(view, on_demand=[twice]),
    ]

    assert len({view_version(each) for each in [view, *others]}) == 6


def test_a_model_changes_with_its_recipe_and_not_with_its_gates():
    recipe = [replace(returns, estimator=XGBoost(rounds=11)), replace(returns, holdout="8d")]

    assert len({model_version(each) for each in [returns, *recipe]}) == 3
    assert model_version(replace(returns, gates=[BeatsBaseline(margin=0.5)])) == model_version(returns)
