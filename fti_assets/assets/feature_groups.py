"""Feature groups and their sources as assets."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.charts.statistics_table import statistics_table
from fti_assets.assets.checks import CheckResult, check_results
from fti_assets.assets.conditions import SOURCES, at_first_and_daily, newest_missing, out_of_date
from fti_assets.assets.dependencies import dependencies, slower
from fti_assets.assets.describe import cases_table, fresh, group_lineage, group_schema, kinds_schema
from fti_assets.assets.feature_statistics import as_usual, as_usual_spec, partition_figures
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import feature_key, source_key
from fti_assets.assets.partitions import window_of
from fti_assets.assets.quarantined_rows import count_set_aside, set_aside_metadata, widened_metadata
from fti_assets.assets.unchanged import restored, unchanged_versions, version_of
from fti_assets.assets.up_to_date import up_to_date, up_to_date_key, up_to_date_spec
from fti_assets.contracts.binding import Aggregated, Binding
from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.fingerprint import binding_version
from fti_assets.contracts.group import Group
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import DAY, Window
from fti_assets.features.materialization import Materialization
from fti_assets.features.materialize import materialize
from fti_assets.features.out_of_date import partitions_out_of_date

CONTRACT = "contract"
Result = Iterator[dg.MaterializeResult | dg.AssetMaterialization | CheckResult]


def source_spec(source: Source) -> dg.AssetSpec:
    """A source as an external asset."""
    return dg.AssetSpec(
        source_key(source),
        description=source.schema.description,
        group_name=SOURCES,
        kinds={"source"},
        metadata={"dagster/column_schema": kinds_schema(source.schema.columns)},
    )


@accepting_beta
def feature_asset(
    binding: Binding, partitions: dg.TimeWindowPartitionsDefinition, recompute: timedelta | None = None
) -> dg.AssetsDefinition:
    """A feature group as an asset: with its partitions (a dimension has none), and three checks.

    A batch that breaks its contract fails the step and the check `contract`, which shows the failing cases; it writes
    nothing and nothing downstream runs. A partition unlike those before it fails `as_usual`, which only warns, and so
    does `up_to_date` when it reads something that has changed since: those of the last `recompute` are made again.
    """
    group = binding.group
    key = feature_key(group)
    inputs = slower(binding)
    newest = 3 * max(1, *(cadence.period.length // DAY for cadence in (group, *inputs)))
    of_asset = None if group.dimension else partitions
    waiting_for = [feature_key(slower_group) for slower_group in inputs]

    automatic = newest_missing(newest, waiting_for)
    if recompute:
        automatic |= out_of_date(recompute, up_to_date_key(key))

    @dg.asset(
        key=key,
        deps=dependencies(binding),
        partitions_def=of_asset,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec(CONTRACT, asset=key, description="Every row keeps the group's contract."),
            as_usual_spec(group),
            up_to_date_spec(key, of_asset),
        ],
        code_version=binding_version(binding),
        group_name="features",
        kinds={"polars" if isinstance(binding, Aggregated) else "pandas", "deltalake"},
        owners=list(group.owners),
        tags=group.tags,
        freshness_policy=fresh(group, partitions),
        description=group.schema.documentation,
        metadata={
            "dagster/column_schema": group_schema(group),
            "keys": list(group.keys),
            **_known(group),
        },
        automation_condition=at_first_and_daily() if group.dimension else automatic,
    )
    def materialized(context: dg.AssetExecutionContext, home: HomeResource) -> Result:
        window = Window.of_days("1970-01-01", "1970-01-01") if group.dimension else window_of(context)
        done: list[Window] = []

        def told(part: Window, written: Materialization) -> None:
            done.append(part)
            context.log.info(f"{part}: {written.rows:,} rows, table version {written.version}")

        try:
            written = materialize(binding, window, home.open().features, told=told)
        except ContractViolation as violation:
            cases = cases_table(violation.cases)
            yield from check_results(context, key, CONTRACT, False, {"failing cases": cases, "partitions": str(window)})
            before = f" ({Window(done[0].start, done[-1].end)} was written before)" if done else ""
            raise dg.Failure(f"{violation}{before}", allow_retries=False) from violation
        if not group.dimension:
            for partition, figures in partition_figures(group, written.kept).items():
                counted = count_set_aside(binding, written, partition)
                context.add_asset_metadata({**figures, **counted}, partition_key=partition)
        if lineage := group_lineage(binding):
            context.add_asset_metadata(lineage, partition_key=max(context.partition_keys))
        unchanged = unchanged_versions(context, key, written.changed)
        version = version_of(context, unchanged)
        whole = home.open().features.whole_from([group])[group.name]
        figures = _figures(written, binding) | ({"whole from": f"{whole:%Y-%m-%d %H:%M}"} if whole else {})
        yield dg.MaterializeResult(metadata=figures, data_version=version)
        yield from restored(context, key, unchanged)
        shown = {"rows": written.rows, "partitions": str(window), **set_aside_metadata(written)}
        yield from check_results(context, key, CONTRACT, True, shown)
        yield from as_usual(context, group, written.kept)
        yield from up_to_date(context, key, partitions_out_of_date(binding, home.open().features, window))

    return materialized


def _known(group: Group) -> dict[str, Any]:
    return {} if group.dimension else {"known at": group.known_at, "event time": group.event_time}


def _figures(written: Materialization, binding: Binding) -> dict[str, Any]:
    figures: dict[str, Any] = {"table version": written.version, "rows written": written.rows}
    figures |= widened_metadata(written)
    if binding.group.dimension:
        figures["statistics"] = statistics_table(written.kept.statistics)
        figures |= count_set_aside(binding, written)
    return figures
