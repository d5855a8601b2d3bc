"""The training pipeline as a code location."""

from collections.abc import Mapping

import dagster as dg

from fti_assets.assets.candidates import model_asset
from fti_assets.assets.champions import champion_asset
from fti_assets.assets.code_location import asset_job, check_names, code_location, elsewhere, groups_elsewhere
from fti_assets.assets.datasets import dataset_asset
from fti_assets.assets.decisions import decision_asset
from fti_assets.assets.keys import (
    champion_key,
    dataset_key,
    decision_key,
    model_key,
    monitoring_key,
)
from fti_assets.assets.partitions import cutoffs_until, daily
from fti_assets.assets.retrain_sensor import retrain_sensor
from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.model import Model
from fti_assets.contracts.retrain import Retrain
from fti_assets.contracts.split import check_evaluable
from fti_assets.contracts.time import midnight


class TrainingPipeline(dg.Definitions):
    """A training pipeline as a code location, which knows what it was made of.

    Attributes:
        models: those that are trained.
        cutoffs: when they may be.
    """

    models: tuple[Model, ...]
    cutoffs: Cutoffs


def training_pipeline(
    *models: Model,
    retrain: Retrain | Mapping[str, Retrain],
    since: str,
    first_cutoff: str,
    cutoffs: str = "weekly",
    until: str | None = None,
) -> TrainingPipeline:
    """The training pipeline as a code location: `datasets/*`, `models/*`, `champion/*` and retraining decisions.

    A partition is a cutoff: one every day, week or month from `first_cutoff` on. Datasets begin at `since`, where the
    features do. `retrain` is one policy for all models, or one for each by name.
    """
    check_names("model", [model.name for model in models])
    policies = retrain if isinstance(retrain, Mapping) else {model.name: retrain for model in models}
    for model in models:
        if model.name not in policies:
            raise DeclarationError(f"retrain: {unknown('policy for model', model.name, policies)}")
        check_evaluable(model, midnight(since), midnight(first_cutoff))
    calendar = Cutoffs(first_cutoff, cutoffs)
    assets: list[dg.AssetsDefinition] = []
    jobs, sensors = [], []
    for model in models:
        job = asset_job(f"train_{model.name}", [dataset_key(model), model_key(model), champion_key(model)])
        assets += [
            dataset_asset(model, since, calendar, until),
            model_asset(model, cutoffs_until(calendar, until)),
            champion_asset(model),
            decision_asset(model, policies[model.name], since, calendar, until),
        ]
        jobs.append(job)
        sensors.append(retrain_sensor(model, job.name))
    jobs.append(asset_job("decide", [decision_key(model) for model in models]))
    watched = [elsewhere(monitoring_key(model), daily(first_cutoff, until)) for model in models]
    read = [*groups_elsewhere(models, since, until), *watched]
    pipeline = code_location(TrainingPipeline, "training", [*read, *assets], jobs, sensors)
    pipeline.models, pipeline.cutoffs = models, calendar
    return pipeline
