"""Batch predictions: issued once, each day by its champion, whatever is killed or corrected in between."""

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from fti_assets.contracts.errors import AlreadyIssued, MissingPartitions, NoChampion
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.inference.batch import issue
from fti_assets.models.scorer import Scorer
from fti_assets.monitoring.drift import from_bytes
from fti_assets.monitoring.profiles import counts
from fti_assets.stores.home import Home
from fti_assets.stores.prediction_log import PredictionLog
from fti_assets.training.promotion import gate_candidates
from fti_assets.views.reading import read_view
from fti_assets_tests.worlds import LAST_DAY, order_source, orders, returns, train_candidate

CHANGE = date(2024, 1, 29)  # version 1 serves up to the day before it, version 2 from it on
DAYS = Window.of_days("2024-01-26", "2024-01-31")


def _profiles(home: Home) -> pl.DataFrame:
    return home.monitoring.read("profiles", "returns", DAYS)


def test_each_day_is_predicted_by_the_champion_as_of_its_first_instant(served: Home) -> None:
    issued = issue(returns, DAYS, served)
    assert [d.model_version for d in issued] == [1, 1, 1, 2, 2, 2]
    assert [(d.day, d.rows, d.kept) for d in issued] == [(day, 20, False) for day in DAYS.days]
    log = served.prediction_log.read(returns, DAYS)
    frame = read_view(returns.view, DAYS, served.features)
    assert log["order_id"].to_list() == frame["order_id"].to_list()
    is_first = (frame["placed_at"] < midnight(CHANGE)).to_numpy()
    for number, rows in ((1, is_first), (2, ~is_first)):
        version = served.registry.get("returns", number)
        assert log["prediction"].to_numpy()[rows].tolist() == Scorer(version).predict(frame[rows]).tolist()
    assert issued[0].mean_prediction == pytest.approx(log["prediction"][:20].mean())


def test_every_row_names_the_version_its_content_and_the_run(served: Home) -> None:
    issue(returns, DAYS, served, run_id="run 7")
    log = served.prediction_log.read(returns, DAYS)
    contents = {number: served.registry.get("returns", number).content_id for number in (1, 2)}
    assert log["content_id"].to_list() == [contents[number] for number in log["model_version"]]
    assert set(log["run_id"]) == {"run 7"}
    assert log.null_count().sum_horizontal().item() == 0


def test_issued_days_never_change_when_features_are_corrected(own_served: Home) -> None:
    issue(returns, DAYS, own_served, run_id="first")
    before, profiles = own_served.prediction_log.read(returns, DAYS), _profiles(own_served)
    materialize(orders.computed(lambda rows: rows.assign(quantity=9), order_source), DAYS, own_served.features)
    again = issue(returns, DAYS, own_served, run_id="second")
    assert all(day.kept for day in again)
    assert own_served.prediction_log.read(returns, DAYS).equals(before)
    assert _profiles(own_served).equals(profiles)


def test_issued_days_never_change_when_a_new_champion_comes(served: Home) -> None:
    issue(returns, Window.of_days("2024-01-26", "2024-01-30"), served)
    before = served.prediction_log.read(returns, DAYS)
    train_candidate(served, date(2024, 1, 27))
    assert gate_candidates(returns, served, who="a test")[0].promoted
    last = issue(returns, DAYS, served)[-1]
    # version 3 is of the 27th, so version 2 of the 29th still serves after it; the 27th itself was issued
    assert (last.model_version, last.kept) == (2, False)
    assert served.prediction_log.read(returns, DAYS).head(len(before)).equals(before)


def test_a_resumed_range_issues_only_the_missing_days(served: Home) -> None:
    issue(returns, Window.of_days("2024-01-27", "2024-01-27"), served, run_id="one day")
    issue(returns, Window.of_days("2024-01-30", "2024-01-30"), served, run_id="another")
    issued = issue(returns, DAYS, served, run_id="all")
    assert [day.kept for day in issued] == [False, True, False, False, True, False]
    assert [day.model_version for day in issued] == [1, 1, 1, 2, 2, 2]
    log = served.prediction_log.read(returns, DAYS)
    by_day = [runs.unique().to_list() for runs in (log["run_id"][n : n + 20] for n in range(0, 120, 20))]
    assert by_day == [["all"], ["one day"], ["all"], ["all"], ["another"], ["all"]]


