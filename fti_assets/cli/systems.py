"""Systems of the reader's own, by the name of their module."""

import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from fti_assets.assets.feature_pipeline import FeaturePipeline
    from fti_assets.assets.inference_pipeline import InferencePipeline
    from fti_assets.assets.training_pipeline import TrainingPipeline
    from fti_assets.system import System

DEFAULT = "fti_assets.flights"
T = TypeVar("T")

system_option = click.option(
    "--system",
    metavar="MODULE",
    default=DEFAULT,
    show_default=True,
    envvar="FTI_SYSTEM",
    show_envvar=True,
    help="The module, or the package of modules, of an fti.System; looked for in the working directory too.",
)

only_system_option = click.option(
    "--system",
    metavar="MODULE",
    help="Only what the fti.System of this module declares; without it all that the home holds.",
)


def system_named(name: str) -> "System":
    """The system of a module. Of a package no more modules are imported than it takes to find it, `contracts` first."""
    from fti_assets.system import System

    return _one_of(name, System, "an fti.System")


def feature_pipeline_named(name: str) -> "FeaturePipeline":
    """The feature pipeline of a module or package."""
    from fti_assets.assets.feature_pipeline import FeaturePipeline

    return _one_of(name, FeaturePipeline, "what .feature_pipeline(…) gives")


def training_pipeline_named(name: str) -> "TrainingPipeline":
    """The training pipeline of a module or package."""
    from fti_assets.assets.training_pipeline import TrainingPipeline

    return _one_of(name, TrainingPipeline, "what .training_pipeline(…) gives")


def inference_pipeline_named(name: str) -> "InferencePipeline":
    """The inference pipeline of a module or package."""
    from fti_assets.assets.inference_pipeline import InferencePipeline

    return _one_of(name, InferencePipeline, "what .inference_pipeline(…) gives")


def locations_of(name: str) -> dict[str, tuple[str, str]]:
    """The code locations of a module or package: by name the module and the attribute of each pipeline."""
    from fti_assets.assets.feature_pipeline import FeaturePipeline
    from fti_assets.assets.inference_pipeline import InferencePipeline
    from fti_assets.assets.training_pipeline import TrainingPipeline

    kinds = {"features": FeaturePipeline, "training": TrainingPipeline, "inference": InferencePipeline}
    return {
        location: (module.__name__, attribute)
        for module in _modules(name)
        for attribute, value in vars(module).items()
        for location, kind in kinds.items()
        if isinstance(value, kind)
    }


def _one_of(name: str, kind: type[T], what: str) -> T:
    """The value of a kind in the first of the modules that has one."""
    for module in _modules(name):
        values = {id(value): value for value in vars(module).values() if isinstance(value, kind)}
        if len(values) > 1:
            raise click.ClickException(f"module {module.__name__} has {len(values)} of {what}: expected one")
        if values:
            return next(iter(values.values()))
    raise click.ClickException(f"module {name} has no {kind.__name__}: expected {what} at its top level")


def _modules(name: str) -> Iterator[ModuleType]:
    """The module; of a package its modules too, `contracts` first."""
    top = _imported(name)
    yield top
    names = [module.name for module in pkgutil.iter_modules(getattr(top, "__path__", ()))]
    for module in sorted(names, key=lambda module: (module != "contracts", module)):
        yield _imported(f"{name}.{module}")


def _imported(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise click.ClickException(f"there is no module {name!r}: expected one with an fti.System") from None
    finally:
        sys.path.pop(0)
