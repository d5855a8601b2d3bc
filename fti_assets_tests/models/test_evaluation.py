from math import isnan, log, sqrt

import numpy as np
import pandas as pd
import pytest

from fti_assets.models.evaluation import compare, evaluate, metric_of

IS_LATE = np.array([1.0, 0.0, 1.0, 0.0])
CHANCE = np.array([0.8, 0.2, 0.8, 0.2])
SHOPS = pd.Series(["b", "a", None, "b"], dtype="str")


def test_a_yes_or_no_label_is_judged_by_log_loss_beside_a_constant() -> None:
    found = evaluate(True, IS_LATE, CHANCE, 0.5, {"shop": SHOPS})
    assert (found.metric, found.rows, found.auc, found.champion) == ("log_loss", 4, 1.0, None)
    assert found.loss == pytest.approx(-log(0.8))
    assert found.baseline_loss == pytest.approx(-log(0.5))
    assert found.calibration_gap == pytest.approx(0.0)
    assert {value: figures["rows"] for value, figures in found.slices["shop"].items()} == {"a": 1, "b": 2}
    assert found.slices["shop"]["b"]["loss"] == pytest.approx(-log(0.8))


def test_a_number_is_judged_by_the_root_of_its_mean_squared_error() -> None:
    found = evaluate(False, np.array([10.0, 20.0]), np.array([12.0, 24.0]), 15.0, {})
    assert (found.metric, found.auc, found.slices) == (metric_of(False), None, {})
    assert found.loss == pytest.approx(sqrt((4 + 16) / 2))
    assert found.baseline_loss == pytest.approx(5.0)
    assert found.calibration_gap == pytest.approx(3.0)


def test_the_candidate_gains_what_the_champion_loses_more() -> None:
    days = np.array(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"])
    found = compare(True, IS_LATE, CHANCE, np.full(4, 0.5), days, version=3)
    assert (found.version, found.rows) == (3, 4)
    assert found.gain == pytest.approx(found.champion_loss - found.candidate_loss) == pytest.approx(log(0.8 / 0.5))
    assert found.low <= found.gain <= found.high
    assert compare(True, IS_LATE, CHANCE, CHANCE, days, version=3).gain == 0.0


def test_no_common_rows_give_no_figures() -> None:
    nothing = np.empty(0)
    found = compare(True, nothing, nothing, nothing, nothing, version=3)
    assert found.rows == 0
    assert isnan(found.gain)
