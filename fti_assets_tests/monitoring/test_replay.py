"""Ways of retraining, compared on the same rows."""

from datetime import timedelta

import numpy as np
import pytest

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.time import Window, midnight
from fti_assets.inference.batch import issue
from fti_assets.models.scorer import Scorer
from fti_assets.monitoring.replay import Lived
from fti_assets.stores.home import Home
from fti_assets.training.backtest import trained_at
from fti_assets_tests.worlds import ALL_ORDERS, FIRST_DAY, LAST_DAY, returns

DAYS = Window.of_days("2024-01-30", "2024-02-02")
TRUTH = ALL_ORDERS.set_index("order_id")["is_returned"].astype(float)


def test_it_holds_each_row_with_its_label(served: Home) -> None:
    lived = Lived.through(returns, DAYS, served)
    assert len(lived.frame) == 80
    assert lived.label.tolist() == TRUTH[lived.frame["order_id"]].tolist()


def test_a_row_whose_label_is_not_final_yet_has_none(served: Home) -> None:
    lived = Lived.through(returns, Window.of_days("2024-02-12", LAST_DAY), served)
    matured = lived.frame["placed_at"] + returns.view.label.horizon < midnight("2024-02-15")
    assert np.isnan(lived.label).tolist() == (~matured).tolist()
    assert lived.figures(np.full(60, 0.5))["all"].rows == (~np.isnan(lived.label)).sum()


def test_a_day_whose_labels_were_never_written_is_named(served: Home) -> None:
    with pytest.raises(MissingPartitions, match="outcome was not materialized for 2024-02-15"):
        Lived.through(returns, Window.of_days(LAST_DAY, LAST_DAY + timedelta(days=1)), served)


def test_one_version_gives_the_predictions_that_were_issued(served: Home) -> None:
    issue(returns, DAYS, served)
    lived = Lived.through(returns, DAYS, served)
    version = served.registry.get("returns", 2)
    assert lived.under([(version.cutoff, version)]).tolist() == (
        served.prediction_log.read(returns, DAYS)["prediction"].to_list()
    )


def test_what_was_issued_is_found_for_each_row_and_nothing_for_the_rest(served: Home) -> None:
    issue(returns, Window.of_days("2024-01-31", "2024-02-01"), served)
    lived = Lived.through(returns, DAYS, served)
    issued = lived.issued(DAYS, served)
    assert np.isnan(issued).tolist() == [True] * 20 + [False] * 40 + [True] * 20
    assert issued[20:60].tolist() == served.prediction_log.read(returns, DAYS)["prediction"].to_list()


@pytest.mark.parametrize("order", [1, -1])
def test_the_schedule_of_the_champions_gives_the_predictions_that_were_issued(served: Home, order: int) -> None:
    window = Window.of_days("2024-01-26", "2024-01-31")
    issue(returns, window, served)
    schedule = [(v.cutoff, v) for v in served.registry.versions("returns")]
    lived = Lived.through(returns, window, served)
    issued = served.prediction_log.read(returns, window)["prediction"].to_list()
    assert lived.under(schedule[::order]).tolist() == issued


def test_rows_before_the_first_version_have_no_prediction_and_no_figure(served: Home) -> None:
    lived = Lived.through(returns, Window.of_days("2024-01-21", "2024-01-22"), served)
    version = served.registry.get("returns", 1)
    said = lived.under([(version.cutoff, version)])
    assert np.isnan(said).tolist() == [True] * 20 + [False] * 20
    assert said[20:].tolist() == Scorer(version).predict(lived.frame[20:]).tolist()
    assert np.isnan(lived.constant([(version.cutoff, version)])[:20]).all()
    assert np.isnan(lived.figures(said)["all"].loss)


def test_the_constant_of_each_version_is_its_training_mean(served: Home) -> None:
    window = Window.of_days("2024-01-28", "2024-01-29")
    schedule = [(v.cutoff, v) for v in served.registry.versions("returns")]
    means = [
        TRUTH[(ALL_ORDERS["placed_at"] + returns.view.label.horizon < cutoff).to_numpy()].mean()
        for cutoff, _ in schedule
    ]
    constant = Lived.through(returns, window, served).constant(schedule)
    assert constant == pytest.approx(np.repeat(means, 20))


def test_the_figures_of_each_month_are_those_of_its_rows(served: Home) -> None:
    lived = Lived.through(returns, DAYS, served)
    half = np.full(80, 0.5)
    coins, oracles = lived.figures(half), lived.figures(lived.label * 0.8 + 0.1)
    assert list(coins) == ["2024-01", "2024-02", "all"]
    for name, rows in (("2024-01", slice(0, 40)), ("2024-02", slice(40, 80)), ("all", slice(0, 80))):
        label = lived.label[rows]
        coin, oracle = coins[name], oracles[name]
        assert (coin.rows, coin.auc) == (len(label), None)
        assert coin.loss == pytest.approx(np.log(2))
        assert coin.calibration_gap == pytest.approx(0.5 - label.mean())
        assert (oracle.rows, oracle.auc) == (len(label), 1.0)
        assert oracle.loss == pytest.approx(-np.log(0.9))


def test_versions_are_the_homes_own_where_it_has_them_and_else_trained_aside(own_served: Home) -> None:
    scope = own_served.backtest("every_week")
    cutoffs = [midnight("2024-01-29"), midnight("2024-02-05")]
    schedule = trained_at(returns, cutoffs, midnight(FIRST_DAY), own_served, scope)
    assert [cutoff for cutoff, _ in schedule] == cutoffs
    own, aside = (version for _, version in schedule)
    assert own == own_served.registry.get("returns", 2)
    assert aside == scope.registry.get("returns", 1)
    assert aside.manifest["facts"]["trigger"] == "comparison"
    assert [v.version for v in own_served.registry.versions("returns")] == [1, 2]
    assert own_served.registry.history("returns")[-1].version == 2  # nobody was promoted
    again = trained_at(returns, cutoffs, midnight(FIRST_DAY), own_served, scope)
    assert again == schedule
    assert len(scope.registry.versions("returns")) == 1
