"""What a declaration means, as a short hash: another meaning, another version; other words, the same."""

import hashlib

from fti_assets.contracts.binding import Aggregated, Binding, Input
from fti_assets.contracts.code_version import code_version
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.source import Source


def binding_version(binding: Binding) -> str:
    """The version of a feature group and what computes it: its contract, and its function with its inputs or windows.

    What an input means is that input's own version, unless it is a source. How old a row may be when it is used is
    the views' affair, and no part of it.
    """
    if isinstance(binding, Aggregated):
        return _digest(_contract(binding.group), binding.windows.declaration)
    return _digest(_contract(binding.group), code_version(binding.function), [*map(_input, binding.inputs)])


def view_version(view: FeatureView) -> str:
    """The version of a dataset, and of the frames that are predicted."""
    return _digest(view.declaration)


def model_version(model: Model) -> str:
    """The version of a recipe: its dataset, its estimator and its holdout. Gates judge it, they do not make it."""
    return _digest(model.name, model.view.declaration, code_version(model.estimator), model.holdout)


def _input(source: Input) -> object:
    if isinstance(source, Source):
        return source.name, code_version(source.read), source.schema.asked, source.on_invalid, source.invalid_up_to
    return source.declaration if isinstance(source, Selection) else source.name


def _contract(group: Group) -> object:
    rows = (group.name, group.keys, group.event_time, group.known_at, group.dimension, group.partitions)
    ahead = () if group.ahead is None else (group.ahead,)
    return rows, group.on_invalid, group.invalid_up_to, group.schema.asked, *ahead


def _digest(*declared: object) -> str:
    return hashlib.sha256(repr(declared).encode()).hexdigest()[:12]
