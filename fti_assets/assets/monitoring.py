"""What monitoring saw of a model, as assets."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.charts.plots import sparkline
from fti_assets.assets.checks import CheckResult, check_results
from fti_assets.assets.conditions import newest_missing
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import feature_key, monitoring_key, predictions_key
from fti_assets.assets.partitions import DATE, days_from_to, window_of
from fti_assets.contracts.predictions import Predictions
from fti_assets.monitoring.performance import DayWatched, maturing_days, watch


@accepting_beta
def monitoring_asset(predictions: Predictions, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """What became known each day about the predictions before it: performance once labels matured, and drift."""
    model = predictions.model
    key = monitoring_key(model)
    maturing = maturing_days(model)

    @dg.asset(
        key=key,
        deps=[
            dg.AssetDep(
                predictions_key(model),
                partition_mapping=days_from_to(-max(maturing, 2 * predictions.drift_days), -1),
            ),
            dg.AssetDep(feature_key(model.view.label.group), partition_mapping=days_from_to(-maturing, -1)),
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec("drift", asset=key, description="No feature's recent days left its training profile."),
        ],
        group_name=f"inference_{model.name}",
        kinds={"numpy", "deltalake"},
        owners=list(model.owners),
        description=f"How {model.name} did on the day whose labels matured, and how far its features drift.",
        automation_condition=newest_missing(),
    )
    def watched(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult | CheckResult]:
        days = watch(predictions, window_of(context), home.open())
        for day in days:
            context.add_asset_metadata(_figures(day), partition_key=f"{day.day:{DATE}}")
        yield dg.MaterializeResult(metadata=_plots(days))
        steady = {f"{day.day:{DATE}}": not day.drifted for day in days}
        yield from check_results(context, key, "drift", steady, _drift(days), dg.AssetCheckSeverity.WARN)

    return watched


def _figures(day: DayWatched) -> dict[str, Any]:
    figures = {name: value for name, value in asdict(day).items() if value is not None}
    del figures["day"]
    return figures | {"predicted_on": f"{day.predicted_on:{DATE}}"}


def _drift(days: list[DayWatched]) -> dict[str, Any]:
    figures: dict[str, Any] = {"days that drift": sum(bool(day.drifted) for day in days)}
    compared = [(day.max_psi, day) for day in days if day.max_psi is not None]
    if compared:
        psi, worst = max(compared, key=lambda pair: pair[0])
        figures["largest"] = f"{worst.max_psi_feature}, PSI {psi:.3f} on {worst.day:{DATE}}"
    return figures


def _plots(days: list[DayWatched]) -> dict[str, Any]:
    shown = {"loss": "loss by day", "calibration_gap": "calibration gap by day", "max_psi": "largest PSI by day"}
    series = {name: [getattr(day, name) for day in days] for name in shown}
    return {
        title: dg.MetadataValue.md(sparkline(series[name], title=title))
        for name, title in shown.items()
        if sum(value is not None for value in series[name]) > 1
    }