def test_a_day_at_a_time_gives_the_same_log_and_profiles_as_a_range(own_served: Home) -> None:
    issue(returns, DAYS, own_served)
    at_once, profiles = own_served.prediction_log.read(returns, DAYS), _profiles(own_served)
    other = own_served.backtest("day_by_day")
    for number in (1, 2):
        version = own_served.registry.get("returns", number)
        files = {name: version.read(name) for name in version.manifest["files"]}
        other.registry.register("returns", files, cutoff=version.cutoff, facts={})
        expected = number - 1 or None
        other.registry.promote(
            "returns", number, who="a test", why="copied", effective=version.cutoff, expected=expected
        )
    for part in DAYS.split(1):
        issue(returns, part, other)
    assert other.prediction_log.read(returns, DAYS).equals(at_once)
    assert _profiles(other).equals(profiles)


def test_a_kill_between_profile_and_predictions_heals(own_served: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_given: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PredictionLog, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            issue(returns, DAYS, own_served)
    assert own_served.prediction_log.missing(returns, DAYS.days) == DAYS.days
    assert not _profiles(own_served).is_empty()  # of days that were not issued
    materialize(orders.computed(lambda rows: rows.assign(quantity=3), order_source), DAYS, own_served.features)
    issue(returns, DAYS, own_served)
    reference = from_bytes(own_served.registry.get("returns", 1).read("reference.json"))
    frame = read_view(returns.view, Window.of_days("2024-01-26", "2024-01-26"), own_served.features)
    rows = _profiles(own_served).filter(pl.col("day") == midnight("2024-01-26"))
    healed = {feature: json.loads(text) for feature, text in rows.select("feature", "counts").iter_rows()}
    assert healed == {name: found.tolist() for name, found in counts(frame, reference.bins).items()}
    assert len(rows) == len(returns.view.columns)  # no second copy of the day


def test_profiles_hold_each_row_of_the_day_once_in_the_bins_of_its_version(served: Home) -> None:
    issue(returns, DAYS, served)
    profiles = _profiles(served)
    assert profiles["model_version"].to_list() == [
        1 if day < midnight(CHANGE) else 2 for day in profiles["day"].to_list()
    ]
    assert [sum(json.loads(text)) for text in profiles["counts"]] == [20] * len(profiles)


def test_no_champion_on_one_of_the_days_writes_nothing(served: Home) -> None:
    window = Window.of_days("2024-01-21", "2024-01-23")  # version 1 serves from the 22nd on
    with pytest.raises(NoChampion, match="no champion as of 2024-01-21"):
        issue(returns, window, served)
    assert served.prediction_log.missing(returns, window.days) == window.days
    assert served.monitoring.missing("profiles", "returns", window.days) == window.days


def test_a_day_without_features_is_named_and_writes_nothing(served: Home) -> None:
    window = Window.of_days(LAST_DAY, LAST_DAY + timedelta(days=1))
    with pytest.raises(MissingPartitions, match="2024-02-15"):
        issue(returns, window, served)
    assert served.prediction_log.missing(returns, window.days) == window.days


def test_a_day_without_orders_is_issued_empty_and_stays_so(own_served: Home) -> None:
    closed = Window.of_days("2024-01-27", "2024-01-27")
    materialize(orders.computed(lambda rows: rows.iloc[:0], order_source), closed, own_served.features)
    assert [(d.rows, d.model_version, d.mean_prediction, d.kept) for d in issue(returns, closed, own_served)] == [
        (0, None, None, False)
    ]
    materialize(orders.computed(lambda rows: rows, order_source), closed, own_served.features)
    assert [(d.rows, d.kept) for d in issue(returns, closed, own_served)] == [(0, True)]


def test_the_log_itself_refuses_an_issued_day(served: Home) -> None:
    issue(returns, DAYS, served)
    log = served.prediction_log.read(returns, DAYS)
    with pytest.raises(AlreadyIssued, match="2024-01-26"):
        served.prediction_log.append(returns, log.with_columns(prediction=pl.lit(0.5)), DAYS)
    assert np.array_equal(served.prediction_log.read(returns, DAYS)["prediction"], log["prediction"])
