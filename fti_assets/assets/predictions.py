"""Batch predictions as assets."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.checks import CheckResult
from fti_assets.assets.conditions import newest_missing
from fti_assets.assets.describe import kinds_schema
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import champion_key, feature_key, predictions_key
from fti_assets.assets.partitions import DATE, overlapping, reaching_back, window_of
from fti_assets.assets.unchanged import restored, unchanged_versions, version_of
from fti_assets.assets.up_to_date import up_to_date, up_to_date_spec
from fti_assets.contracts.fingerprint import view_version
from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.time import DAILY
from fti_assets.inference.batch import issue
from fti_assets.inference.out_of_date import predictions_out_of_date
from fti_assets.stores.prediction_log import prediction_columns


@accepting_beta
def predictions_asset(predictions: Predictions, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """A model's predictions, a partition a day, each issued once by the champion of that day."""
    model = predictions.model
    halos = {s.group: s.halo for s in sorted(model.view.joined, key=lambda s: s.halo)}

    @dg.asset(
        key=predictions_key(model),
        deps=[
            dg.AssetDep(
                feature_key(model.view.spine),
                partition_mapping=None if model.view.spine.period == DAILY else overlapping(),
            ),
            *(
                dg.AssetDep(
                    feature_key(group),
                    partition_mapping=None if group.dimension else reaching_back(DAILY, halo, with_itself=True),
                )
                for group, halo in halos.items()
            ),
            dg.AssetDep(champion_key(model)),
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=f"inference_{model.name}",
        check_specs=[up_to_date_spec(predictions_key(model), partitions)],
        code_version=view_version(model.view),
        kinds={"xgboost", "deltalake"},
        owners=list(model.owners),
        description=f"Predictions of {model.name}, issued once by the day's champion; every row names its version.",
        metadata={"dagster/column_schema": kinds_schema(prediction_columns(model))},
        automation_condition=newest_missing(),
    )
    def issued(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetMaterialization | CheckResult]:
        window = window_of(context)
        days = issue(model, window, home.open(), context.run.run_id)
        kept = sum(day.kept for day in days)
        versions = sorted({day.model_version for day in days if day.model_version})
        context.log.info(
            f"{sum(day.rows for day in days):,} predictions on {len(days)} days by version "
            f"{', '.join(map(str, versions)) or 'none'}"
            + (f"; {kept} days were issued before and are kept" if kept else "")
        )
        for day in days:
            figures: dict[str, Any] = {
                "dagster/partition_row_count": day.rows,
                "model version": day.model_version,
                "mean prediction": day.mean_prediction,
                "issued before": True if day.kept else None,
            }
            shown = {name: value for name, value in figures.items() if value is not None}
            context.add_asset_metadata(shown, partition_key=f"{day.day:{DATE}}")
        unchanged = unchanged_versions(context, predictions_key(model), {f"{d.day:{DATE}}" for d in days if not d.kept})
        yield dg.MaterializeResult(data_version=version_of(context, unchanged))
        yield from restored(context, predictions_key(model), unchanged)
        yield from up_to_date(context, predictions_key(model), predictions_out_of_date(model, home.open(), window))

    return issued
