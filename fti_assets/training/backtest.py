"""Versions that are trained to compare with, and never serve."""

from collections.abc import Sequence
from datetime import datetime

from fti_assets.contracts.model import Model
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion
from fti_assets.training.datasets import build_dataset
from fti_assets.training.train import fit_unjudged


def trained_at(
    model: Model, cutoffs: Sequence[datetime], since: datetime, home: Home, scope: Home
) -> list[tuple[datetime, ModelVersion]]:
    """A version for each cutoff, with no gates: the home's own where it trained one then, else trained in `scope`."""
    schedule = []
    for cutoff in cutoffs:
        version = home.registry.with_cutoff(model.name, cutoff) or scope.registry.with_cutoff(model.name, cutoff)
        if version is None:
            build_dataset(model, cutoff, since, scope)
            version = fit_unjudged(model, cutoff, scope)
        schedule.append((cutoff, version))
    return schedule
