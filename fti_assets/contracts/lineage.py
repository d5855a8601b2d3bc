"""Where columns come from: those of windows, of views, and of functions as far as their source says."""

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from fti_assets.contracts.binding import Aggregated, Binding
from fti_assets.contracts.code_version import code_of
from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group


class Column(NamedTuple):
    """A column of a feature group."""

    group: Group
    name: str

    def __str__(self) -> str:
        return f"{self.group.name}.{self.name}"


def computed_from(binding: Binding) -> dict[str, Column]:
    """For each column of windows the one that it is computed from; what a function does with columns is not known."""
    if not isinstance(binding, Aggregated):
        return {}
    source, outputs = binding.windows.source, binding.windows.outputs
    keys = {key: Column(source, key) for key in binding.group.keys}
    return keys | {name: Column(source, output.column) for name, output in outputs.items()}


def features_from(view: FeatureView) -> dict[str, tuple[Column, ...]]:
    """For each feature the columns that it comes from; of one computed on demand those that its function names."""
    available: dict[str, tuple[Column, ...]] = {name: (Column(view.spine, name),) for name in view.spine.columns}
    available |= {name: (Column(s.group, column),) for s in view.selections for column, name in s.names.items()}
    for function in view.functions:
        named = _named_in(function.function, available)
        read = tuple(dict.fromkeys(c for name in named for c in available[name]))
        available |= dict.fromkeys(function.columns, read)
    return {name: available[name] for name in view.columns}


def columns_used(view: FeatureView) -> dict[Column, str]:
    """Every column that the view needs, and as what: a feature, the label, what rows are joined by, or a condition."""
    used = {column: "feature" for columns in features_from(view).values() for column in columns}
    for selection in view.joined:
        for column in selection.columns:
            used.setdefault(Column(selection.group, column), "on demand")
        for key, column in selection.spine_keys.items():
            used.setdefault(Column(selection.group, key), "join")
            used.setdefault(Column(view.spine, column), "join")
        if selection.moment:
            used.setdefault(Column(view.spine, selection.moment), "join")
    if view.where:
        looked_up = {n: Column(s.group, c) for s in view.selections for c, n in s.names.items()}
        for name in columns_read("view", view.where, view.conditioned):
            used.setdefault(looked_up.get(name, Column(view.spine, name)), "condition")
    for label in view.labels.values():
        for column in label.columns:
            used.setdefault(Column(label.group, column), "label")
    return used


def _named_in(function: Callable[..., Any], available: Iterable[str]) -> list[str]:
    """Those of the columns that a function's code, or what it calls, has as a text, an attribute or an f-string."""
    code = code_of(function)
    names: set[object] = set(code.texts)
    f_strings: set[str] = set()
    for node in (node for definition in code.syntax for node in ast.walk(definition)):
        match node:
            case ast.Constant(value=name) | ast.Attribute(attr=name) | ast.keyword(arg=name):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.JoinedStr():
                f_strings.add(_pattern(node))
    named = re.compile("|".join(f_strings - {""}) or "(?!)")
    return [name for name in available if name in names or named.fullmatch(name)]


def _pattern(f_string: ast.JoinedStr) -> str:
    """What an f-string may say, as a regular expression; "" for one with so little text that it may say anything."""
    texts = [str(part.value) if isinstance(part, ast.Constant) else "" for part in f_string.values]
    is_telling = any(len(text) >= len("_of_") for text in texts)
    return "".join(re.escape(text) or r"\w+" for text in texts) if is_telling else ""
