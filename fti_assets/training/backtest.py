"""Versions that are trained to compare with, and never serve."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from fti_assets.contracts.model import Model
from fti_assets.stores.executor import Executor
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion
from fti_assets.training.datasets import build_dataset
from fti_assets.training.train import fit_unjudged
from fti_assets.views.joining import imported_by


@attrs.frozen
class Training:
    """A cutoff that a model is trained at: all that a worker is told."""

    model: Model
    cutoff: datetime
    since: datetime
    scope: Home


def trained_at(
    model: Model, cutoffs: Sequence[datetime], since: datetime, home: Home, scope: Home
) -> list[tuple[datetime, ModelVersion]]:
    """A version for each cutoff, with no gates: the home's own where it trained one then, else trained in `scope`.

    Those that are missing are trained where `$FTI_EXECUTOR` says and registered in order.
    """
    kept = {
        cutoff: home.registry.with_cutoff(model.name, cutoff) or scope.registry.with_cutoff(model.name, cutoff)
        for cutoff in cutoffs
    }
    missing = [Training(model, cutoff, since, scope) for cutoff, version in kept.items() if version is None]

    def register(task: Training, fitted: tuple[dict[str, bytes], dict[str, Any]]) -> None:
        files, facts = fitted
        kept[task.cutoff] = scope.registry.register(model.name, files, cutoff=task.cutoff, facts=facts)

    Executor().map(train_at, missing, register, what=f"model {model.name}", imported=imported_by(model.view))
    return [(cutoff, version) for cutoff, version in kept.items() if version is not None]


def train_at(task: Training) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Files and facts of the version."""
    build_dataset(task.model, task.cutoff, task.since, task.scope)
    return fit_unjudged(task.model, task.cutoff, task.scope)
