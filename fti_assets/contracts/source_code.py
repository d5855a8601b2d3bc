"""What a function does, as text: equal texts, equal behaviour, whoever formats and comments it."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time, timedelta
from enum import Enum
from pathlib import PurePath
from types import CellType, FunctionType
from typing import Any

from fti_assets.contracts.parsed_code import (
    FOR_READERS,
    Chain,
    Module,
    code_text,
    home_of,
    module_in,
    module_of,
    names_read,
)

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), date, time, timedelta, range, slice)
_ENGINES = {"duckdb", "numpy", "pandas", "pandera", "polars", "pyarrow"}
_ROOMS = {
    "contracts",
    "stores",
    "validation",
    "models",
    "views",
    "features",
    "audit",
    "monitoring",
    "training",
    "inference",
    "assets",
    "demo",
    "cli",
}


def behaviour(function: Callable[..., Any]) -> str:
    """The function's code and defaults, what it closes over, and all that it calls in its own package.

    Comments, docstrings, formatting, descriptions, and where in a file it stands do not count. Functions, classes and
    module-level values are followed by name while they live in the same top-level package (from a module in none, in
    the same folder); of other packages, and of this library, the name counts alone. A callable without source is known
    by its qualified name. A value of a module is its expression, not what it happens to be today: a path that differs
    from machine to machine makes no other version.
    """
    walk = _Walk()
    text = walk.callable(function)
    return "\n".join([text, *(f"{name} = {reached}" for name, reached in sorted(walk.reached.items()))])


def value_text(value: object) -> str:
    """A text that is the same in every process for equal values: a set's are sorted, for example."""
    return _Walk().value(value)


@dataclass
class _Walk:
    """One look at a function and all that it reaches."""

    home: str = ""
    reached: dict[str, str] = field(default_factory=dict)
    inside: set[int] = field(default_factory=set)

    def callable(self, function: Any) -> str:
        if isinstance(function, functools.partial):
            given = f"{self.value(function.args)}, {self.value(function.keywords)}"
            return f"partial({self.callable(function.func)}, {given})"
        if inspect.ismethod(function):
            return f"{self.value(function.__self__)}.{self.callable(function.__func__)}"
        function = inspect.unwrap(function)
        if isinstance(function, FunctionType):
            with self._once(function) as first:
                return self._function(function) if first else _qualified(function)
        if hasattr(function, "__qualname__"):
            return self._class(function) if isinstance(function, type) else _qualified(function)
        return self.value(function)

    def value(self, value: Any) -> str:
        if isinstance(value, Enum | PurePath):
            return str(value)
        if isinstance(value, _PLAIN):
            return repr(value)
        if isinstance(value, type):
            return self._class(value)
        if inspect.ismodule(value):
            return value.__name__
        if inspect.isroutine(value) or isinstance(value, functools.partial) or hasattr(value, "__wrapped__"):
            return self.callable(value)
        with self._once(value) as first:
            return self._composed(value) if first else type(value).__qualname__

    def _composed(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return f"{{{', '.join(f'{self.value(k)}: {self.value(v)}' for k, v in value.items())}}}"
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self.value, value))}]"
        if isinstance(value, set | frozenset):
            return f"{{{', '.join(sorted(map(self.value, value)))}}}"
        kind = type(value)
        if is_dataclass(value):
            held = {f.name: getattr(value, f.name, None) for f in fields(value)}
        else:
            self.home = self.home or _home(kind)
            held = vars(value) if _home(kind) == self.home and hasattr(value, "__dict__") else {}
        told = FOR_READERS.get(kind.__name__, frozenset())
        return f"{self._class(kind)}({', '.join(f'{n}={self.value(v)}' for n, v in held.items() if n not in told)})"

    def _function(self, function: FunctionType) -> str:
        module = None if _is_elsewhere(function.__module__) else _source_of(function)
        self.home = self.home or (module.home if module else "")
        nodes = module.nodes_of(function.__code__) if module and module.home == self.home else []
        if module is None or not nodes:
            return _qualified(function)
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        closed = {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}
        for node in nodes:
            self._follow((c for c in names_read(node) if c[0] not in closed), module, module.imports(node))
        parts = [*map(code_text, nodes), self.value(function.__defaults__ or ())]
        parts += [
            f"{name}={self.value(v)}" for name, v in sorted({**(function.__kwdefaults__ or {}), **closed}.items())
        ]
        return "; ".join(parts)

    def _class(self, cls: type) -> str:
        name = _qualified(cls)
        self.home = self.home or _home(cls)
        module = None if _is_elsewhere(cls.__module__) else module_of(cls.__module__, self.home)
        node = module.classes.get(cls.__name__) if module else None
        if module and node and name not in self.reached:
            self.reached[name] = code_text(node)
            self._follow(names_read(node), module, module.imports(node))
        return name

    def _follow(self, chains: Iterable[Chain], module: Module, local: Mapping[str, Chain]) -> None:
        """Add what the names mean in a module, and what those meanings name in turn."""
        for chain in chains:
            if chain[0] in local:
                self._follow_path((*local[chain[0]], *chain[1:]))
                continue
            for number, statement in enumerate(module.bound.get(chain[0], ())):
                imported = module.imports(statement)
                key = f"{module.name or module.file}.{chain[0]}#{number}"
                if chain[0] in imported:
                    self._follow_path((*imported[chain[0]], *chain[1:]))
                elif key not in self.reached:
                    self.reached[key] = code_text(statement)
                    self._follow(names_read(statement), module, imported)
            if chain[0] not in module.bound:
                for statement in module.bound.get("*", ()):
                    for path in module.imports(statement).values():
                        self._follow_path((*path[:-1], *chain))

    def _follow_path(self, path: Chain) -> None:
        """Add what `package.module.name` means, when the module is of the same home."""
        for length in range(len(path) - 1, 0, -1):
            name = ".".join(path[:length])
            if _is_elsewhere(name):
                return
            module = module_of(name, self.home)
            if module:
                self._follow([path[length:]], module, {})
                return

    @contextmanager
    def _once(self, value: object) -> Iterator[bool]:
        """Whether the value is not being looked at already, further out."""
        first = id(value) not in self.inside
        self.inside.add(id(value))
        yield first
        if first:
            self.inside.discard(id(value))


def _source_of(function: FunctionType) -> Module | None:
    return module_in(function.__code__.co_filename, function.__module__ or "", function.__globals__)


def _home(cls: type) -> str:
    return home_of(cls.__module__, str(getattr(sys.modules.get(cls.__module__), "__file__", "")))


def _is_elsewhere(name: str | None) -> bool:
    """Whether a module is known not to be the user's: Python's own, an engine's, or one of this library's layers."""
    top, _, rest = (name or "").partition(".")
    if top == __name__.partition(".")[0]:
        return rest.partition(".")[0] in _ROOMS
    return top in _ENGINES or top in sys.stdlib_module_names


def _qualified(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None or True
    except ValueError:
        return False
