"""The online store's tables as assets."""

from collections.abc import Sequence

import dagster as dg

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.describe import group_schema
from fti_assets.assets.home_resource import HomeResource
from fti_assets.assets.keys import feature_key, online_key
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.inference.online import load_online


@accepting_beta
def online_asset(group: Group, views: Sequence[FeatureView]) -> dg.AssetsDefinition:
    """A group's latest rows in the online store."""

    @dg.asset(
        key=online_key(group),
        deps=[
            dg.AssetDep(feature_key(group), partition_mapping=None if group.dimension else dg.LastPartitionMapping())
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="online",
        kinds={"sqlite"},
        owners=list(group.owners),
        description=f"The latest rows of {group.name}, looked up by key when a request is answered.",
        metadata={"dagster/column_schema": group_schema(group)},
        automation_condition=dg.AutomationCondition.eager(),
    )
    def loaded(home: HomeResource) -> dg.MaterializeResult:
        now = load_online(group, views, home.open())
        until = {"answers until": now.until.isoformat()} if now.until else {}
        return dg.MaterializeResult(metadata={"dagster/row_count": now.rows, **until})

    return loaded
