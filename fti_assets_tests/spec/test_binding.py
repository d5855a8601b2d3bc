from datetime import timedelta
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.spec.errors import DeclarationError
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.source import Source
from fti_assets.spec.time import UTC
from fti_assets_tests.spec.shop import Order, customers, history, orders, outcomes

source = Source("orders", Order, lambda _start, _end: pd.DataFrame())
GOOD: dict[str, Any] = {"by": "customer", "columns": {"refund": ["count", "mean"]}, "windows": ["7d"]}


def test_a_function_takes_one_frame_for_each_input() -> None:
    assert orders.computed(lambda rows: rows, source).inputs == (source,)
    assert orders.computed(lambda *rows: rows[0], source, outcomes, history["as_of"]).inputs[1] is outcomes
    with pytest.raises(DeclarationError, match=r"order.computed: <lambda> does not take 2 frames"):
        orders.computed(lambda rows: rows, source, outcomes)


@pytest.mark.parametrize("wrong", ["orders", Order, outcomes["is_returned"].within(days=1)])
def test_an_input_is_a_source_a_group_or_a_selection(wrong: Any) -> None:
    with pytest.raises(DeclarationError, match="is no source, group or selection"):
        orders.computed(lambda rows: rows, wrong)


def test_the_function_comes_first() -> None:
    with pytest.raises(DeclarationError, match="expected a function first"):
        orders.computed(source)  # type: ignore[arg-type]


def test_windows_name_their_columns_and_how_far_back_they_read() -> None:
    binding = history.aggregated(outcomes, **GOOD)
    assert binding.outputs == {
        "refund_count_7d": ("refund", "count", "7d"),
        "refund_mean_7d": ("refund", "mean", "7d"),
    }
    assert (binding.by, binding.step, binding.halo) == (("customer",), timedelta(days=1), timedelta(days=7))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"by": "order_id"}, r"by=\('order_id',\), but the group's keys are \('customer',\)"),
        ({"columns": {"prise": ["mean"]}}, "outcome: there is no column 'prise'; there are: customer"),
        ({"columns": {"note": ["count"]}}, "outcome.note is text, not a number"),
        ({"columns": {"refund": ["median"]}}, "there is no statistic 'median'; there are: count, max, mean"),
        ({"columns": {"refund": ["count"]}}, r"declared but not given \['refund_mean_7d'\]"),
        ({"windows": ["7d", "1d"]}, r"undeclared \['refund_count_1d', 'refund_mean_1d'\]"),
        ({"windows": []}, "declared but not given"),
        ({"every": "5h"}, "every=5h must divide the day"),
        ({"windows": ["36h"], "every": "1d"}, "must divide the day and each of"),
        ({"windows": ["7 days"]}, "duration '7 days'"),
    ],
)
def test_windows_that_cannot_be_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        history.aggregated(outcomes, **{**GOOD, **change})


def test_dimensions_and_groups_of_two_times_are_no_windows() -> None:
    with pytest.raises(DeclarationError, match="a dimension has no times"):
        history.aggregated(customers, **GOOD)
    with pytest.raises(DeclarationError, match="leave known_at out"):
        outcomes.aggregated(outcomes, by="order_id", columns={"refund": ["mean"]}, windows=["7d"])


class Miscounted(pa.DataFrameModel):
    """A mean declared as a whole number."""

    customer: str
    as_of: UTC
    refund_mean_7d: int


def test_a_mean_is_no_whole_number() -> None:
    miscounted = FeatureGroup(Miscounted, keys="customer", event_time="as_of")
    with pytest.raises(DeclarationError, match="refund_mean_7d is declared integer: expected float for a mean"):
        miscounted.aggregated(outcomes, by="customer", columns={"refund": ["mean"]}, windows=["7d"])
