"""What a Pandera model says about its columns, in five kinds that every store knows."""

import copy
import inspect
from functools import cache
from typing import Any, Literal

import pandera.pandas as pa

from fti_assets.contracts.errors import DeclarationError

Kind = Literal["text", "integer", "number", "boolean", "time"]

_KINDS: dict[str, Kind] = {
    "str": "text",
    "string[pyarrow]": "text",
    "string[python]": "text",
    "int64": "integer",
    "Int64": "integer",
    "float64": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "datetime64[us, UTC]": "time",
}


def columns_of(schema: type[pa.DataFrameModel]) -> dict[str, Kind]:
    """The schema's columns and their kinds, in order.

    Raises DeclarationError for a column of a type that the stores do not hold.
    """
    return dict(_kinds_of(schema))


@cache
def _kinds_of(schema: type[pa.DataFrameModel]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for name, column in compiled(schema).columns.items():
        if not column.required or column.regex:
            raise DeclarationError(
                f"{schema.__name__}.{name}: a contract's columns are all there, by name; for values that may be absent "
                "use pa.Field(nullable=True)"
            )
        kind = _KINDS.get(str(column.dtype))
        if kind is None:
            raise DeclarationError(
                f"{schema.__name__}.{name} is {column.dtype}: expected str, int, float, bool, pd.Int64Dtype, "
                "pd.BooleanDtype or fti.UTC (naive timestamps and objects are refused)"
            )
        kinds[name] = kind
    return kinds


@cache
def compiled(schema: type[pa.DataFrameModel]) -> Any:
    """The model as a strict Pandera schema: no column more, no column less."""
    if not (isinstance(schema, type) and issubclass(schema, pa.DataFrameModel)):
        raise DeclarationError(f"schema {schema!r}: expected a class derived from pandera's DataFrameModel")
    # a copy: Pandera keeps one schema for the class, and the user's own validations need not be strict
    strict = copy.copy(schema.to_schema())
    strict.strict = True
    return strict


def nullable_columns(schema: type[pa.DataFrameModel]) -> tuple[str, ...]:
    """The integer and boolean columns that may hold nulls: those that `to_pandas` must be told of."""
    return tuple(n for n, column in compiled(schema).columns.items() if str(column.dtype) in ("Int64", "boolean"))


def first_line(described: Any) -> str:
    """The first line of a docstring, for the places that show one line."""
    return inspect.cleandoc(described.__doc__ or "").split("\n")[0]
