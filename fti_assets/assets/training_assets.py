"""Datasets, models, champions and retraining decisions as assets."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.charts.blocks import bar
from fti_assets.assets.charts.numbers import percent
from fti_assets.assets.charts.plots import calibration_chart
from fti_assets.assets.checks import CheckResult, check_results
from fti_assets.assets.conditions import newest_missing, whenever_updated
from fti_assets.assets.data_versions import run_version
from fti_assets.assets.describe import feature_key, kinds_schema, table, view_lineage
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.partitions import DATE, cutoffs_of, weeks_before
from fti_assets.contracts.errors import NoChampion
from fti_assets.contracts.fingerprint import model_version, view_version
from fti_assets.contracts.model import Model
from fti_assets.contracts.retrain import Retrain
from fti_assets.contracts.time import midnight
from fti_assets.monitoring.retraining import decide
from fti_assets.stores.registry import Entry
from fti_assets.training.datasets import build_dataset
from fti_assets.training.promotion import gate_candidates
from fti_assets.training.train import Trained, train

_SHOWN_FEATURES = 15
HISTORY_WEEKS = 520
"""How many weeks before a cutoff its dataset depends on: ten years of partitions that may not exist."""


def dataset_key(model: Model) -> dg.AssetKey:
    """`datasets/<model>`."""
    return dg.AssetKey(["datasets", model.name])


def model_key(model: Model) -> dg.AssetKey:
    """`models/<model>`."""
    return dg.AssetKey(["models", model.name])


def champion_key(model: Model) -> dg.AssetKey:
    """`champion/<model>`."""
    return dg.AssetKey(["champion", model.name])


def monitoring_key(model: Model) -> dg.AssetKey:
    """`monitoring/<model>`."""
    return dg.AssetKey(["monitoring", model.name])


def decision_key(model: Model) -> dg.AssetKey:
    """`monitoring/<model>_retrain`."""
    return dg.AssetKey(["monitoring", f"{model.name}_retrain"])


@accepting_beta
def dataset_asset(model: Model, since: str, cutoffs: dg.WeeklyPartitionsDefinition) -> dg.AssetsDefinition:
    """A model's training dataset, a partition a cutoff."""
    groups = dict.fromkeys((*model.view.groups, model.view.label.group))

    @dg.asset(
        key=dataset_key(model),
        deps=[
            dg.AssetDep(feature_key(g), partition_mapping=None if g.dimension else weeks_before(HISTORY_WEEKS))
            for g in groups
        ],
        partitions_def=cutoffs,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=f"training_{model.name}",
        code_version=view_version(model.view),
        kinds={"polars", "parquet"},
        owners=list(model.owners),
        description=f"What was known before the cutoff about every {model.view.spine.name} row whose label was, too.",
        metadata={"dagster/column_schema": kinds_schema(model.view.columns)},
    )
    def dataset(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
        for cutoff in cutoffs_of(context):
            built = build_dataset(model, cutoff, midnight(since), home.open())
            context.log.info(f"{built.rows:,} rows known before {cutoff:%Y-%m-%d}")
            context.add_asset_metadata(
                {
                    "dagster/partition_row_count": built.rows,
                    "spine rows": built.spine_rows,
                    "dataset": built.dataset.id,
                    "file": dg.MetadataValue.path(str(built.dataset.path)),
                },
                partition_key=f"{cutoff:{DATE}}",
            )
        return dg.MaterializeResult(
            metadata={"dagster/column_lineage": view_lineage(model.view)}, data_version=run_version(context)
        )

    return dataset


@accepting_beta
def model_asset(model: Model, cutoffs: dg.WeeklyPartitionsDefinition) -> dg.AssetsDefinition:
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


@accepting_beta
def champion_asset(model: Model) -> dg.AssetsDefinition:
    """Who serves: every waiting candidate judged, its data version the content that serves now."""
    key = champion_key(model)

    @dg.asset(
        key=key,
        deps=[dg.AssetDep(model_key(model))],
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec("gates", asset=key, description="The newest candidate passed every gate.")],
        group_name=f"training_{model.name}",
        kinds={"xgboost"},
        owners=list(model.owners),
        description=f"The version of {model.name} that serves, by the registry's journal.",
        automation_condition=whenever_updated(),
    )
    def champion(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult | CheckResult]:
        stores = home.open()
        gated = gate_candidates(model, stores, who=f"dagster run {context.run.run_id}")
        for judged in gated:
            outcome = "promoted" if judged.promoted else "rejected"
            context.log.info(f"version {judged.version.version}, cutoff {judged.version.cutoff:{DATE}}: {outcome}")
        history = stores.registry.history(model.name)
        if not history:
            raise NoChampion(f"{model.name} has no candidate: materialize models/{model.name} first")
        serving = stores.registry.champion(model.name) if any(e.action != "reject" for e in history) else None
        yield dg.MaterializeResult(
            data_version=dg.DataVersion(serving.content_id if serving else "none"),
            metadata={
                "version": serving.version if serving else 0,
                "cutoff": f"{serving.cutoff:{DATE}}" if serving else "none",
                "judged now": len(gated),
                "journal": table([_line(e) for e in history[-20:]], ("version", "action", "effective", "why")),
            },
        )
        newest = history[-1]
        verdicts = [asdict(v) for v in gated[-1].verdicts] if gated else list(newest.verdicts)
        passed = all(v["passed"] for v in verdicts)
        shown = {"version": newest.version, "gates": table(verdicts, ("gate", "passed", "reason"))}
        yield from check_results(context, key, "gates", passed, shown, dg.AssetCheckSeverity.WARN)

    return champion


@accepting_beta
def decision_asset(
    model: Model, policy: Retrain, since: str, cutoffs: dg.WeeklyPartitionsDefinition
) -> dg.AssetsDefinition:
    """Whether to retrain at each cutoff, with the numbers; a sensor acts on it."""
    maturing = math.ceil(timedelta(days=policy.matured_days) / timedelta(weeks=1)) + 1

    @dg.asset(
        key=decision_key(model),
        deps=[dg.AssetDep(monitoring_key(model), partition_mapping=weeks_before(maturing))],
        partitions_def=cutoffs,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=f"training_{model.name}",
        kinds={"decision"},
        owners=list(model.owners),
        description=f"Whether to retrain {model.name} at the cutoff, and why or why not.",
        automation_condition=newest_missing(days=7),
    )
    def decision(context: dg.AssetExecutionContext, home: HomeResource) -> None:
        for cutoff in cutoffs_of(context):
            decided = decide(model, policy, cutoff, midnight(since), home.open())
            context.log.info(f"{cutoff:{DATE}}: {'retrain' if decided.retrain else 'not retrained'}, {decided.reason}")
            context.add_asset_metadata(
                {"retrain": decided.retrain, "reason": decided.reason, **decided.numbers},
                partition_key=f"{cutoff:{DATE}}",
            )

    return decision


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


def _line(entry: Entry) -> dict[str, str | int]:
    return {
        "version": entry.version,
        "action": entry.action,
        "effective": f"{entry.effective:{DATE}}",
        "why": entry.why,
    }
