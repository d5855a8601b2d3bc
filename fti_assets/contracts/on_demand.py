"""Features computed from the request: the same function offline and online."""

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandera.pandas as pa

from fti_assets.contracts.code_version import code_version
from fti_assets.contracts.column_names import check_columns
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.schema import Kind, columns_of


@dataclass(frozen=True)
class OnDemand:
    """A pure function of request fields and joined features, row by row.

    It takes the frame of everything joined so far and returns a frame of its own columns alone, with the same
    index; its return annotation, `DataFrame[SomeModel]`, says which.
    """

    function: Callable[..., Any]
    schema: type[pa.DataFrameModel] = field(init=False)
    columns: Mapping[str, Kind] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise DeclarationError(f"on_demand {self.function!r}: expected a function of one frame")
        returned = typing.get_type_hints(self.function).get("return")
        models = [a for a in typing.get_args(returned) if inspect.isclass(a) and issubclass(a, pa.DataFrameModel)]
        if len(models) != 1 or len(inspect.signature(self.function).parameters) != 1:
            raise DeclarationError(
                f"on_demand {self.name}: expected one frame in and `-> DataFrame[Model]` out, where Model is a pandera "
                f"DataFrameModel that names the columns it computes; got {inspect.signature(self.function)}"
            )
        object.__setattr__(self, "schema", models[0])
        object.__setattr__(self, "columns", columns_of(models[0]))
        check_columns(f"on_demand {self.name}", self.columns)

    @property
    def name(self) -> str:
        """The function's name."""
        return getattr(self.function, "__name__", repr(self.function))

    @property
    def declaration(self) -> tuple[object, ...]:
        """What the function does and which columns it computes."""
        return code_version(self.function), dict(self.columns)
