"""The syntax of functions and classes: what of their source says what they do, without formatting and docstrings."""

import ast
import functools
import importlib.util
import inspect
import linecache
from collections.abc import Mapping
from contextlib import suppress
from types import CodeType, FunctionType
from typing import Any

from fti_assets.contracts.packages import namespace_of

Name = tuple[str, ...]
"""A dotted name: `helpers.late` as ("helpers", "late")."""

FOR_READERS: Mapping[str, frozenset[str]] = {
    "Field": frozenset({"description", "title"}),
    "FeatureGroup": frozenset({"owners", "tags"}),
    "windows": frozenset({"description", "owners", "tags"}),
    "Model": frozenset({"owners", "description"}),
}
"""Arguments of declarations that tell people something and change nothing."""


def syntax_of(definition: FunctionType | type) -> list[ast.AST]:
    """The node that defines a function or class; none without source.

    Several where they cannot be told apart: classes of one name in a file, lambdas of one line without positions.
    """
    try:
        file = inspect.getsourcefile(definition) or ""
        linecache.checkcache(file)
        nodes = _definitions("".join(linecache.getlines(file, namespace_of(definition))))
    except (TypeError, SyntaxError):
        return []
    if isinstance(definition, type):
        return [node for node, _ in nodes.get(definition.__name__, ()) if isinstance(node, ast.ClassDef)]
    code = definition.__code__
    on_line = [node for node, line in nodes.get(code.co_name, ()) if line == code.co_firstlineno]
    instructions = {(line, column) for line, _, column, _ in code.co_positions()}
    bodies = [(node, node.body) for node in on_line if isinstance(node, ast.Lambda)]
    return [node for node, body in bodies if (body.lineno, body.col_offset) in instructions] or on_line


@functools.lru_cache(maxsize=512)
def parsed(source: str) -> ast.Module:
    """A file's syntax without what is for readers."""
    return _WithoutWords().visit(ast.parse(source))


@functools.lru_cache(maxsize=512)
def _definitions(source: str) -> Mapping[str, list[tuple[ast.AST, int]]]:
    """The functions and classes of a file by name, with the first line of each, a decorator's included."""
    nodes: dict[str, list[tuple[ast.AST, int]]] = {}
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            first_line = min(part.lineno for part in (node, *getattr(node, "decorator_list", ())))
            nodes.setdefault(getattr(node, "name", "<lambda>"), []).append((node, first_line))
    return nodes


@functools.lru_cache(maxsize=4096)
def syntax_text(node: ast.AST) -> str:
    """A node as text: equal for equal code, in every process and version of Python."""
    return _text(node)


def _text(part: Any) -> str:
    if isinstance(part, list):
        return f"[{', '.join(map(_text, part))}]"
    if not isinstance(part, ast.AST):
        return repr(part)
    fields = {n: v for n, v in ast.iter_fields(part) if n not in ("ctx", "kind") and v is not None and v != []}
    return f"{type(part).__name__}({', '.join(f'{name}={_text(value)}' for name, value in fields.items())})"


def names_loaded(code: CodeType) -> set[str]:
    """The names that compiled code takes from outside, with those of attributes."""
    inner = (names_loaded(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return {*code.co_names, *code.co_freevars}.union(*inner)


@functools.lru_cache(maxsize=4096)
def names_read(node: ast.AST) -> frozenset[Name]:
    """The dotted names that the node reads, of whatever scope."""
    return frozenset(map(_dotted, ast.walk(node))) - {()}


@functools.lru_cache(maxsize=4096)
def modules_imported(node: ast.AST, package: str) -> tuple[str, ...]:
    """The modules that a node of a package imports; of `from shop import late` both shop and shop.late."""
    modules: list[str] = []
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            modules += [alias.name for alias in part.names]
        elif isinstance(part, ast.ImportFrom):
            with suppress(ImportError):  # from above the package: it fails when it is called
                module = importlib.util.resolve_name("." * part.level + (part.module or ""), package)
                modules += [module, *(f"{module}.{alias.name}" for alias in part.names)]
    return tuple(modules)


class _WithoutWords(ast.NodeTransformer):
    """Takes out docstrings, `pass`, arguments for readers, and the empty texts with which Python 3.12 ends a format."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Pass(self, _: ast.Pass) -> None:
        return None

    def visit_Call(self, node: ast.Call) -> ast.AST:
        words = FOR_READERS.get((_dotted(node.func) or ("",))[-1], frozenset())
        node.keywords = [keyword for keyword in node.keywords if keyword.arg not in words]
        return self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        node.values = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
        return self.generic_visit(node)


def _dotted(node: ast.AST) -> Name:
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return (*owner, node.attr) if owner else ()
    return (node.id,) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ()
