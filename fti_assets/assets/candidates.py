"""Candidates as assets: models that were fitted and wait for a verdict."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.charts.blocks import bar
from fti_assets.assets.charts.numbers import percent
from fti_assets.assets.charts.plots import calibration_chart
from fti_assets.assets.data_versions import run_version
from fti_assets.assets.describe import table
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import dataset_key, model_key
from fti_assets.assets.partitions import DATE, cutoffs_of
from fti_assets.contracts.fingerprint import model_version
from fti_assets.contracts.model import Model
from fti_assets.training.train import Trained, train

_SHOWN_FEATURES = 15


@accepting_beta
def model_asset(model: Model, cutoffs: dg.TimeWindowPartitionsDefinition) -> dg.AssetsDefinition:
    """Candidates, a partition a cutoff: a range of cutoffs is a walk-forward backtest."""

    @dg.asset(
        key=model_key(model),
        deps=[dg.AssetDep(dataset_key(model))],
        partitions_def=cutoffs,
        backfill_policy=dg.BackfillPolicy.single_run(),
        code_version=model_version(model),
        group_name=f"training_{model.name}",
        kinds={"xgboost"},
        owners=list(model.owners),
        description=model.description
        or f"Candidates for {model.name}, each fitted on what was known before its cutoff.",
    )
    def candidate(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
        for cutoff in cutoffs_of(context):
            trained = train(model, cutoff, home.open(), {"run_id": context.run.run_id, "trigger": _trigger(context)})
            context.log.info(
                f"version {trained.version.version}: {trained.evaluation.metric} {trained.evaluation.loss:.4f}"
            )
            context.add_asset_metadata(_trained(trained), partition_key=f"{cutoff:{DATE}}")
        return dg.MaterializeResult(metadata=_plots(model, trained), data_version=run_version(context))

    return candidate


def _trigger(context: dg.AssetExecutionContext) -> str:
    return context.run.tags.get("fti/trigger", "by hand")


def _trained(trained: Trained) -> dict[str, Any]:
    evaluation = trained.evaluation
    figures: dict[str, Any] = {
        "version": trained.version.version,
        "content": trained.version.content_id,
        evaluation.metric: evaluation.loss,
        "baseline": evaluation.baseline_loss,
        "gain over baseline": 1 - evaluation.loss / evaluation.baseline_loss,
        "calibration gap": evaluation.calibration_gap,
        "holdout rows": evaluation.rows,
    }
    return figures | ({"auc": evaluation.auc} if evaluation.auc is not None else {})


def _plots(model: Model, trained: Trained) -> dict[str, Any]:
    plots = {"share of gain": _gains(trained.importance)}
    if model.view.label.is_binary:
        plots["calibration"] = dg.MetadataValue.md(calibration_chart(trained.label, trained.prediction))
    plots["card"] = dg.MetadataValue.md(trained.version.read("card.md").decode())
    return plots


def _gains(gains: Mapping[str, float]) -> dg.MetadataValue:
    """The features that gained most, each with its share of all gain and a bar beside the largest."""
    top = list(gains.items())[:_SHOWN_FEATURES]
    longest = max((share for _, share in top), default=0.0)
    rows = [{"feature": name, "share": percent(share), "": bar(share, longest)} for name, share in top]
    return table(rows, ("feature", "share", ""))
