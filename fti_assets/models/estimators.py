"""Estimators by name: a registered version says which class reads its files."""

import re
from importlib import import_module
from typing import Any

from fti_assets.contracts.estimator import Estimator

_NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def name_of(estimator: Estimator) -> str:
    """The estimator's class, as `module:Class`."""
    return f"{type(estimator).__module__}:{type(estimator).__qualname__}"


def estimator_named(name: str) -> Any:
    """The class of that name, whose `load` reads a version's files.

    Raises LookupError, saying what is missing, when it cannot be imported or has no `load`.
    """
    if not _NAME.fullmatch(name):
        raise LookupError(f"estimator {name!r}: expected a class at the top of a module, such as shop.trees:Forest")
    module, _, attribute = name.partition(":")
    try:
        estimator = getattr(import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        raise LookupError(f"estimator {name}: there is no module {error.name!r}: is it installed here?") from None
    if not hasattr(estimator, "load"):
        raise LookupError(f"estimator {name}: module {module} has no class {attribute} with a method load")
    return estimator
