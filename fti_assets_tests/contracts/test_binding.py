from typing import Any

import pandas as pd
import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets_tests.contracts.shop import Customer, Order, history, orders, outcomes

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


def test_a_function_that_takes_the_window_that_is_due_says_so_by_name_and_annotation() -> None:
    def of_window(rows: pd.DataFrame, window: Window) -> pd.DataFrame:
        return rows.assign(placed_at=window.start)

    def in_words(rows: pd.DataFrame, *, window: "Window") -> pd.DataFrame:
        return rows.assign(placed_at=window.start)

    assert orders.computed(of_window, source).takes_window
    assert orders.computed(in_words, source).takes_window
    assert not orders.computed(lambda rows: rows, source).takes_window


def test_a_parameter_window_of_another_annotation_is_refused_when_bound() -> None:
    def of_frame(window: pd.DataFrame) -> pd.DataFrame:
        return window

    with pytest.raises(DeclarationError, match=r"order.computed: a parameter 'window' is given the window that is due"):
        orders.computed(of_frame, source)
    with pytest.raises(DeclarationError, match=r"expected the annotation fti.Window, there is none; call a frame"):
        orders.computed(lambda rows, window: rows, source)  # noqa: ARG005


def test_no_window_is_due_of_a_dimension() -> None:
    def of_window(rows: pd.DataFrame, window: Window) -> pd.DataFrame:  # noqa: ARG001
        return rows

    customers = FeatureGroup(Customer, keys="customer", dimension=True, name="customers")
    with pytest.raises(DeclarationError, match="a dimension is read whole, and no window of it is due"):
        customers.computed(of_window, source)


def test_a_moment_of_a_view_is_refused_for_an_input() -> None:
    with pytest.raises(DeclarationError, match=r"input history.at\('placed_at'\): the moment is one of a view's spine"):
        orders.computed(lambda rows: rows, history.select().at("placed_at"))
