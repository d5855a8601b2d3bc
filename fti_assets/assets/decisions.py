"""Retraining decisions as assets."""

from datetime import timedelta

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.conditions import newest_missing
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import decision_key, monitoring_key
from fti_assets.assets.partitions import DATE, cutoffs_of, cutoffs_until, days_before
from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.contracts.model import Model
from fti_assets.contracts.retrain import Retrain
from fti_assets.contracts.time import midnight
from fti_assets.monitoring.retraining import decide

_SHOWN_FEATURES = 15


@accepting_beta
def decision_asset(
    model: Model, policy: Retrain, since: str, cutoffs: Cutoffs, until: str | None
) -> dg.AssetsDefinition:
    """Whether to retrain at each cutoff, with the numbers; a sensor acts on it."""
    maturing = timedelta(days=policy.matured_days) + cutoffs.longest

    @dg.asset(
        key=decision_key(model),
        deps=[dg.AssetDep(monitoring_key(model), partition_mapping=days_before(cutoffs, maturing))],
        partitions_def=cutoffs_until(cutoffs, until),
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=f"training_{model.name}",
        kinds={"decision"},
        owners=list(model.owners),
        description=f"Whether to retrain {model.name} at the cutoff, and why or why not.",
        automation_condition=newest_missing(days=cutoffs.longest.days),
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
