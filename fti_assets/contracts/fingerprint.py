"""What a declaration means, as a short hash: another meaning, another version; other words, the same."""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

from fti_assets.contracts.binding import Aggregated, Binding, Input
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.schema import Schema
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source
from fti_assets.contracts.source_code import behaviour, value_text


def binding_version(binding: Binding) -> str:
    """The version of a feature group and what computes it: its contract, and its function with its inputs or windows.

    What an input means is that input's own version, unless it is a source. How old a row may be when it is used is
    the views' affair, and no part of it.
    """
    if isinstance(binding, Aggregated):
        return _digest(_contract(binding.group), binding.windows.declaration)
    return _digest(_contract(binding.group), behaviour(binding.function), [_input(each) for each in binding.inputs])


def view_version(view: FeatureView) -> str:
    """The version of a dataset, and of the frames that are predicted."""
    return _digest(view.declaration)


def model_version(model: Model) -> str:
    """The version of a recipe: its dataset, its estimator and its holdout. Gates judge it, they do not make it."""
    return _digest(model.name, model.view.declaration, model.estimator, model.holdout)


def _input(given: Input) -> object:
    if isinstance(given, Source):
        kept = (_schema(given.schema), given.on_invalid, given.invalid_up_to)
        return given.name, behaviour(given.read), kept
    return given.declaration if isinstance(given, Selection) else given.name


def _contract(group: Group) -> object:
    rows = (group.name, group.keys, group.event_time, group.known_at, group.dimension, group.partitions)
    return rows, group.on_invalid, group.invalid_up_to, _schema(group.schema)


@cache
def _schema(schema: Schema) -> str:
    """What the schema asks of a frame; descriptions and messages left out."""
    declared = schema.pandera
    columns = [
        (name, str(c.dtype), c.nullable, c.unique, c.coerce, _checks(c.checks), _parsers(c.parsers))
        for name, c in declared.columns.items()
    ]
    return repr((columns, declared.unique, declared.coerce, _checks(declared.checks), _parsers(declared.parsers)))


def _checks(checks: list[Any]) -> list[object]:
    return [
        (check.name, value_text(check.statistics), _function(check._check_fn), check.element_wise, check.ignore_na)
        for check in checks
    ]


def _parsers(parsers: list[Any]) -> list[object]:
    return [(parser.name, _function(parser._parser_fn)) for parser in parsers]


def _function(function: Callable[..., Any]) -> str:
    """What a check does. Pandera wraps the method of a model: the closure of what it calls has the method itself."""
    if type(function).__module__.startswith("pandera."):
        return ""  # one of its own checks, known by the check's name
    held = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    methods = [m for each in held for m in (getattr(each, "check_fn", None), getattr(each, "parser_fn", None)) if m]
    return "".join(behaviour(getattr(m, "__func__", m)) for m in methods or [function])


def _digest(*declared: object) -> str:
    return hashlib.sha256(repr(declared).encode()).hexdigest()[:12]
