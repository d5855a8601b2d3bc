"""Code versions: a short hash of a declaration, so that the UI marks what was made by another one."""

import hashlib
import inspect
from collections.abc import Callable
from typing import Any

import dagster as dg

from fti_assets.spec.binding import Aggregated, Binding, Input
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.model import Model
from fti_assets.spec.selection import Selection
from fti_assets.spec.source import Source


def binding_version(binding: Binding) -> str:
    """The version of a feature group and what computes it: its function's source, or its windows."""
    if isinstance(binding, Aggregated):
        given: object = (_group(binding.source), binding.outputs, binding.lengths, binding.step)
    else:
        given = (_source(binding.function), [_input(each) for each in binding.inputs])
    return _digest(_group(binding.group), given)


def view_version(view: FeatureView) -> str:
    """The version of a dataset, and of the frames that are predicted."""
    label = (_group(view.label.group), view.label.column, view.label.horizon)
    functions = [(_source(each.function), dict(each.columns)) for each in view.functions]
    return _digest(_group(view.spine), label, [_selection(each) for each in view.selections], functions)


def model_version(model: Model) -> str:
    """The version of a recipe: its dataset, its estimator and its holdout. Gates judge it, they do not make it."""
    return _digest(model.name, view_version(model.view), model.estimator, model.holdout)


def run_version(context: dg.AssetExecutionContext) -> dg.DataVersion:
    """A data version of each run's own: by a code version alone Dagster would call late data unchanged."""
    return dg.DataVersion(context.run.run_id)


def _input(given: Input) -> object:
    if isinstance(given, Source):
        return given.name, _source(given.read)
    return _selection(given) if isinstance(given, Selection) else _group(given)


def _selection(selection: Selection) -> object:
    return _group(selection.group), selection.names, selection.age, selection.spine_keys


def _group(group: FeatureGroup) -> object:
    return group.name, dict(group.columns), group.keys, group.event_time, group.known_at, group.lookback


def _source(function: Callable[..., Any]) -> str:
    """The function's source, its decorators included; its name where Python keeps no source of it."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return getattr(function, "__qualname__", type(function).__qualname__)


def _digest(*declared: object) -> str:
    return hashlib.sha256(repr(declared).encode()).hexdigest()[:12]
