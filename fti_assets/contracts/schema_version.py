"""What a Pandera schema asks, as text: equal texts, equal contracts, whichever class they were written in."""

import inspect
from types import FunctionType
from typing import Any

from fti_assets.contracts.code_version import code_version


def asked_by(frame: Any) -> str:
    """What a Pandera schema asks of a frame; descriptions and messages left out."""
    columns = [
        (name, str(column.dtype), column.nullable, column.unique, column.coerce, _checks(column), _parsers(column))
        for name, column in frame.columns.items()
    ]
    return repr((columns, frame.unique, frame.coerce, _checks(frame), _parsers(frame)))


def _checks(part: Any) -> list[object]:
    """The checks of a column or frame. Pandera's own are known by their names and what they compare with."""
    return [
        (check.name, code_version(check.statistics), _function(check._check_fn), check.element_wise, check.ignore_na)
        for check in part.checks
    ]


def _parsers(part: Any) -> list[object]:
    return [(parser.name, _function(parser._parser_fn)) for parser in part.parsers]


def _function(function: Any) -> str:
    """The version of a user's check or parser. Pandera wraps the method of a model in a function of its own."""
    if type(function).__module__.startswith("pandera."):
        return ""
    wraps = isinstance(function, FunctionType) and function.__module__.startswith("pandera.")
    method = inspect.getclosurevars(function).nonlocals.get("self") if wraps else None
    return code_version(getattr(method, "check_fn", None) or getattr(method, "parser_fn", None) or function)
