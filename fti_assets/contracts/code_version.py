"""What a callable does or a value is, as a hash: equal hashes, equal behaviour, whoever formats and comments it."""

import ast
import dataclasses
import functools
import hashlib
import inspect
import linecache
import re
from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, time, timedelta, tzinfo
from enum import Enum
from pathlib import Path, PurePath
from types import EllipsisType, FunctionType, MappingProxyType, NoneType
from typing import Any, NamedTuple

import attrs
import pandas as pd

from fti_assets.contracts.packages import file_of, folder_of, namespace_of, package_of
from fti_assets.contracts.syntax import (
    FOR_READERS,
    modules_imported,
    names_loaded,
    names_read,
    parsed,
    syntax_of,
    syntax_text,
)

_PLAIN = (int, float, complex, bytes, bytearray, NoneType, EllipsisType, date, time, timedelta, tzinfo, range, slice)
_SAID_BY_STR = {"decimal", "fractions", "ipaddress", "numpy", "pandas", "polars", "pyarrow", "uuid"}
_NOTHING = object()


class Code(NamedTuple):
    """All that a callable or value comes down to.

    Attributes:
        version: a hash of it, 64 hexadecimal digits.
        syntax: the functions, classes and files of its package that it is made of.
        texts: the text values among its constants.
    """

    version: str
    syntax: tuple[ast.AST, ...]
    texts: frozenset[str]


def code_version(subject: object) -> str:
    """A hash of what a callable does or a value is, the same in every process.

    Of a function count its code, defaults and closure, and the functions, classes and values of its own package that
    it names, with what these name in turn. They are looked up in the live modules; nothing is called or imported. The
    package is the top-level one, for a module in none its folder. Comments, docstrings, formatting, and the
    descriptions, owners and tags of declarations do not count.

    * Of other packages and of this library the name alone counts, as for a callable without source.
    * A module-level value counts as it is now: numbers, texts, times, enums, containers, the fields of dataclasses,
      attrs classes and objects of the package, the contents of frames and arrays. Of other objects the type counts, so
      what varies about them belongs in a constant of its own or in a function. What fills while it is used makes other
      versions, too: for a cache there is `functools.cache`, whose contents do not count.
    * A path, also one written as text, counts from the folder of the package on; an absolute `Path` elsewhere does not
      count, as it differs from machine to machine.
    * A module that a function imports when it is called counts with its whole text and all that it imports.
    """
    return code_of(subject).version


def code_of(subject: object) -> Code:
    """The version of a callable or value, and what it is made of."""
    walk = _Walk()
    texts = [walk.value(subject)]
    texts += map(walk.definition, walk.definitions)  # a definition may add to those that follow
    version = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    return Code(version, tuple(walk.syntax), frozenset(walk.texts))


