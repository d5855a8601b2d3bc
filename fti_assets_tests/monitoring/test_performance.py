"""Monitoring: measured once, when the labels have matured, and from nothing that was known later."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from attrs import evolve

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.label import Label
from fti_assets.contracts.model import Model
from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.inference.batch import issue
from fti_assets.monitoring.performance import DayWatched, labels_of, maturing_days, watch
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import (
    ALL_ORDERS,
    LAST_DAY,
    Order,
    as_given,
    order_source,
    orders,
    outcome_source,
    outcomes,
    returns,
)

WATCHED = Predictions(returns)
ISSUED = Window.of_days("2024-01-26", "2024-02-01")
MATURED = Window.of_days("2024-01-29", "2024-02-04")
TRUTH = ALL_ORDERS.set_index("order_id")["is_returned"]


def test_a_prediction_matures_when_its_horizon_has_passed_for_the_whole_day() -> None:
    label = returns.view.label
    for hours, days in ((1, 2), (24, 2), (25, 3), (48, 3)):
        view = evolve(returns.view, label=Label(label.group, label.columns, timedelta(hours=hours)))
        assert maturing_days(evolve(returns, view=view)) == days


def _naive(home: Home, day: date) -> dict[str, float]:
    """The figures of a day's predictions from the truth, by loops."""
    log = home.prediction_log.read(returns, Window.of_days(day, day))
    pairs = [(float(TRUTH[order]), said) for order, said in log.select("order_id", "prediction").iter_rows()]
    version = home.registry.get("returns", log["model_version"][0])
    share = version.read_json("metrics.json")["baseline"]
    ones, zeros = [s for y, s in pairs if y], [s for y, s in pairs if not y]
    won = sum((a > b) + 0.5 * (a == b) for a in ones for b in zeros)
    return {
        "mean_prediction": sum(s for _, s in pairs) / len(pairs),
        "mean_label": len(ones) / len(pairs),
        "loss": -sum(np.log(s if y else 1 - s) for y, s in pairs) / len(pairs),
        "baseline_loss": -sum(np.log(share if y else 1 - share) for y, _ in pairs) / len(pairs),
        "brier": sum((s - y) ** 2 for y, s in pairs) / len(pairs),
        "auc": won / (len(ones) * len(zeros)),
        "calibration_gap": sum(s - y for y, s in pairs) / len(pairs),
    }


def test_the_figures_are_those_of_a_naive_recomputation(served: Home) -> None:
    issue(returns, ISSUED, served)
    watched = watch(WATCHED, MATURED, served)
    assert [w.predicted_on.date() for w in watched] == ISSUED.days
    assert [w.day for w in watched] == [midnight(day) for day in MATURED.days]
    assert [w.model_version for w in watched] == [1, 1, 1, 2, 2, 2, 2]
    for row in watched:
        assert (row.predictions, row.labels) == (20, 20)
        figures = asdict(row)
        expected = _naive(served, row.predicted_on.date())
        assert {name: figures[name] for name in expected} == pytest.approx(expected)


def test_what_was_watched_is_in_the_table_and_watching_again_changes_nothing(served: Home) -> None:
    issue(returns, ISSUED, served)
    watched = watch(WATCHED, MATURED, served)
    table = served.monitoring.read("performance", "returns", MATURED)
    assert [DayWatched(**row) for row in table.iter_rows(named=True)] == watched
    assert watch(WATCHED, MATURED, served) == watched
    assert served.monitoring.read("performance", "returns", MATURED).equals(table)


def test_a_day_alone_says_what_it_says_in_a_range(served: Home) -> None:
    issue(returns, ISSUED, served)
    at_once = watch(WATCHED, MATURED, served)
    assert [watch(WATCHED, part, served)[0] for part in MATURED.split(1)] == at_once


