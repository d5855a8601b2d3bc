"""Champions as assets: who serves, and why."""

from collections.abc import Iterator
from dataclasses import asdict

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.checks import CheckResult, check_results
from fti_assets.assets.conditions import whenever_updated
from fti_assets.assets.describe import table
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import champion_key, model_key
from fti_assets.assets.partitions import DATE
from fti_assets.contracts.errors import NoChampion
from fti_assets.contracts.model import Model
from fti_assets.stores.registry import JournalRecord
from fti_assets.training.promotion import gate_candidates

_SHOWN_FEATURES = 15


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


def _line(entry: JournalRecord) -> dict[str, str | int]:
    return {
        "version": entry.version,
        "action": entry.action,
        "effective": f"{entry.effective:{DATE}}",
        "why": entry.why,
    }
