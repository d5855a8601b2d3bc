from collections.abc import Iterator

import dagster as dg
import pandas as pd
import pytest

from fti_assets.assets.audit_checks import LEAKAGE
from fti_assets.assets.code_location import merged
from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.flights import definitions
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import HISTORY, ORDERS, SINCE, UNTIL, LivingShop, opened
from fti_assets_tests.worlds import BINDINGS, as_given, order_source, orders

GROUPS = ("order", "outcome", "products", "customer_history")


def with_the_days_total(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(quantity=int(rows["quantity"].sum()))


@pytest.fixture(scope="module", params=["clean", "leaky"])
def audited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingShop]:
    """Five days of the shop, orders as they were placed or with their day's total."""
    function = as_given if request.param == "clean" else with_the_days_total
    bindings = (orders.computed(function, order_source), *BINDINGS[1:])
    defs = merged(feature_pipeline(*bindings, since=SINCE, until=UNTIL))
    with opened(Home(tmp_path_factory.mktemp(request.param)), defs) as shop:
        assert shop.days("features", "2024-01-01", "2024-01-05").success
        assert shop.days("features", "2024-01-01", "2024-01-02", ORDERS, HISTORY).success
        yield shop


def audit(shop: LivingShop, group: str) -> dg.AssetCheckEvaluation:
    """Run one check as the UI does: by its name."""
    job = shop.defs.resolve_implicit_global_asset_job_def()
    one = job.get_subset(asset_check_selection={dg.AssetCheckKey(LEAKAGE, group)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTI_HOME", str(shop.home.local))
        run = one.execute_in_process(instance=shop.instance)
    assert run.success
    return run.get_asset_check_evaluations()[0]


def test_no_run_that_materializes_plans_or_runs_an_audit(audited: LivingShop) -> None:
    runs = [run for run in audited.instance.get_runs() if run.job_name == "features"]
    steps = [event.step_key for run in runs for event in audited.instance.all_logs(run.run_id) if event.step_key]
    assert {len(runs), "features__order" in steps} == {2, True}
    assert not [step for step in steps if "leakage" in step]
    history = audited.instance.event_log_storage.get_asset_check_execution_history
    planned = [record.run_id for group in GROUPS for record in history(dg.AssetCheckKey(LEAKAGE, group), 100)]
    assert not {run.run_id for run in runs} & set(planned)


def test_an_audit_fails_for_a_leak_with_the_finding_and_passes_otherwise(
    audited: LivingShop, request: pytest.FixtureRequest
) -> None:
    leaks = "leaky" in request.node.name
    found = audit(audited, "order")
    assert found.passed is not leaks
    assert (found.metadata["audited"].value, found.metadata["leaks"].value) == ("2024-01-05", int(leaks))
    if leaks:
        shown = str(found.metadata["findings"].value)
        assert "| feature group order | quantity | source shop_orders |" in shown
        assert "order_id=2024-01-05-00" in shown


@pytest.mark.parametrize("group", GROUPS[1:])
def test_every_group_has_an_audit_and_the_others_pass(audited: LivingShop, group: str) -> None:
    assert audit(audited, group).passed


def test_nothing_that_selects_assets_selects_an_audit() -> None:
    defs = definitions.defs
    graph = defs.resolve_asset_graph()
    audits = {key for key in graph.asset_check_keys if key.asset_key == LEAKAGE}
    assert len(audits) == 19
    assert not audits & dg.AssetSelection.all().resolve_checks(graph)
    everything = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection=graph.executable_asset_keys)
    jobs = [everything, *(defs.resolve_job_def(job.name) for job in defs.jobs)]
    assert not [node.name for job in jobs for node in job.graph.nodes if "leakage" in node.name]


def test_nothing_automatic_runs_an_audit() -> None:
    graph = definitions.defs.resolve_asset_graph()
    assert {graph.get(key).automation_condition for key in graph.asset_check_keys} == {None}


def test_a_group_without_rows_says_what_to_do(tmp_path) -> None:
    defs = feature_pipeline(BINDINGS[0], since=SINCE, until=UNTIL)
    with opened(Home(tmp_path), defs) as shop, pytest.raises(Exception, match="has no rows to audit: materialize it"):
        audit(shop, "order")
