"""A Dagster code location: assets, jobs and sensors, what other locations define, and several locations as one."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import dagster as dg

from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import feature_key
from fti_assets.assets.partitions import calendar
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.model import Model

Location = TypeVar("Location", bound=dg.Definitions)
Asset = dg.AssetSpec | dg.AssetsDefinition
ELSEWHERE = "fti/defined elsewhere"


def code_location(
    kind: type[Location],
    name: str,
    assets: Sequence[Asset],
    jobs: Sequence[Any],
    sensors: Sequence[dg.SensorDefinition] = (),
    checks: Sequence[dg.AssetChecksDefinition] = (),
    schedules: Sequence[dg.ScheduleDefinition] = (),
) -> Location:
    """A location of that kind, whose automation is on as soon as a daemon runs."""
    return kind(
        assets=list(assets),
        asset_checks=list(checks),
        jobs=list(jobs),
        schedules=list(schedules),
        sensors=[*sensors, _automation(f"{name}_automation")],
        resources={"home": HomeResource()},
        executor=dg.in_process_executor,
    )


def merged(*locations: dg.Definitions) -> dg.Definitions:
    """The locations as one: for tests, laptops and `dg`. Never put it beside them in one workspace."""
    assets = [asset for location in locations for asset in location.assets or ()]
    defined = {key for asset in assets for key in _defined(asset)}
    own = {_identity(asset): asset for asset in assets if _key_elsewhere(asset) not in defined}
    sensors = [sensor for location in locations for sensor in location.sensors or ()]
    return dg.Definitions(
        assets=list(own.values()),
        asset_checks=[check for location in locations for check in location.asset_checks or ()],
        jobs=[job for location in locations for job in location.jobs or ()],
        schedules=[schedule for location in locations for schedule in location.schedules or ()],
        sensors=[*(s for s in sensors if not s.name.endswith("automation")), _automation("automation")],
        resources={"home": HomeResource()},
        executor=dg.in_process_executor,
    )


def asset_job(name: str, keys: Sequence[dg.AssetKey]) -> Any:
    """A job that materializes these assets in one process."""
    return dg.define_asset_job(name, dg.AssetSelection.assets(*keys), executor_def=dg.in_process_executor)


def groups_elsewhere(models: Iterable[Model], since: str, until: str | None) -> list[dg.AssetSpec]:
    """The feature groups that models read, which another location defines."""
    groups = dict.fromkeys(group for model in models for group in (*model.view.groups, model.view.label.group))
    return [
        elsewhere(feature_key(group), None if group.dimension else calendar(group, since, until)) for group in groups
    ]


def elsewhere(key: dg.AssetKey, partitions: dg.PartitionsDefinition | None = None) -> dg.AssetSpec:
    """An asset of another location, with its partitions: without them Dagster cannot map onto it."""
    return dg.AssetSpec(key, partitions_def=partitions, metadata={ELSEWHERE: True})


def check_names(kind: str, names: Sequence[str]) -> None:
    """Raise DeclarationError when there is no name, or one is there twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DeclarationError(f"{kind} {', '.join(twice)} is given twice: give each once")
    if not names:
        raise DeclarationError(f"expected at least one {kind}")


def _automation(name: str) -> dg.AutomationConditionSensorDefinition:
    return dg.AutomationConditionSensorDefinition(
        name, target=dg.AssetSelection.all(), default_status=dg.DefaultSensorStatus.RUNNING
    )


def _key_elsewhere(asset: object) -> dg.AssetKey | None:
    return asset.key if isinstance(asset, dg.AssetSpec) and ELSEWHERE in asset.metadata else None


def _defined(asset: object) -> set[dg.AssetKey]:
    if isinstance(asset, dg.AssetsDefinition):
        return set(asset.keys)
    return {asset.key} if isinstance(asset, dg.AssetSpec) and ELSEWHERE not in asset.metadata else set()


def _identity(asset: object) -> object:
    return asset.key if isinstance(asset, dg.AssetSpec) else frozenset(_defined(asset)) or asset
