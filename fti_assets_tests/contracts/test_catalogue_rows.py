import json

from attrs import evolve

from fti_assets.contracts.catalogue_rows import columns, group_row, model_row
from fti_assets.contracts.feature_group import as_binding
from fti_assets.contracts.fingerprint import binding_version
from fti_assets_tests.worlds import BINDINGS, orders, outcomes, products, returns


def test_an_entry_says_what_the_declaration_says() -> None:
    group = evolve(outcomes, owners=["team:shop"], tags={"domain": "returns"}, version=2)
    entry = group_row(evolve(BINDINGS[1], group=group))
    assert entry["name"] == "outcome_v2"
    assert (entry["version"], entry["owners"], entry["tags"]) == (2, ["team:shop"], {"domain": "returns"})
    assert (entry["keys"], entry["event_time"], entry["known_at"]) == (["order_id"], "due_at", "settled_at")
    assert (entry["lookback"], entry["partitions"]) == ("1d", "daily")
    assert entry["description"] == "What became of an order: due a day after it was placed, settled two hours later."
    assert entry["computed_by"] == "fti_assets_tests.worlds.as_given"
    assert entry["inputs"] == [{"source": "shop_outcomes", "description": entry["description"]}]
    assert entry["fingerprint"] == binding_version(evolve(BINDINGS[1], group=group))


def test_windows_name_their_source_columns_and_lengths() -> None:
    entry = group_row(BINDINGS[3])
    read = ["settled_at", "customer", "is_returned"]
    assert entry["inputs"] == [{"group": "outcome", "columns": read, "windows": ["7d"], "every": "1d"}]
    mean = entry["columns"][-1]
    assert mean["description"] == "mean of outcome.is_returned over the 7d before as_of"
    assert mean["from"] == "outcome.is_returned"


def test_values_known_ahead_and_windows_that_hold_their_end_are_told() -> None:
    ahead = evolve(outcomes, ahead="14d")
    assert [group_row(evolve(BINDINGS[1], group=group))["ahead"] for group in (ahead, outcomes)] == ["14d", None]
    closed = outcomes.windows("customer", {"is_returned": "mean"}, over="7d", name="by_then", closed="right")
    assert group_row(as_binding(closed))["inputs"][0]["closed"] == "right"


def test_a_dimension_is_whole() -> None:
    entry = group_row(BINDINGS[2])
    assert (entry["partitions"], entry["lookback"], entry["event_time"]) == ("whole", None, None)
    assert entry["name"] == products.name


def test_columns_have_roles_meanings_and_checks() -> None:
    found = {column.pop("name"): column for column in columns(orders)}
    assert {name: column["role"] for name, column in found.items() if column["role"] != "value"} == {
        "order_id": "key",
        "placed_at": "time",
    }
    assert found["quantity"]["description"] == "pieces"
    assert found["quantity"]["checks"] == ["greater_than_or_equal_to(1)"]
    assert found["is_gift"] == {
        "kind": "boolean",
        "role": "value",
        "description": "",
        "nullable": False,
        "checks": [],
    }


def test_a_models_entry_says_where_its_features_come_from() -> None:
    entry = model_row(returns)
    assert entry["label"] == {
        "column": "outcome.is_returned",
        "horizon": "2d",
        "answer": "outcome.is_returned within 2d",
    }
    assert entry["features"]["price"] == ["products.price"]
    assert entry["uses"]["order.customer"] == "join"
    assert json.loads(json.dumps(entry)) == entry
