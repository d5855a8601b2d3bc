import pandas as pd
import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.source import Source
from fti_assets_tests.contracts.shop import Order


def test_a_source_has_a_name_a_schema_and_a_read() -> None:
    assert Source(Order, lambda _start, _end: pd.DataFrame(), name="orders").name == "orders"
    with pytest.raises(DeclarationError, match="source name 'Orders!'"):
        Source(Order, lambda _start, _end: pd.DataFrame(), name="Orders!")
    with pytest.raises(DeclarationError, match="DataFrameModel"):
        Source(pd.DataFrame, lambda _start, _end: pd.DataFrame(), name="orders")
    with pytest.raises(DeclarationError, match=r"read='orders.csv'; expected a function of \(start, end\)"):
        Source(Order, "orders.csv", name="orders")  # type: ignore[arg-type]
