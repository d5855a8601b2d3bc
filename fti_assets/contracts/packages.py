"""Which package a function, class or module belongs to, and where that is."""

import inspect
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

_LIBRARIES = {"duckdb", "fti_assets", "numpy", "pandas", "pandera", "polars", "pyarrow", *sys.stdlib_module_names}
_REFERENCE_SYSTEM = "fti_assets.flights"


def namespace_of(definition: Any) -> dict[str, Any]:
    """The names of the module in which a function or class is defined, or of a module."""
    if isinstance(definition, FunctionType):
        return definition.__globals__
    module = definition if inspect.ismodule(definition) else sys.modules.get(definition.__module__)
    return vars(module) if module else {}


def package_of(definition: Any) -> str:
    """The top-level package of a function, class or module; the folder of what is in none; "" for a library's.

    This library is one too, but for the reference system, which is written like a user's.
    """
    namespace = namespace_of(definition)
    name, file = namespace.get("__name__") or "", namespace.get("__file__")
    top = name.partition(".")[0]
    if f"{name}.".startswith(f"{_REFERENCE_SYSTEM}."):
        return _REFERENCE_SYSTEM
    if top in _LIBRARIES:
        return ""
    if "." in name or hasattr(sys.modules.get(top), "__path__"):
        return top
    return str(Path(file).parent) if file else name or "?"


def folder_of(package: str) -> Path | None:
    """The folder that holds a package or is one; None for what is in no file, as in a notebook."""
    if Path(package).is_absolute():
        return Path(package)
    folders = list(getattr(sys.modules.get(package.partition(".")[0]), "__path__", ()))
    return Path(folders[0]).parent if folders else None


def file_of(module: str, package: str) -> Path | None:
    """The source of a module of the package, loaded or not; None if there is no such module."""
    folder = folder_of(package)
    if folder is None or not (folder == Path(package) or f"{module}.".startswith(f"{package}.")):
        return None
    base = folder.joinpath(*module.split("."))
    return next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()), None)
