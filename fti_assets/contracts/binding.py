"""What computes a feature group: one line binds the contract to it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from fti_assets.contracts.aggregated import Aggregated
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source

if TYPE_CHECKING:
    from fti_assets.contracts.feature_group import FeatureGroup

Input = Union[Source, "FeatureGroup", Selection]


@dataclass(frozen=True)
class Computed:
    """A group computed by a plain function of frames, one frame for each input."""

    group: "FeatureGroup"
    function: Callable[..., Any]
    inputs: tuple[Input, ...]

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise DeclarationError(f"{self.group.name}.computed: expected a function first, got {self.function!r}")
        for given in self.inputs:
            if not isinstance(given, Source | Selection | type(self.group)):
                raise DeclarationError(f"{self.group.name}.computed: input {given!r} is no source, group or selection")
        try:
            inspect.signature(self.function).bind(*self.inputs)
        except TypeError as error:
            name = getattr(self.function, "__name__", repr(self.function))
            raise DeclarationError(
                f"{self.group.name}.computed: {name} does not take {len(self.inputs)} frames ({error})"
            ) from None


Binding = Computed | Aggregated
