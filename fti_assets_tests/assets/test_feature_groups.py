from collections.abc import Iterator
from datetime import datetime
from functools import partial

import dagster as dg
import pandas as pd
import pytest

from fti_assets.assets import feature_groups as module
from fti_assets.assets.feature_groups import source_spec
from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import (
    HISTORY,
    ORDERS,
    OUTCOMES,
    PRODUCTS,
    SINCE,
    UNTIL,
    LivingShop,
    opened,
)
from fti_assets_tests.worlds import (
    BINDINGS,
    Outcome,
    as_given,
    customer_history,
    order_source,
    orders,
    outcome_source,
    outcomes,
)

CONTRACT = "contract"


class Feed:
    """The shop's outcomes, with the customer of one order unknown on the days that are `broken`."""

    def __init__(self) -> None:
        self.broken: set[str] = set()

    def __call__(self, start: datetime, end: datetime) -> pd.DataFrame:
        rows = outcome_source.read(start, end)
        settled = rows["settled_at"].dt.strftime("%Y-%m-%d")
        spoilt = settled.isin(self.broken) & ~settled.duplicated()
        return rows.assign(customer=rows["customer"].mask(spoilt))


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def fed(feed, tmp_path) -> Iterator[LivingShop]:
    """Orders, outcomes from the feed and histories; nothing materialized."""
    given = Source(Outcome, feed, name="shop_outcomes")
    bindings = [orders.computed(as_given, order_source), outcomes.computed(as_given, given), BINDINGS[3]]
    with opened(Home(tmp_path), feature_pipeline(*bindings, since=SINCE, until=UNTIL)) as shop:
        yield shop


def days(first: str, last: str) -> list[str]:
    return [str(day) for day in Window.of_days(first, last).days]


def test_a_range_run_materializes_each_partition_with_its_row_count(lived):
    assert lived.partitions(ORDERS) == lived.partitions(HISTORY) == days("2024-01-01", "2024-02-05")
    assert lived.metadata(ORDERS, "2024-01-17")["dagster/partition_row_count"] == 20
    # the orders of 8 to 17:30 on the 1st are settled a day and two hours later, none on the first day itself
    assert lived.metadata(OUTCOMES, "2024-01-01")["dagster/partition_row_count"] == 0
    assert lived.metadata(OUTCOMES, "2024-01-02")["dagster/partition_row_count"] == 20
    assert lived.metadata(HISTORY, "2024-01-17")["dagster/partition_row_count"] == 7


def test_a_range_run_shows_its_rows_by_day_and_the_tables_version(lived):
    shown = lived.metadata(ORDERS, "2024-02-05")

    assert shown["rows written"] == 36 * 20
    assert shown["table version"] == lived.home.features.version(orders)
    assert "<svg" in shown["rows by partition"] or "data:image" in shown["rows by partition"]


def test_every_partition_is_checked_by_name(lived):
    expected = dict.fromkeys([*days("2024-01-01", "2024-02-05"), None], "SUCCEEDED")

    assert lived.checks(ORDERS, CONTRACT) == lived.checks(HISTORY, CONTRACT) == expected
    assert lived.check_metadata(ORDERS, CONTRACT) == {"rows": 720, "partitions": "2024-01-01...2024-02-05"}


def test_a_dimension_has_no_partitions_and_is_checked_all_the_same(lived):
    assert lived.partitions(PRODUCTS) == []
    assert lived.metadata(PRODUCTS)["rows written"] == 5
    assert set(lived.checks(PRODUCTS, CONTRACT).values()) == {"SUCCEEDED"}


def test_the_ui_sees_the_contract(lived):
    shown = lived.defs.resolve_asset_graph().get(HISTORY).metadata

    assert [(c.name, c.type) for c in shown["dagster/column_schema"].columns] == list(customer_history.columns.items())
    assert (shown["keys"], shown["known at"]) == (["customer"], "as_of")


def test_a_source_is_an_asset_that_nobody_runs():
    spec = source_spec(order_source)

    assert spec.key == dg.AssetKey(["source", "shop_orders"])
    assert spec.description == "An order, as placed."