class _Walk:
    """One look at a subject and all that it reaches: the definitions of its package are numbered as they are met."""

    def __init__(self) -> None:
        self.package = ""
        self.definitions: list[FunctionType | type | Path] = []
        self.syntax: list[ast.AST] = []
        self.texts: set[str] = set()
        self._numbers: dict[object, int] = {}
        self._open: set[int] = set()

    def value(self, value: Any) -> str:
        """The value as text, the same for equal ones; of a function or class of the package its number."""
        if isinstance(value, Enum):
            return f"{self.value(type(value))}({self.value(value.value)})"
        if isinstance(value, str | PurePath):
            return self._text(value)
        if isinstance(value, _PLAIN):
            return repr(value)
        if inspect.ismodule(value):
            return value.__name__
        if inspect.ismethod(value):
            return f"{self.value(value.__self__)}.{self.value(value.__func__)}"
        if isinstance(value, functools.partial):
            return f"partial({self.value((value.func, value.args, value.keywords))})"
        is_definition = isinstance(value, FunctionType | type)
        if self._is_own(value if is_definition else type(value)):
            return self._number(id(value), value) if is_definition else self._composed(value)
        if hasattr(value, "__wrapped__"):
            return self.value(value.__wrapped__)
        if hasattr(value, "__qualname__"):
            owner = getattr(value, "__self__", None)  # of `TABLE.get` the table
            return _qualified(value) + ("" if owner is None or inspect.ismodule(owner) else self.value(owner))
        return self._composed(value)

    def _composed(self, value: Any) -> str:
        """A value made of others; what it holds that holds itself is not told twice."""
        if id(value) in self._open:
            return "..."
        self._open.add(id(value))
        text = self._parts(value)
        self._open.remove(id(value))
        return text

    def _parts(self, value: Any) -> str:
        if isinstance(value, dict | MappingProxyType):
            return f"{{{', '.join(f'{self.value(k)}: {self.value(v)}' for k, v in value.items())}}}"
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self.value, value))}]"
        if isinstance(value, set | frozenset):
            in_order = sorted(value, key=lambda element: getattr(element, "__qualname__", ""))
            return f"{{{', '.join(sorted(map(self.value, in_order)))}}}"
        if isinstance(value, re.Pattern):
            return f"re {value.pattern!r} {value.flags}"
        kind = type(value)
        if kind.__module__.partition(".")[0] in _SAID_BY_STR:
            return f"{_qualified(kind)} {_contents(value)}"
        fields = ", ".join(f"{name}={self.value(getattr(value, name, None))}" for name in self._fields(value))
        return f"{self.value(kind)}({fields})"

    def _fields(self, value: Any) -> list[str]:
        """The attributes that say what an object is: what it caches and what is for readers left out."""
        kind = type(value)
        if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
        elif attrs.has(kind):
            names = [field.name for field in attrs.fields(kind)]
        else:
            names = [*getattr(value, "__dict__", ()), *getattr(kind, "__slots__", ())] if self._is_own(kind) else []
        words = FOR_READERS.get(kind.__name__, frozenset())
        return [
            n for n in names if n not in words and not isinstance(getattr(kind, n, None), functools.cached_property)
        ]

    def _text(self, value: str | PurePath) -> str:
        """A text or path; the folder that holds the package is taken off."""
        if isinstance(value, str):
            self.texts.add(value)
        text, folder = str(value), folder_of(self.package)
        inside = text.removeprefix(str(folder)) if folder else text
        return "Path" if isinstance(value, PurePath) and inside == text and value.is_absolute() else repr(inside)

    def definition(self, definition: FunctionType | type | Path) -> str:
        """A numbered definition as text: its code, what it names, and the files that it imports when it is called."""
        nodes: Sequence[ast.AST]
        if isinstance(definition, Path):
            nodes, meanings = [parsed("".join(linecache.getlines(str(definition))))], []
            package = ".".join(definition.parent.relative_to(folder_of(self.package) or "").parts)
        else:
            nodes, package = syntax_of(definition), namespace_of(definition).get("__package__") or ""
            meanings = [*self._meanings(definition, nodes)] if nodes else [_qualified(definition)]
        self.syntax += nodes
        modules = [module for node in nodes for module in modules_imported(node, package)]
        files = [self._number(file, file) for file in (file_of(name, self.package) for name in modules) if file]
        return "; ".join([*map(syntax_text, nodes), *meanings, *files])

    def _number(self, key: object, definition: FunctionType | type | Path) -> str:
        if key not in self._numbers:
            self._numbers[key] = len(self.definitions)
            self.definitions.append(definition)
        return f"#{self._numbers[key]}"

    def _meanings(self, definition: FunctionType | type, nodes: Sequence[ast.AST]) -> Iterator[str]:
        """What the names in a definition stand for, and a function's defaults."""
        names = {name for node in nodes for name in names_read(node)}
        if isinstance(definition, FunctionType):
            yield self.value((definition.__defaults__, definition.__kwdefaults__))
            loaded = names_loaded(definition.__code__)
            decorators = [decorator for node in nodes for decorator in getattr(node, "decorator_list", ())]
            names = {name for name in names if name[0] in loaded}.union(*map(names_read, decorators))
        functions = [definition] if isinstance(definition, FunctionType) else vars(definition).values()
        closures = [_closure(function) for function in functions if isinstance(function, FunctionType)]
        scope = ChainMap(*closures, namespace_of(definition))
        for first, *attributes in sorted(names):
            value = scope.get(first, _NOTHING)
            for attribute in attributes:
                if inspect.ismodule(value) and self._is_own(value):
                    value = vars(value).get(attribute, _NOTHING)
            if value is not _NOTHING:
                yield f"{'.'.join((first, *attributes))}={self.value(value)}"

    def _is_own(self, definition: Any) -> bool:
        """Whether a function, class or module is of the subject's package: the first one that is of any."""
        package = package_of(definition)
        self.package = self.package or package
        return package != "" and package == self.package


def _closure(function: FunctionType) -> dict[str, Any]:
    """The values that a function closes over; one that is not assigned yet is not among them."""
    values = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):
            values[name] = cell.cell_contents
    return values


def _contents(value: Any) -> str:
    """A frame, series or array by what it holds; another value of these engines as it presents itself."""
    if hasattr(value, "to_pandas"):
        value = value.to_pandas()
    if isinstance(value, pd.Series | pd.Index):
        value = value.to_frame()
    if isinstance(value, pd.DataFrame):
        hashable = value.apply(lambda column: column.map(repr) if column.dtype == object else column)
        return f"{dict(value.dtypes)} {pd.util.hash_pandas_object(hashable).tolist()}"
    told = f"{value.dtype} {value.tolist()}" if hasattr(value, "tolist") else str(value)
    return "" if " at 0x" in told else told


def _qualified(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"
