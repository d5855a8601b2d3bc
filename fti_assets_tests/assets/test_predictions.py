import polars as pl
import pytest

from fti_assets.assets.inference_pipeline import inference_pipeline
from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.time import Window
from fti_assets_tests.assets.living_shop import (
    CHAMPION,
    FIRST_CUTOFF,
    MONITORING,
    PREDICTIONS,
    SINCE,
    UNTIL,
    definitions,
    opened,
)
from fti_assets_tests.worlds import returns

LIVED = Window.of_days("2024-01-22", "2024-02-05")
DAYS = [str(day) for day in LIVED.days]


def test_each_day_is_predicted_by_its_own_champion_although_a_newer_one_serves(lived):
    """The second week was predicted when versions 2 and 3 had both been promoted."""
    assert lived.partitions(PREDICTIONS) == lived.partitions(MONITORING) == DAYS
    used = {day: lived.metadata(PREDICTIONS, day)["model version"] for day in DAYS}
    assert used == {day: 1 if day < "2024-01-29" else 2 if day < "2024-02-05" else 3 for day in DAYS}


def test_a_partition_shows_its_rows_and_mean_prediction(lived):
    log = lived.home.prediction_log.read(returns, Window.of_days("2024-02-02", "2024-02-02"))
    shown = lived.metadata(PREDICTIONS, "2024-02-02")

    assert shown == {
        "dagster/partition_row_count": 20,
        "model version": 2,
        "mean prediction": pytest.approx(log["prediction"].mean()),
    }


def test_an_issued_day_is_kept_and_says_so(lived):
    """22 January was run again after two promotions."""
    log = lived.home.prediction_log.read(returns, LIVED)
    first_day = log.filter(pl.col("predicted_for").dt.date() == LIVED.days[0])
    second_day = log.filter(pl.col("predicted_for").dt.date() == LIVED.days[1])
    shown = lived.metadata(PREDICTIONS, "2024-01-22")

    assert (shown["issued before"], shown["model version"], len(first_day)) == (True, 1, 20)
    assert first_day["run_id"].unique().to_list() == second_day["run_id"].unique().to_list()
    assert "issued before" not in lived.metadata(PREDICTIONS, "2024-01-23")


def test_a_partition_names_the_champion_that_it_depends_on(lived):
    tags = lived.event(PREDICTIONS, "2024-02-05").tags

    assert tags["dagster/input_data_version/champion/returns"] == lived.event(CHAMPION).tags["dagster/data_version"]


def test_a_day_shows_the_figures_of_the_day_whose_labels_matured(lived):
    # orders of 30 January: due on the 31st, settled two hours later, within two days of horizon
    shown = lived.metadata(MONITORING, "2024-02-02")

    assert (shown["predicted_on"], shown["predictions"], shown["labels"]) == ("2024-01-30", 20, 20)
    assert (shown["model_version"], shown["mean_label"]) == (2, pytest.approx(0.3))
    assert shown["loss"] < shown["baseline_loss"]
    assert lived.metadata(MONITORING, "2024-01-22") == {"predicted_on": "2024-01-19", "predictions": 0, "labels": 0}


def test_a_range_is_drawn(lived):
    shown = lived.metadata(MONITORING, "2024-02-02")

    assert {"loss by day", "calibration gap by day", "largest PSI by day"} <= set(shown)


def test_drift_is_checked_day_by_day(lived):
    checks = lived.checks(MONITORING, "drift")
    drifted = {day: bool(lived.metadata(MONITORING, day).get("drifted")) for day in DAYS}

    assert {day: status == "FAILED" for day, status in checks.items() if day} == drifted
    assert not any(drifted.values()), "no feature of the shop leaves its profile twice in a row"
    assert lived.check_metadata(MONITORING, "drift") == {"days that drift": 0}, "22 January alone, the last run"


def test_without_a_champion_nothing_is_issued(own_shop):
    with opened(own_shop, definitions()) as shop:
        run = shop.days("predict", "2024-01-22", "2024-01-23")

        assert not run.success
        assert "NoChampion" in str(run.get_step_failure_events()[0].step_failure_data.error)
        assert shop.partitions(PREDICTIONS) == shop.partitions(MONITORING) == []
        assert own_shop.prediction_log.missing(returns, LIVED.days) == LIVED.days


def test_the_drift_window_reaches_as_far_as_it_is_told():
    dates = {"since": SINCE, "first_day": FIRST_CUTOFF, "until": UNTIL}
    graph = inference_pipeline(Predictions(returns, drift_days=14), **dates).resolve_asset_graph()

    assert graph.get(MONITORING).partition_mappings[PREDICTIONS].start_offset == -28
