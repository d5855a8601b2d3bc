from typing import Any

import pandas as pd
import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.source import Source
from fti_assets_tests.contracts.shop import Order, history, orders, outcomes

source = Source(Order, lambda _start, _end: pd.DataFrame(), name="orders")


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
