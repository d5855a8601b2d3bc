from datetime import timedelta

import dagster as dg
from attrs import evolve

from fti_assets.assets.describe import group_lineage, group_schema, kinds_schema, table, view_lineage
from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.assets.keys import feature_key
from fti_assets_tests.assets.living_shop import HISTORY, ORDERS, PRODUCTS, LivingShop
from fti_assets_tests.worlds import BINDINGS, customer_history, orders, outcomes, products, returns


def test_a_groups_schema_has_kinds_roles_descriptions_and_constraints():
    columns = {column.name: column for column in group_schema(orders).columns}

    assert [(c.name, c.type) for c in columns.values()] == list(orders.columns.items())
    assert (columns["order_id"].description, columns["placed_at"].description) == ("key", "time")
    assert columns["quantity"].description == "pieces"
    assert columns["quantity"].constraints.other == ["greater_than_or_equal_to(1)"]
    assert not columns["quantity"].constraints.nullable
    nullable = {c.name for c in group_schema(customer_history).columns if c.constraints.nullable}
    assert nullable == {"is_returned_mean_7d"}


def test_a_schema_of_kinds_has_names_and_kinds():
    assert [(c.name, c.type) for c in kinds_schema(returns.view.columns).columns] == list(returns.view.columns.items())


def test_lineage_names_the_column_behind_each_feature():
    found = view_lineage(returns.view).deps_by_column

    [dependency] = found["is_returned_mean_7d"]
    assert (dependency.asset_key, dependency.column_name) == (feature_key(customer_history), "is_returned_mean_7d")
    assert "amount" not in found, "it is computed from several columns by a function"


def test_a_group_is_kept_under_features():
    assert feature_key(outcomes) == dg.AssetKey(["features", "outcome"])


def test_a_table_is_markdown_and_a_bar_in_a_cell_does_not_break_it():
    shown = table([{"gate": "a|b", "passed": True, "loss": 0.123456}, {"gate": "c", "loss": None}], ["gate", "loss"])

    assert shown.value == "| gate | loss |\n|---|---|\n| a\\|b | 0.1235 |\n| c |  |"


def test_windows_have_column_lineage_on_their_newest_partition_and_functions_have_none(lived: LivingShop):
    shown = lived.metadata(HISTORY, "2024-02-05")["dagster/column_lineage"].deps_by_column
    assert shown["is_returned_mean_7d"] == [dg.TableColumnDep(feature_key(outcomes), "is_returned")]
    assert shown["customer"] == [dg.TableColumnDep(feature_key(outcomes), "customer")]
    assert "dagster/column_lineage" not in lived.metadata(HISTORY, "2024-02-04")
    assert group_lineage(BINDINGS[0]) == {}


def test_the_catalog_shows_owners_tags_and_description():
    owned = evolve(products, owners=["team:shop"], tags={"domain": "catalogue"})
    node = feature_pipeline(evolve(BINDINGS[2], group=owned), since="2024-01-01").resolve_asset_graph().get(PRODUCTS)
    assert (list(node.owners), node.description) == (["team:shop"], "The catalogue.")
    assert node.tags["domain"] == "catalogue"


def test_a_system_that_goes_on_is_expected_to_be_fresh_and_one_that_ended_is_not():
    def policy(until: str | None) -> dg.FreshnessPolicy | None:
        graph = feature_pipeline(*BINDINGS, since="2024-01-01", until=until).resolve_asset_graph()
        return graph.get(ORDERS).freshness_policy_or_from_metadata

    assert policy(None) == dg.FreshnessPolicy.time_window(timedelta(days=2), timedelta(days=1.5))
    assert policy("2024-02-01") is None
