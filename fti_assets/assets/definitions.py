"""From bindings, models and predictions to three Dagster code locations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import dagster as dg

from fti_assets.assets.audit_checks import leakage_check, leakage_spec
from fti_assets.assets.describe import feature_key
from fti_assets.assets.feature_assets import feature_asset, source_spec
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.inference_assets import monitoring_asset, predictions_asset
from fti_assets.assets.online_assets import online_asset, online_key
from fti_assets.assets.partitions import calendar, daily, weekly
from fti_assets.assets.sensors import retrain_sensor
from fti_assets.assets.training_assets import (
    champion_asset,
    champion_key,
    dataset_asset,
    dataset_key,
    decision_asset,
    decision_key,
    model_asset,
    model_key,
    monitoring_key,
)
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.retrain import Retrain
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import DAILY, PERIODS, Period

_STUB = "fti/defined elsewhere"
Location = TypeVar("Location", bound=dg.Definitions)


class FeaturePipeline(dg.Definitions):
    """A feature pipeline as a code location, which knows what it was made of.

    Attributes:
        bindings: what computes each group.
    """

    bindings: tuple[Binding, ...]


class TrainingPipeline(dg.Definitions):
    """A training pipeline as a code location, which knows what it was made of.

    Attributes:
        models: those that are trained.
        first_cutoff: the first day before which everything is learned from.
    """

    models: tuple[Model, ...]
    first_cutoff: str


class InferencePipeline(dg.Definitions):
    """An inference pipeline as a code location, which knows what it was made of.

    Attributes:
        predictions: how each model's predictions are watched.
        first_day: the first day that is predicted.
    """

    predictions: tuple[Predictions, ...]
    first_day: str


def feature_pipeline(*bindings: Binding, since: str, until: str | None = None) -> FeaturePipeline:
    """The feature pipeline as a code location: `source/*` and `features/*`, partitioned from `since` on.

    A job holds the groups of one cadence, because a run has one kind of partitions: `features` the daily ones and the
    dimensions, `features_hourly` and `features_weekly` the others.

    `until` (not included) ends the calendar of a system whose data end; without it every new day is a partition.
    """
    groups = [binding.group for binding in bindings]
    _refuse_twice("feature group", [group.name for group in groups])
    sources: dict[str, Source] = {}
    for source in (source for binding in bindings for source in binding.sources):
        if sources.setdefault(source.name, source) != source:
            raise DeclarationError(f"two sources are called {source.name!r}: rename one")
    assets = [feature_asset(binding, calendar(binding.group, since, until)) for binding in bindings]
    cadences = {period: [group for group in groups if group.period == period] for period in PERIODS.values()}
    jobs = [
        _job(features_job(period), [feature_key(group) for group in of_it])
        for period, of_it in cadences.items()
        if of_it
    ]
    audits = [leakage_check(binding) for binding in bindings]
    specs = [*map(source_spec, sources.values()), leakage_spec(bindings)]
    pipeline = _location(FeaturePipeline, [*specs, *assets], jobs, [], "features", audits)
    pipeline.bindings = bindings
    return pipeline


def features_job(period: Period) -> str:
    """The job of the feature groups of one cadence: `features`, `features_hourly`, `features_weekly`."""
    return "features" if period == DAILY else f"features_{period.name}"


def training_pipeline(
    *models: Model, retrain: Retrain | Mapping[str, Retrain], since: str, first_cutoff: str, until: str | None = None
) -> TrainingPipeline:
    """The training pipeline as a code location: `datasets/*`, `models/*`, `champion/*` and retraining decisions.

    A partition is a cutoff: one every week from `first_cutoff`. Datasets begin at `since`, where the features do.
    `retrain` is one policy for all models, or one for each by name.
    """
    _refuse_twice("model", [model.name for model in models])
    policies = retrain if isinstance(retrain, Mapping) else {model.name: retrain for model in models}
    for model in models:
        if model.name not in policies:
            raise DeclarationError(f"retrain: {unknown('policy for model', model.name, policies)}")
    cutoffs = weekly(first_cutoff, until)
    assets: list[dg.AssetsDefinition] = []
    jobs, sensors = [], []
    for model in models:
        job = _job(f"train_{model.name}", [dataset_key(model), model_key(model), champion_key(model)])
        assets += [
            dataset_asset(model, since, cutoffs),
            model_asset(model, cutoffs),
            champion_asset(model),
            decision_asset(model, policies[model.name], since, cutoffs),
        ]
        jobs.append(job)
        sensors.append(retrain_sensor(model, job.name))
    jobs.append(_job("decide", [decision_key(model) for model in models]))
    read = _stubs((g for m in models for g in (*m.view.groups, m.view.label.group)), since, until)
    watched = [_stub(monitoring_key(model), daily(first_cutoff, until)) for model in models]
    pipeline = _location(TrainingPipeline, [*read, *watched, *assets], jobs, sensors, "training")
    pipeline.models, pipeline.first_cutoff = models, first_cutoff
    return pipeline


def inference_pipeline(
    *predictions: Predictions, since: str, first_day: str, until: str | None = None
) -> InferencePipeline:
    """The inference pipeline as a code location: `predictions/*`, `monitoring/*` and `online/*`.

    A partition is a day: predictions are issued from `first_day`; features, in partitions of their own, from `since`.
    """
    models = [p.model for p in predictions]
    _refuse_twice("model", [model.name for model in models])
    partitions = daily(first_day, until)
    assets: list[dg.AssetsDefinition] = []
    for each in predictions:
        assets += [predictions_asset(each, partitions), monitoring_asset(each, partitions)]
    views = [model.view for model in models]
    served = list(dict.fromkeys(s.group for view in views for s in view.joined))
    jobs = [_job("predict", [key for asset in assets for key in asset.keys])]
    if served:
        jobs.append(_job("online", [online_key(group) for group in served]))
        assets += [online_asset(group, views) for group in served]
    read = _stubs((g for m in models for g in (*m.view.groups, m.view.label.group)), since, until)
    champions = [_stub(champion_key(model), None) for model in models]
    pipeline = _location(InferencePipeline, [*read, *champions, *assets], jobs, [], "inference")
    pipeline.predictions, pipeline.first_day = predictions, first_day
    return pipeline


def merged(*locations: dg.Definitions) -> dg.Definitions:
    """The locations as one: for tests, laptops and `dg`. Never put it beside them in one workspace."""
    defined = {key for each in locations for asset in each.assets or () for key in _defined(asset)}
    assets = {
        _identity(asset): asset
        for each in locations
        for asset in each.assets or ()
        if not (isinstance(asset, dg.AssetSpec) and _STUB in asset.metadata and asset.key in defined)
    }
    return dg.Definitions(
        assets=list(assets.values()),
        asset_checks=[check for each in locations for check in each.asset_checks or ()],
        jobs=[job for each in locations for job in each.jobs or ()],
        sensors=[
            sensor for each in locations for sensor in each.sensors or () if not sensor.name.endswith("automation")
        ]
        + [_automation("automation")],
        resources={"home": HomeResource()},
        executor=dg.in_process_executor,
    )


def _location(
    kind: type[Location],
    assets: Sequence[dg.AssetSpec | dg.AssetsDefinition],
    jobs: Sequence[Any],
    sensors: Sequence[dg.SensorDefinition],
    name: str,
    checks: Sequence[dg.AssetChecksDefinition] = (),
) -> Location:
    return kind(
        assets=list(assets),
        asset_checks=list(checks),
        jobs=list(jobs),
        sensors=[*sensors, _automation(f"{name}_automation")],
        resources={"home": HomeResource()},
        executor=dg.in_process_executor,
    )


def _job(name: str, keys: Sequence[dg.AssetKey]) -> Any:
    return dg.define_asset_job(name, dg.AssetSelection.assets(*keys), executor_def=dg.in_process_executor)


def _automation(name: str) -> dg.AutomationConditionSensorDefinition:
    return dg.AutomationConditionSensorDefinition(
        name, target=dg.AssetSelection.all(), default_status=dg.DefaultSensorStatus.RUNNING
    )


def _stubs(groups: Iterable[Group], since: str, until: str | None) -> list[dg.AssetSpec]:
    return [
        _stub(feature_key(group), None if group.dimension else calendar(group, since, until))
        for group in dict.fromkeys(groups)
    ]


def _stub(key: dg.AssetKey, partitions: dg.PartitionsDefinition | None) -> dg.AssetSpec:
    """An asset of another location, with its partitions: without them Dagster cannot map onto it."""
    return dg.AssetSpec(key, partitions_def=partitions, metadata={_STUB: True})


def _defined(asset: object) -> set[dg.AssetKey]:
    if isinstance(asset, dg.AssetsDefinition):
        return set(asset.keys)
    return {asset.key} if isinstance(asset, dg.AssetSpec) and _STUB not in asset.metadata else set()


def _identity(asset: object) -> object:
    return asset.key if isinstance(asset, dg.AssetSpec) else frozenset(_defined(asset)) or asset


def _refuse_twice(kind: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DeclarationError(f"{kind} {', '.join(twice)} is given twice: give each once")
    if not names:
        raise DeclarationError(f"expected at least one {kind}")
