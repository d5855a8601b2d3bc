"""The source of modules as Python reads it: without comments, docstrings, formatting and line numbers."""

import ast
import functools
import importlib.util
import linecache
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

FOR_READERS: Mapping[str, frozenset[str]] = {
    "Field": frozenset({"description", "title"}),
    "Group": frozenset({"owners", "tags"}),
    "Model": frozenset({"owners", "description"}),
}
"""Arguments of declarations that tell people something and change nothing."""
_NOT_CODE = {"ctx", "kind", "type_comment", "type_ignores"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Chain = tuple[str, ...]
"""A dotted name: `schemas.Order` as ("schemas", "Order")."""


@dataclass(frozen=True, eq=False)
class Module:
    """The parsed text of a module, and the statements that bind each top-level name."""

    name: str
    file: str
    tree: ast.Module
    bound: Mapping[str, list[ast.stmt]]

    @property
    def home(self) -> str:
        """What it belongs to."""
        return home_of(self.name, self.file)

    def imports(self, node: ast.AST) -> Mapping[str, Chain]:
        """What each name that the node imports stands for, from the top-level package on."""
        is_package = self.file.endswith("__init__.py")
        return _imports(node, self.name if is_package else self.name.rpartition(".")[0])

    @functools.cached_property
    def functions(self) -> dict[int, list[ast.AST]]:
        """The functions that begin on each line, the first decorator's."""
        found: dict[int, list[ast.AST]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, _FUNCTIONS):
                first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
                found.setdefault(first, []).append(node)
        return found

    @functools.cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes by name."""
        return {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)}

    def nodes_of(self, code: CodeType) -> list[ast.AST]:
        """The definition of a function; several, where lambdas of one line cannot be told apart."""
        nodes = [
            n for n in self.functions.get(code.co_firstlineno, ()) if getattr(n, "name", "<lambda>") == code.co_name
        ]
        if len(nodes) < 2:
            return nodes
        columns = {(line, column) for line, _, column, _ in code.co_positions()}
        bodies = [(n, n.body) for n in nodes if isinstance(n, ast.Lambda)]
        return [n for n, body in bodies if (body.lineno, body.col_offset) in columns] or nodes


def home_of(name: str, file: str) -> str:
    """The top-level package of a module; of one that is in no package, its folder."""
    top = name.partition(".")[0]
    return top if "." in name or hasattr(sys.modules.get(top), "__path__") else str(Path(file).parent)


def module_of(name: str, home: str) -> Module | None:
    """The module of that name, if it is of that home and has a source."""
    loaded, top = sys.modules.get(name), name.partition(".")[0]
    if top not in sys.modules or (hasattr(sys.modules[top], "__path__") and top != home):
        return None
    file = getattr(loaded, "__file__", None) or _found(name)
    return module_in(file, name, vars(loaded) if loaded else {}) if file and home_of(name, file) == home else None


def module_in(file: str, name: str, names: Mapping[str, Any]) -> Module | None:
    """The module in a file, or in the cell of a notebook; None where there is no Python source."""
    if not file.startswith("<"):
        linecache.checkcache(file)
    return _parsed("".join(linecache.getlines(file, dict(names) if "__loader__" in names else None)), name, file)


@functools.lru_cache(maxsize=4096)
def code_text(node: ast.AST) -> str:
    """The node as text: equal for equal code, in every process and version of Python."""
    return _dump(node)


@functools.lru_cache(maxsize=4096)
def names_read(node: ast.AST) -> tuple[Chain, ...]:
    """The dotted names that the node reads; of a function without its own parameters and variables."""
    own = _bound_inside(node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) else set()
    chains = dict.fromkeys(chain for each in _nodes(node) if (chain := _chain(each)))
    return tuple(chain for chain in chains if chain[0] not in own)


@functools.lru_cache(maxsize=4096)
def _imports(node: ast.AST, package: str) -> Mapping[str, Chain]:
    found: dict[str, Chain] = {}
    for each in _nodes(node):
        if isinstance(each, ast.Import):
            for alias in each.names:
                path = tuple(alias.name.split("."))
                found[alias.asname or path[0]] = path if alias.asname else path[:1]
        elif isinstance(each, ast.ImportFrom):
            parents = package.split(".")
            above = parents[: len(parents) + 1 - each.level] if each.level else []
            source = (*above, *(each.module.split(".") if each.module else ()))
            found |= {alias.asname or alias.name: (*source, alias.name) for alias in each.names}
    return found


def _found(name: str) -> str | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec and spec.has_location else None


@functools.lru_cache(maxsize=512)
def _parsed(text: str, name: str, file: str) -> Module | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    bound: dict[str, list[ast.stmt]] = {}
    for statement in _statements(tree.body):
        for target in _targets(statement):
            bound.setdefault(target, []).append(statement)
    return Module(name, file, tree, bound) if tree.body else None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those in `if`, `try` and the like included."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, part, []))
            for handler in getattr(statement, "handlers", ()):
                yield from _statements(handler.body)
        else:
            yield statement


def _targets(statement: ast.stmt) -> set[str]:
    """The top-level names that a statement binds or changes: `LIMITS["a"] = 1` and `LIMITS.update(…)` change LIMITS."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Expr):
        return {_root(statement.value.func)} if isinstance(statement.value, ast.Call) else set()
    given = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    flat = [t for each in given if each for t in (each.elts if isinstance(each, ast.Tuple | ast.List) else [each])]
    return {_root(target) for target in flat}


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _chain(node: ast.AST) -> Chain:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()


def _bound_inside(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """Parameters and variables of a function's own scope, which hide the module's names."""
    bound = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
    outer: set[str] = set()
    waiting: list[ast.AST] = list(function.body) if isinstance(function.body, list) else [function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            outer |= set(node.names)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        if isinstance(node, _SCOPES):
            bound |= {node.name} if hasattr(node, "name") else set()
        else:
            waiting += ast.iter_child_nodes(node)
    return bound - outer


@functools.lru_cache(maxsize=4096)
def _nodes(node: ast.AST) -> list[ast.AST]:
    """The node and all below it that is run; what annotates a function is not."""
    found = [node]
    for each in found:
        for name, value in _parts(each):
            if name == "returns" or (name == "annotation" and isinstance(each, ast.arg)):
                continue
            found += [below for below in (value if isinstance(value, list) else (value,)) if isinstance(below, ast.AST)]
    return found


def _parts(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """The fields of a node that matter, without docstrings and what else is for readers."""
    for name, value in ast.iter_fields(node):
        if name in _NOT_CODE or value is None or value == []:
            continue
        if name == "body" and isinstance(value, list):
            yield name, [each for each in value if not _says_nothing(each)]
        elif isinstance(node, ast.JoinedStr):  # Python 3.12 ends a format with an empty text
            yield name, [each for each in value if not (isinstance(each, ast.Constant) and each.value == "")]
        elif name == "keywords" and isinstance(node, ast.Call):
            told = FOR_READERS.get((_chain(node.func) or ("",))[-1], frozenset())
            yield name, [each for each in value if each.arg not in told]
        else:
            yield name, value


def _says_nothing(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _dump(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_dump, value))}]"
    if isinstance(value, ast.Constant):
        return repr(value.value)
    if isinstance(value, ast.AST):
        return f"{type(value).__name__}({', '.join(f'{n}={_dump(v)}' for n, v in _parts(value) if v != [])})"
    return repr(value)
