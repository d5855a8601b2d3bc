import dagster as dg

from fti_assets.orchestration.describe import feature_key, group_schema, kinds_schema, table, view_lineage
from fti_assets_tests.worlds import customer_history, orders, outcomes, returns


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
