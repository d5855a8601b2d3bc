"""Feature groups and their sources as assets."""

import inspect
import math
from collections.abc import Iterator
from typing import Any

import dagster as dg

from fti_assets.orchestration.beta import accepting_beta
from fti_assets.orchestration.checks import CheckResult, check_results
from fti_assets.orchestration.code_version import binding_version, run_version
from fti_assets.orchestration.conditions import SOURCES, at_first_and_daily, newest_missing
from fti_assets.orchestration.describe import feature_key, group_schema, table
from fti_assets.orchestration.home_resource import HomeResource
from fti_assets.orchestration.partitions import days_before, window_of
from fti_assets.orchestration.plots import sparkline
from fti_assets.pipelines.features import Written, materialize
from fti_assets.spec.binding import Aggregated, Binding
from fti_assets.spec.errors import ContractViolation
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.schema import columns_of, first_line
from fti_assets.spec.selection import Selection
from fti_assets.spec.source import Source
from fti_assets.spec.time import DAY, Window

CONTRACT = "contract"
Result = Iterator[dg.MaterializeResult | CheckResult]


def source_key(source: Source) -> dg.AssetKey:
    """`source/<name>`."""
    return dg.AssetKey(["source", source.name])


def source_spec(source: Source) -> dg.AssetSpec:
    """A source as an external asset."""
    columns = [dg.TableColumn(name, kind) for name, kind in columns_of(source.schema).items()]
    return dg.AssetSpec(
        source_key(source),
        description=first_line(source.schema),
        group_name=SOURCES,
        kinds={"source"},
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns)},
    )


@accepting_beta
def feature_asset(binding: Binding, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """A feature group as an asset: a partition a day (a dimension has none), and a check that shows failing cases.

    A batch that breaks its contract fails the step and the check; it writes nothing and nothing downstream runs.
    """
    group = binding.group
    key = feature_key(group)

    @dg.asset(
        key=key,
        deps=_dependencies(binding),
        partitions_def=None if group.dimension else partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec(CONTRACT, asset=key, description="Every row keeps the group's contract.")],
        code_version=binding_version(binding),
        group_name="features",
        kinds={"polars" if isinstance(binding, Aggregated) else "pandas", "deltalake"},
        owners=list(group.owners),
        description=inspect.cleandoc(group.schema.__doc__ or ""),
        metadata={
            "dagster/column_schema": group_schema(group, _meanings(binding)),
            "keys": list(group.keys),
            **_known(group),
        },
        automation_condition=at_first_and_daily() if group.dimension else newest_missing(),
    )
    def materialized(context: dg.AssetExecutionContext, home: HomeResource) -> Result:
        window = Window.of_days("1970-01-01", "1970-01-01") if group.dimension else window_of(context)
        try:
            written = materialize(binding, window, home.open().features)
        except ContractViolation as violation:
            cases = table(violation.cases, ("column", "check", "value", "rows"))
            yield from check_results(context, key, CONTRACT, False, {"failing cases": cases, "partitions": str(window)})
            raise dg.Failure(str(violation), allow_retries=False) from violation
        context.log.info(f"{window}: {written.rows:,} rows, table version {written.version}")
        if not group.dimension:
            for day, rows in written.rows_by_day.items():
                context.add_asset_metadata({"dagster/partition_row_count": rows}, partition_key=day)
        yield dg.MaterializeResult(metadata=_figures(written), data_version=run_version(context))
        yield from check_results(context, key, CONTRACT, True, {"rows": written.rows, "partitions": str(window)})

    return materialized


def _meanings(binding: Binding) -> dict[str, str]:
    if not isinstance(binding, Aggregated):
        return {}
    return {
        name: f"{statistic} of {binding.source.name}.{column} over the {window} before {binding.group.event_time}"
        for name, (column, statistic, window) in binding.outputs.items()
    }


def _known(group: FeatureGroup) -> dict[str, Any]:
    return {} if group.dimension else {"known at": str(group.known_at), "event time": str(group.event_time)}


def _figures(written: Written) -> dict[str, Any]:
    figures: dict[str, Any] = {"table version": written.version, "rows written": written.rows}
    if len(written.rows_by_day) > 1:
        figures["rows by day"] = dg.MetadataValue.md(sparkline(list(written.rows_by_day.values()), title="rows by day"))
    return figures


def _dependencies(binding: Binding) -> list[dg.AssetDep]:
    if isinstance(binding, Aggregated):
        mapping = days_before(binding.halo, with_same_day=binding.step < DAY)
        return [dg.AssetDep(feature_key(binding.source), partition_mapping=mapping)]
    return [_dependency(given) for given in binding.inputs]


def _dependency(given: Source | FeatureGroup | Selection) -> dg.AssetDep:
    if isinstance(given, Source):
        return dg.AssetDep(source_key(given))
    if isinstance(given, FeatureGroup):
        return dg.AssetDep(feature_key(given))
    if given.group.dimension:
        return dg.AssetDep(feature_key(given.group))
    return dg.AssetDep(
        feature_key(given.group),
        partition_mapping=days_before(math.ceil(given.age / DAY) * DAY, with_same_day=True),
    )
