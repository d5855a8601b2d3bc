import dagster as dg
import polars as pl

from fti_assets.contracts.time import Window
from fti_assets.inference.online import online_features
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import (
    HISTORY,
    ONLINE_HISTORY,
    ONLINE_PRODUCTS,
    PRODUCTS,
    definitions,
    opened,
)
from fti_assets_tests.worlds import CUSTOMERS, customer_history, orders, returns

LAST = Window.of_days("2024-02-05", "2024-02-05")


def test_a_load_shows_how_many_rows_and_until_when_it_answers(lived):
    assert lived.metadata(ONLINE_PRODUCTS) == {"dagster/row_count": 5}
    shown = lived.metadata(ONLINE_HISTORY)
    assert shown["answers until"] == "2024-02-06T00:00:00+00:00"
    assert shown["dagster/row_count"] % len(CUSTOMERS) == 0, "a row a customer and day"


def test_what_was_loaded_is_what_the_feature_store_says(lived):
    requests = lived.home.features.read(orders, LAST)

    answered = online_features(returns.view, requests, lived.home.online)

    history = lived.home.features.read(customer_history, LAST)
    expected = requests.join(history, on="customer", how="left", maintain_order="left")["is_returned_mean_7d"]
    assert pl.Series(answered["is_returned_mean_7d"]).to_list() == expected.to_list()


def test_a_load_follows_the_newest_day_and_a_dimension_whole(lived):
    graph = lived.defs.resolve_asset_graph()

    assert isinstance(graph.get(ONLINE_HISTORY).partition_mappings[HISTORY], dg.LastPartitionMapping)
    assert graph.get(ONLINE_PRODUCTS).partition_mappings == {}
    assert graph.get(ONLINE_PRODUCTS).parent_keys == {PRODUCTS}


def test_nothing_is_loaded_before_there_are_features(tmp_path):
    with opened(Home(tmp_path), definitions()) as shop:
        run = shop.once("online", None)

        failures = "\n".join(str(event.step_failure_data.error) for event in run.get_step_failure_events())
        assert not run.success
        assert "online/customer_history: feature group customer_history was not materialized" in failures
        assert "feature group products was not materialized: materialize it first" in failures
