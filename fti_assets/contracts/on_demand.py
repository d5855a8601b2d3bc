"""Features computed from the request: the same function offline and online."""

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pandera.pandas as pa

from fti_assets.contracts.code_version import code_version
from fti_assets.contracts.column_names import check_columns
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.schema import Schema, schema_of


def _returned(function: Callable[..., Any]) -> Schema:
    """The schema that a function's return annotation names."""
    name = getattr(function, "__name__", repr(function))
    if not callable(function):
        raise DeclarationError(f"on_demand {name}: expected a function of one frame")
    returned = typing.get_type_hints(function).get("return")
    models = [a for a in typing.get_args(returned) if inspect.isclass(a) and issubclass(a, pa.DataFrameModel)]
    if len(models) != 1 or len(inspect.signature(function).parameters) != 1:
        raise DeclarationError(
            f"on_demand {name}: expected one frame in and `-> DataFrame[Model]` out, where Model is a pandera "
            f"DataFrameModel that names the columns it computes; got {inspect.signature(function)}"
        )
    return schema_of(models[0])


@attrs.frozen
class OnDemand:
    """A pure function of request fields and joined features, row by row.

    It takes the frame of everything joined so far and returns a frame of its own columns alone, with the same
    index; its return annotation, `DataFrame[SomeModel]`, says which. In the frame integers that may be null, as all
    that are looked up may be, are pandas' `Int64`, exact to 64 bits, and booleans `boolean`, null or not.
    """

    function: Callable[..., Any]
    schema: Schema = attrs.field(init=False)

    @schema.default
    def _as_annotated(self) -> Schema:
        return _returned(self.function)

    def __attrs_post_init__(self) -> None:
        check_columns(f"on_demand {self.name}", self.columns)

    @property
    def name(self) -> str:
        """The function's name."""
        return getattr(self.function, "__name__", repr(self.function))

    @property
    def columns(self) -> Mapping[str, Kind]:
        """The columns that it computes, in order, and their kinds."""
        return self.schema.columns

    @property
    def declaration(self) -> tuple[object, ...]:
        """What the function does and which columns it computes."""
        return code_version(self.function), dict(self.columns)
