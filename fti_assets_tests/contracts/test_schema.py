import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.schema import columns_of, compiled, first_line, nullable_columns
from fti_assets.contracts.time import UTC
from fti_assets_tests.contracts.shop import Order


class Every(pa.DataFrameModel):
    """One of each."""

    a: str
    b: int
    c: pd.Int64Dtype = pa.Field(nullable=True)
    d: float
    e: bool
    f: pd.BooleanDtype = pa.Field(nullable=True)
    g: UTC


class Naive(pa.DataFrameModel):
    at: pd.Timestamp


class Anything(pa.DataFrameModel):
    x: object


class Perhaps(pa.DataFrameModel):
    x: int | None


def test_columns_come_in_order_by_their_kinds() -> None:
    kinds = {"a": "text", "b": "integer", "c": "integer", "d": "number", "e": "boolean", "f": "boolean", "g": "time"}
    assert list(columns_of(Every).items()) == list(kinds.items())
    assert nullable_columns(Every) == ("c", "f")


@pytest.mark.parametrize("schema", [Naive, Anything])
def test_a_type_that_no_store_holds_is_refused(schema: type[pa.DataFrameModel]) -> None:
    with pytest.raises(DeclarationError, match=rf"{schema.__name__}\.\w+ is .*: expected str, int, float, bool"):
        columns_of(schema)


def test_a_column_that_may_be_left_out_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"Perhaps\.x: .*nullable=True"):
        columns_of(Perhaps)


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(DeclarationError, match="expected a class derived from pandera's DataFrameModel"):
        columns_of(dict)  # type: ignore[arg-type]


def test_compiling_is_strict_and_leaves_the_users_own_validation_alone() -> None:
    assert compiled(Order).strict
    assert not Order.to_schema().strict


def test_the_first_line_of_a_docstring_describes() -> None:
    assert first_line(Order) == "An order, as placed."
    assert first_line(Naive) == ""
