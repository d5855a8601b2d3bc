"""The feature pipeline as a code location."""

from datetime import timedelta

import dagster as dg

from fti_assets.assets.audit_checks import leakage_check, leakage_spec
from fti_assets.assets.code_location import asset_job, check_names, code_location
from fti_assets.assets.feature_groups import feature_asset, source_spec
from fti_assets.assets.keys import (
    feature_key,
)
from fti_assets.assets.maintenance import every_week, maintenance
from fti_assets.assets.partitions import calendar
from fti_assets.assets.up_to_date import telling
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import DAILY, Period, duration
from fti_assets.features.out_of_date import features_out_of_date


class FeaturePipeline(dg.Definitions):
    """A feature pipeline as a code location, which knows what it was made of.

    Attributes:
        bindings: what computes each group.
    """

    bindings: tuple[Binding, ...]


def feature_pipeline(
    *bindings: Binding, since: str, until: str | None = None, recompute: str | timedelta | None = None
) -> FeaturePipeline:
    """The feature pipeline as a code location: `source/*` and `features/*`, partitioned from `since` on.

    A job holds the groups of one cadence, because a run has one kind of partitions: `features` the daily ones and the
    dimensions, `features_hourly` and `features_weekly` the others. The job `maintenance` keeps the home fast and small.

    The job `features_out_of_date` tells every hour what reads something that has changed since; of the last `recompute`
    it is made again.

    `until` (not included) ends the calendar of a system whose data end; without it every new day is a partition.
    """
    groups = [binding.group for binding in bindings]
    check_names("feature group", [group.name for group in groups])
    sources: dict[str, Source] = {}
    for source in (source for binding in bindings for source in binding.sources):
        if sources.setdefault(source.name, source) != source:
            raise DeclarationError(f"two sources are called {source.name!r}: rename one")
    within = None if recompute is None else duration(recompute)
    assets = [feature_asset(binding, calendar(binding.group, since, until), within) for binding in bindings]
    jobs = [
        asset_job(features_job(period), [feature_key(group) for group in groups if group.period == period])
        for period in dict.fromkeys(group.period for group in groups)
    ]
    audits = [leakage_check(binding) for binding in bindings]
    specs = [*map(source_spec, sources.values()), leakage_spec(bindings)]
    told, every_hour = telling("features", lambda home: features_out_of_date(bindings, home))
    pipeline = code_location(
        FeaturePipeline,
        "features",
        [*specs, *assets],
        [*jobs, maintenance, told],
        checks=audits,
        schedules=[every_week, every_hour],
    )
    pipeline.bindings = bindings
    return pipeline


def features_job(period: Period) -> str:
    """The job of the feature groups of one cadence: `features`, `features_hourly`, `features_weekly`."""
    return "features" if period == DAILY else f"features_{period.name}"
