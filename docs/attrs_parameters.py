"""What attrs generates and no source shows, for the API reference: the parameters of its classes."""

import inspect
import re
from importlib import import_module
from typing import Any

import attrs
import griffe


class AttrsParameters(griffe.Extension):
    """Gives each attrs class the `__init__` that it has when it runs."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Add the method, unless the class is none of attrs'."""
        if not any(str(decorator.value).startswith("attrs.") for decorator in cls.decorators):
            return
        generated = inspect.signature(getattr(import_module(cls.module.path), cls.name))
        parameters = griffe.Parameters(*map(_parameter, generated.parameters.values()))
        cls.set_member("__init__", griffe.Function("__init__", parameters=parameters))


def _parameter(parameter: inspect.Parameter) -> griffe.Parameter:
    annotation = inspect.formatannotation(parameter.annotation).strip("'")
    return griffe.Parameter(
        parameter.name,
        annotation=re.sub(r"\b(\w+\.)+", "", annotation),
        kind=griffe.ParameterKind[parameter.kind.name.lower()],
        default=_shown(parameter.default),
    )


def _shown(default: object) -> str | None:
    """A default as it is written; `...` for one that follows from the other parameters."""
    if default is inspect.Parameter.empty:
        return None
    return "..." if default is attrs.NOTHING else repr(default).replace("datetime.", "")
