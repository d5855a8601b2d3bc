import re

import pytest
from attrs import evolve

from fti_assets.contracts.gates import BeatsBaseline
from fti_assets.contracts.time import Window, midnight
from fti_assets.monitoring.retraining import decisions
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import (
    CHAMPION,
    DATASET,
    DECISION,
    HISTORY,
    MODEL,
    ORDERS,
    PRODUCTS,
    definitions,
    opened,
)
from fti_assets_tests.worlds import returns

CUTOFFS = ["2024-01-22", "2024-01-29", "2024-02-05"]


def test_a_range_of_cutoffs_is_a_backtest(lived):
    assert lived.partitions(DATASET) == lived.partitions(MODEL) == CUTOFFS
    assert [v.version for v in lived.home.registry.versions("returns")] == [1, 2, 3]
    assert [f"{v.cutoff:%Y-%m-%d}" for v in lived.home.registry.versions("returns")] == CUTOFFS


def test_a_dataset_shows_its_rows_and_where_its_columns_come_from(lived):
    shown = lived.metadata(DATASET, "2024-01-22")

    # of 21 days of 20 orders, the last two days' are not matured at the cutoff
    assert shown["dagster/partition_row_count"] == 380
    assert (shown["rows that will never have a label"], shown["rows that wait for their label"]) == (0, 40)
    # outcomes since the first, windows of seven days and a look-back of three
    assert (shown["all windows are whole from"], shown["rows before that"]) == ("2024-01-11 00:00", 200)
    [lineage] = {dep for deps in [shown["dagster/column_lineage"].deps_by_column["price"]] for dep in deps}
    assert (lineage.asset_key, lineage.column_name) == (PRODUCTS, "price")
    origins = {dep.asset_key for deps in shown["dagster/column_lineage"].deps_by_column.values() for dep in deps}
    assert origins == {ORDERS, HISTORY, PRODUCTS}


def test_a_candidate_shows_how_it_did_and_its_card(lived):
    shown = lived.metadata(MODEL, "2024-01-22")
    version = lived.home.registry.versions("returns")[0]

    assert (shown["version"], shown["content"], shown["holdout rows"]) == (1, version.content_id, 140)
    assert shown["gain over baseline"] == pytest.approx(1 - shown["log_loss"] / shown["baseline"])
    assert shown["card"] == version.read("card.md").decode()
    heading, rule, first, *_ = shown["share of gain"].splitlines()
    assert (heading, rule) == ("| feature | share |  |", "|---|---|---|")
    assert re.fullmatch(r"\| amount \| \d\d\.\d% \| █{12} \|", first), "the largest share has the longest bar"
    assert shown["calibration"].startswith("![Calibration by decile")


def test_a_version_remembers_its_run_and_what_asked_for_it(lived):
    facts = [version.manifest["facts"] for version in lived.home.registry.versions("returns")]
    ran = {run.run_id for run in lived.instance.get_runs()}

    assert [each["trigger"] for each in facts] == ["no champion yet", "by hand", "by hand"]
    assert {each["run_id"] for each in facts} <= ran


def test_the_champions_data_version_is_the_content_that_serves(lived):
    shown = lived.metadata(CHAMPION)
    serving = lived.home.registry.champion("returns")

    assert lived.event(CHAMPION).tags["dagster/data_version"] == serving.content_id
    assert (shown["version"], shown["cutoff"], shown["judged now"]) == (3, "2024-02-05", 2)
    assert shown["journal"].splitlines()[2].startswith("| 1 | promote | 2024-01-22 | beats_baseline: log_loss 0.3985")


def test_each_judgement_leaves_a_gates_check_and_nothing_planned(lived):
    """22 January was a run of one cutoff, the others a range; the champion itself has no partitions."""
    assert lived.checks(CHAMPION, "gates") == dict.fromkeys([*CUTOFFS, None], "SUCCEEDED")
    shown = lived.check_metadata(CHAMPION, "gates")
    assert shown["version"] == 3
    assert shown["gates"].splitlines()[2].startswith("| beats_baseline | True |")


def test_a_decision_is_recorded_as_it_is_shown(lived):
    recorded = decisions(returns, Window.of_days("2024-01-22", "2024-02-05"), lived.home)

    assert lived.metadata(DECISION, "2024-01-22") == {"retrain": True, "reason": "no champion yet"}
    shown = lived.metadata(DECISION, "2024-01-29")
    assert (shown["retrain"], shown["reason"]) == (True, "the champion is 7 days old")
    # predictions of 22 to 25 January had matured: due after a day, settled by the third
    assert shown["matured_labels"] == 80
    assert dict(recorded[midnight("2024-01-29")].numbers).items() <= shown.items()


def test_without_a_candidate_there_is_no_champion(tmp_path):
    with opened(Home(tmp_path), definitions()) as shop:
        run = shop.once("train_returns", None, CHAMPION)

        assert not run.success
        failure = str(run.get_step_failure_events()[0].step_failure_data.error)
        assert "returns has no candidate: materialize models/returns first" in failure


def test_a_rejected_candidate_warns_and_nobody_serves(own_shop):
    strict = evolve(returns, gates=[BeatsBaseline(margin=0.9)])
    with opened(own_shop, definitions(model=strict)) as living:
        assert living.once("train_returns", "2024-01-22").success

        assert living.checks(CHAMPION, "gates") == {"2024-01-22": "FAILED", None: "FAILED"}
        shown = living.metadata(CHAMPION)
        assert (shown["version"], shown["cutoff"], shown["judged now"]) == (0, "none", 1)
        assert living.event(CHAMPION).tags["dagster/data_version"] == "none"
        assert own_shop.registry.serving(strict.name, midnight("2024-02-01")) is None

        assert living.once("train_returns", None, CHAMPION).success, "nothing waits: the last verdict is shown again"
        assert (living.metadata(CHAMPION)["judged now"], living.checks(CHAMPION, "gates")[None]) == (0, "FAILED")
