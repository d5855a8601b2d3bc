"""Training datasets as assets."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.checks import CheckResult
from fti_assets.assets.data_versions import run_version
from fti_assets.assets.describe import kinds_schema, view_lineage
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import dataset_key, feature_key
from fti_assets.assets.partitions import DATE, cutoffs_of, cutoffs_until, days_before
from fti_assets.assets.up_to_date import up_to_date, up_to_date_spec
from fti_assets.contracts.cutoffs import Cutoffs
from fti_assets.contracts.fingerprint import view_version
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import midnight
from fti_assets.training.datasets import build_dataset
from fti_assets.training.out_of_date import datasets_out_of_date

HISTORY = timedelta(weeks=520)
"""How long before a cutoff its dataset depends on: ten years of partitions that may not exist."""


@accepting_beta
def dataset_asset(model: Model, since: str, cutoffs: Cutoffs, until: str | None) -> dg.AssetsDefinition:
    """A model's training dataset, a partition a cutoff."""
    groups = dict.fromkeys((*model.view.groups, model.view.label.group))

    @dg.asset(
        key=dataset_key(model),
        deps=[
            dg.AssetDep(feature_key(g), partition_mapping=None if g.dimension else days_before(cutoffs, HISTORY))
            for g in groups
        ],
        partitions_def=cutoffs_until(cutoffs, until),
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=f"training_{model.name}",
        code_version=view_version(model.view),
        kinds={"polars", "parquet"},
        owners=list(model.owners),
        check_specs=[up_to_date_spec(dataset_key(model), cutoffs_until(cutoffs, until))],
        description=f"Every {model.view.spine.name} row whose label was final at the cutoff, as known in its time.",
        metadata={"dagster/column_schema": kinds_schema(model.view.columns)},
    )
    def dataset(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult | CheckResult]:
        made = cutoffs_of(context)
        for cutoff in made:
            built = build_dataset(model, cutoff, midnight(since), home.open())
            context.log.info(f"{built.rows:,} rows matured before {cutoff:%Y-%m-%d}")
            context.add_asset_metadata(
                {
                    "dagster/partition_row_count": built.rows,
                    "rows that will never have a label": built.never,
                    "rows that wait for their label": built.waiting,
                    "all windows are whole from": f"{built.whole_from:%Y-%m-%d %H:%M}" if built.whole_from else "never",
                    "rows before that": built.cut,
                    "dataset": built.dataset.id,
                    "slices": len(built.dataset.manifest["parts"]),
                },
                partition_key=f"{cutoff:{DATE}}",
            )
        yield dg.MaterializeResult(
            metadata={"dagster/column_lineage": view_lineage(model.view)}, data_version=run_version(context)
        )
        yield from up_to_date(context, dataset_key(model), datasets_out_of_date(model, home.open(), made))

    return dataset
