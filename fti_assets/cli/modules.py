"""Modules of the reader's own, by name."""

import importlib
import sys
from pathlib import Path
from typing import Any

import click


def named_in(module: str, name: str, of: str) -> Any:
    """What a module calls `name`, a sequence `of` something; the module is looked for in the working directory too."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise click.ClickException(f"there is no module {module!r}: expected one with {name}") from None
    finally:
        sys.path.pop(0)
    if not hasattr(found, name):
        raise click.ClickException(f"module {module} has no {name}: expected a sequence of {of}")
    return getattr(found, name)
