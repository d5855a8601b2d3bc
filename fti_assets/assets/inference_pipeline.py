"""The inference pipeline as a code location."""

import dagster as dg

from fti_assets.assets.code_location import asset_job, check_names, code_location, elsewhere, groups_elsewhere
from fti_assets.assets.keys import (
    champion_key,
    online_key,
)
from fti_assets.assets.monitoring import monitoring_asset
from fti_assets.assets.online import online_asset
from fti_assets.assets.partitions import daily
from fti_assets.assets.predictions import predictions_asset
from fti_assets.assets.up_to_date import telling
from fti_assets.contracts.predictions import Predictions
from fti_assets.inference.out_of_date import inference_out_of_date


class InferencePipeline(dg.Definitions):
    """An inference pipeline as a code location, which knows what it was made of.

    Attributes:
        predictions: how each model's predictions are watched.
        first_day: the first day that is predicted.
    """

    predictions: tuple[Predictions, ...]
    first_day: str


def inference_pipeline(
    *predictions: Predictions, since: str, first_day: str, until: str | None = None
) -> InferencePipeline:
    """The inference pipeline as a code location: `predictions/*`, `monitoring/*` and `online/*`.

    A partition is a day: predictions are issued from `first_day`; features, in partitions of their own, from `since`.
    Raises DeclarationError for a model whose features online are not those of batch, unless it says `online=False`.
    """
    models = [watched.model for watched in predictions]
    check_names("model", [model.name for model in models])
    partitions = daily(first_day, until)
    assets: list[dg.AssetsDefinition] = []
    for watched in predictions:
        assets += [predictions_asset(watched, partitions), monitoring_asset(watched, partitions)]
    online = [model for model in models if model.online]
    for model in online:
        model.check_online()
    views = [model.view for model in online]
    served = list(dict.fromkeys(s.group for view in views for s in view.joined))
    jobs = [asset_job("predict", [key for asset in assets for key in asset.keys])]
    if served:
        jobs.append(asset_job("online", [online_key(group) for group in served]))
        assets += [online_asset(group, views) for group in served]
    read = [*groups_elsewhere(models, since, until), *(elsewhere(champion_key(model)) for model in models)]
    told, every_hour = telling("inference", lambda home: inference_out_of_date(models, home))
    pipeline = code_location(InferencePipeline, "inference", [*read, *assets], [*jobs, told], schedules=[every_hour])
    pipeline.predictions, pipeline.first_day = predictions, first_day
    return pipeline