def _flipped(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(is_returned=~rows["is_returned"])


@pytest.mark.parametrize("change", [_flipped, lambda rows: rows.iloc[::2], lambda rows: rows.iloc[:0]])
def test_nothing_that_was_known_on_the_day_or_later_is_read(
    own_served: Home, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    issue(returns, ISSUED, own_served)
    day = Window.of_days("2024-02-02", "2024-02-02")
    before = watch(WATCHED, day, own_served)
    later = Window.of_days("2024-02-02", LAST_DAY)
    altered = outcomes.computed(lambda rows: change(rows).reset_index(drop=True), outcome_source)
    materialize(altered, later, own_served.features)
    cheaper = orders.computed(lambda rows: rows.assign(quantity=50), order_source)
    materialize(cheaper, later, own_served.features)
    issue(returns, Window.of_days("2024-02-02", "2024-02-05"), own_served)  # profiles of the day and after
    assert watch(WATCHED, day, own_served) == before


def test_nor_does_a_day_within_a_range_see_what_was_known_after_it(own_served: Home) -> None:
    issue(returns, ISSUED, own_served)
    first = watch(WATCHED, MATURED, own_served)[0]
    materialize(
        outcomes.computed(_flipped, outcome_source), Window.of_days("2024-01-29", LAST_DAY), own_served.features
    )
    again = watch(WATCHED, MATURED, own_served)
    assert again[0] == first
    assert again[-1].mean_label != pytest.approx(_naive(own_served, again[-1].predicted_on.date())["mean_label"])


def test_labels_are_needed_for_each_day_before(served: Home) -> None:
    last = Window.of_days(LAST_DAY, LAST_DAY + timedelta(days=1))
    watch(WATCHED, last, served)  # the 15th needs labels of the 14th and before
    with pytest.raises(MissingPartitions, match="outcome was not materialized for 2024-02-15"):
        watch(WATCHED, Window.of_days("2024-02-16", "2024-02-16"), served)


def test_a_label_that_never_came_is_not_measured(own_served: Home) -> None:
    issue(returns, ISSUED, own_served)
    some = outcomes.computed(lambda rows: rows[rows["customer"] == "ada"].reset_index(drop=True), outcome_source)
    materialize(some, Window.of_days("2024-01-26", LAST_DAY), own_served.features)
    row = watch(WATCHED, Window.of_days("2024-02-01", "2024-02-01"), own_served)[0]
    log = own_served.prediction_log.read(returns, Window.of_days("2024-01-29", "2024-01-29"))
    ada = set(ALL_ORDERS[ALL_ORDERS["customer"] == "ada"]["order_id"])
    said = log.filter(pl.col("order_id").is_in(ada))["prediction"]
    assert (row.predictions, row.labels) == (20, len(said))
    assert row.mean_prediction == pytest.approx(said.mean())


def test_days_without_predictions_say_so_and_nothing_else(served: Home) -> None:
    row = watch(WATCHED, Window.of_days("2024-01-20", "2024-01-20"), served)[0]
    assert row == DayWatched(midnight("2024-01-20"), midnight("2024-01-17"), None, 0, 0)
    assert len(served.monitoring.read("performance", "returns", Window.of_days("2024-01-20", "2024-01-20"))) == 1


def test_a_day_of_one_class_has_no_auc(own_served: Home) -> None:
    issue(returns, ISSUED, own_served)
    never = outcomes.computed(lambda rows: rows.assign(is_returned=False), outcome_source)
    materialize(never, Window.of_days("2024-01-26", LAST_DAY), own_served.features)
    row = watch(WATCHED, Window.of_days("2024-02-01", "2024-02-01"), own_served)[0]
    assert (row.labels, row.mean_label, row.auc) == (20, 0.0, None)
    assert row.loss is not None


def test_the_drift_of_a_shifted_feature_is_seen_and_of_others_not(own_served: Home) -> None:
    day = Window.of_days("2024-02-05", "2024-02-05")
    other = own_served.backtest("unshifted")
    for home, quantity in ((own_served, 9), (other, None)):
        if home is other:
            version = own_served.registry.get("returns", 2)
            files = {name: version.read(name) for name in version.manifest["files"]}
            home.registry.register("returns", files, cutoff=version.cutoff, facts={})
            home.registry.promote("returns", 1, who="a", why="b", effective=version.cutoff, expected=None)
        window = Window.of_days("2024-01-29", "2024-02-04")
        shifted = orders.computed(
            lambda rows, quantity=quantity: rows if quantity is None else rows.assign(quantity=quantity), order_source
        )
        materialize(shifted, window, own_served.features)
        issue(returns, window, home)
    row, usual = (watch(Predictions(returns, drift_days=3), day, home)[0] for home in (own_served, other))
    # without the shift one feature drifts: a week's count, which in training began at nothing
    assert (usual.drifted, usual.max_psi_feature) == (1, "is_returned_count_7d")
    assert row.max_psi is not None
    # and with it the quantity, and the amount, which is computed from it
    assert (row.drifted, row.max_psi_feature, row.max_psi > 5) == (3, "quantity", True)


def test_drift_compares_only_the_days_that_the_newest_version_profiled(served: Home) -> None:
    issue(returns, ISSUED, served)
    profiles = served.monitoring.read("profiles", "returns", ISSUED)
    # version 1 is said to have seen nothing but one bin
    odd = profiles.with_columns(
        pl.when(pl.col("model_version") == 1).then(pl.lit("[1, 2]")).otherwise("counts").alias("counts")
    )
    before = watch(WATCHED, Window.of_days("2024-02-01", "2024-02-01"), served)
    served.monitoring.write("profiles", "returns", odd, ISSUED)
    assert watch(WATCHED, Window.of_days("2024-02-01", "2024-02-01"), served) == before
    assert json.loads(odd["counts"][0]) == [1, 2]


visits = FeatureGroup(Order, keys="customer", event_time="placed_at", name="visits")
per_visit = Model(
    "visits",
    view=FeatureView(spine=visits, label=outcomes["is_returned"].within(days=2), features=[visits["quantity"]]),
    holdout="7d",
)


def test_labels_are_found_where_a_customer_is_predicted_many_times_a_day(own_served: Home) -> None:
    materialize(visits.computed(as_given, order_source), ISSUED, own_served.features)
    rows = own_served.features.read(visits, ISSUED).sample(fraction=1, shuffle=True, seed=0)
    log = rows.select("customer", pl.col("placed_at").alias("predicted_for"))
    labels = labels_of(per_visit, log, ISSUED, own_served)
    assert labels.tolist() == [float(TRUTH[order]) for order in rows["order_id"]]