def test_a_bad_batch_writes_nothing_and_stops_what_is_downstream(fed, feed):
    feed.broken = {"2024-01-07"}
    assert fed.days("features", "2024-01-01", "2024-01-05").success
    before = fed.home.features.read(outcomes, Window.of_days("2024-01-01", "2024-01-05"))

    run = fed.days("features", "2024-01-06", "2024-01-08")

    assert not run.success
    assert {event.step_key for event in run.get_step_failure_events()} == {"features__outcome"}
    assert "features__customer_history" not in {event.step_key for event in run.all_events}
    assert fed.partitions(ORDERS) == days("2024-01-01", "2024-01-08")
    assert fed.partitions(OUTCOMES) == fed.partitions(HISTORY) == days("2024-01-01", "2024-01-05")
    every = fed.home.features.read(outcomes, Window.of_days("2024-01-01", "2024-01-14"))
    assert every.equals(before), "the good days of a bad batch are not written either, and earlier days stay"


def test_a_bad_batch_fails_its_check_with_the_failing_cases(fed, feed):
    feed.broken = {"2024-01-07"}

    run = fed.days("features", "2024-01-06", "2024-01-08")

    assert fed.checks(OUTCOMES, CONTRACT) == dict.fromkeys([*days("2024-01-06", "2024-01-08"), None], "FAILED")
    assert fed.checks(ORDERS, CONTRACT)[None] == "SUCCEEDED"
    shown = fed.check_metadata(OUTCOMES, CONTRACT)
    assert shown["partitions"] == "2024-01-06...2024-01-08"
    header, _, case = shown["failing cases"].splitlines()
    assert header == "| column | check | value | rows |"
    assert "| customer |" in case
    assert case.endswith("| 1 |")
    failure = run.get_step_failure_events()[0].step_failure_data
    assert "shop_outcomes breaks its contract, nothing was written: customer" in str(failure.error)


def test_a_long_backfill_says_what_it_wrote_before_a_bad_batch(fed, feed, monkeypatch):
    monkeypatch.setattr(module, "materialize", partial(materialize, days=2))
    feed.broken = {"2024-01-07"}

    run = fed.days("features", "2024-01-04", "2024-01-08", ORDERS, OUTCOMES)

    told = str(run.get_step_failure_events()[0].step_failure_data.error)
    assert "(2024-01-04...2024-01-05 was written before)" in told
    written = fed.home.features.read(outcomes, Window.of_days("2024-01-01", "2024-01-08"))
    assert {str(day) for day in written["settled_at"].dt.date()} == set(days("2024-01-04", "2024-01-05"))
    assert fed.partitions(OUTCOMES) == [], "they are not materialized for Dagster until a run of them succeeds"
    feed.broken = set()
    assert fed.days("features", "2024-01-04", "2024-01-08", ORDERS, OUTCOMES).success
    assert fed.partitions(OUTCOMES) == days("2024-01-04", "2024-01-08")


def test_a_mended_source_heals_by_a_second_run(fed, feed):
    feed.broken = {"2024-01-07"}
    assert not fed.days("features", "2024-01-06", "2024-01-08").success
    feed.broken = set()

    assert fed.days("features", "2024-01-06", "2024-01-08").success

    assert fed.partitions(OUTCOMES) == fed.partitions(HISTORY) == days("2024-01-06", "2024-01-08")
    whole = dict.fromkeys([*days("2024-01-06", "2024-01-08"), None], "SUCCEEDED")
    assert fed.checks(OUTCOMES, CONTRACT) == fed.checks(HISTORY, CONTRACT) == whole


def test_days_that_an_aggregation_reaches_back_to_must_be_there(fed):
    assert fed.days("features", "2024-01-01", "2024-01-02", ORDERS, OUTCOMES).success

    run = fed.days("features", "2024-01-04", "2024-01-04", HISTORY)

    assert not run.success
    failure = str(run.get_step_failure_events()[0].step_failure_data.error)
    assert "feature group outcome was not materialized for 2024-01-03: materialize it first" in failure
