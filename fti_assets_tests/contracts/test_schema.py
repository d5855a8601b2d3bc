import pickle

import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.schema import schema_of
from fti_assets.contracts.time import UTC
from fti_assets_tests.contracts.shop import Order, outcomes


class Every(pa.DataFrameModel):
    """One of each.

    And more words.
    """

    a: str
    b: int
    c: pd.Int64Dtype = pa.Field(nullable=True)
    d: float
    e: bool
    f: pd.BooleanDtype = pa.Field(nullable=True)
    g: UTC


class Naive(pa.DataFrameModel):
    at: pd.Timestamp


class Plain(pa.DataFrameModel):
    x: int


class Anything(pa.DataFrameModel):
    x: object


class Perhaps(pa.DataFrameModel):
    x: int | None


class Nullable(pa.DataFrameModel):
    x: int = pa.Field(nullable=True)


class Unsure(pa.DataFrameModel):
    x: bool = pa.Field(nullable=True)


def test_columns_come_in_order_by_their_kinds() -> None:
    kinds = {"a": "text", "b": "integer", "c": "integer", "d": "number", "e": "boolean", "f": "boolean", "g": "time"}
    assert list(schema_of(Every).columns.items()) == list(kinds.items())
    assert schema_of(Every).extension_columns == {"c", "f"}


def test_each_column_has_one_pandas_type() -> None:
    assert schema_of(Every).pandas_types == {
        "a": "str",
        "b": "int64",
        "c": "Int64",
        "d": "float64",
        "e": "bool",
        "f": "boolean",
        "g": "datetime64[us, UTC]",
    }


@pytest.mark.parametrize("model", [Naive, Anything])
def test_a_type_that_no_store_holds_is_refused(model: type[pa.DataFrameModel]) -> None:
    with pytest.raises(DeclarationError, match=rf"{model.__name__}\.\w+ is .*: expected str, int, float, bool"):
        schema_of(model)


def test_a_column_that_may_be_left_out_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"Perhaps\.x: .*nullable=True"):
        schema_of(Perhaps)


@pytest.mark.parametrize(("model", "expected"), [(Nullable, "pd.Int64Dtype"), (Unsure, "pd.BooleanDtype")])
def test_a_nullable_type_that_holds_no_null_is_refused(model: type[pa.DataFrameModel], expected: str) -> None:
    with pytest.raises(DeclarationError, match=rf"\.x is (int|bool) and nullable.*: expected {expected}"):
        schema_of(model)


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(DeclarationError, match="expected a class derived from pandera's DataFrameModel"):
        schema_of(dict)  # type: ignore[arg-type]


def test_compiling_is_strict_and_leaves_the_users_own_validation_alone() -> None:
    assert schema_of(Order).pandera.strict
    assert not Order.to_schema().strict


def test_the_first_line_of_a_docstring_describes() -> None:
    assert schema_of(Every).description == "One of each."
    assert schema_of(Plain).description == ""


def test_a_schema_is_the_same_in_another_process() -> None:
    windows = outcomes.windows("customer", {"refund": "mean"}, over="7d", name="deeds")
    assert pickle.loads(pickle.dumps(schema_of(Order))) is schema_of(Order)  # noqa: S301  # made here
    assert pickle.loads(pickle.dumps(windows)) == windows  # noqa: S301  # made here
