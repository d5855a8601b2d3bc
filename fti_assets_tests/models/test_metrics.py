import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.models import metrics

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6).map(lambda i: i / 6)), min_size=1, max_size=40)
FIGURES = [
    partial(metrics.loss, "log_loss"),
    partial(metrics.loss, "rmse"),
    metrics.brier,
    metrics.auc,
    metrics.calibration_gap,
    metrics.expected_calibration_error,
]


def pairwise_auc(label: list[int], p: list[float]) -> float:
    wins = [
        float(a > b) + 0.5 * (a == b)
        for a, x in zip(p, label, strict=True)
        if x
        for b, y in zip(p, label, strict=True)
        if not y
    ]
    return sum(wins) / len(wins) if wins else math.nan


@given(ROWS)
@settings(max_examples=150, deadline=None)
def test_auc_is_the_share_of_pairs_ranked_right_with_ties_counted_half(rows: list[tuple[int, float]]) -> None:
    label, p = [y for y, _ in rows], [x for _, x in rows]
    assert metrics.auc(label, p) == pytest.approx(pairwise_auc(label, p), nan_ok=True, abs=1e-15)


@given(ROWS)
@settings(max_examples=100, deadline=None)
def test_losses_equal_a_naive_loop(rows: list[tuple[int, float]]) -> None:
    label, p = [y for y, _ in rows], [x for _, x in rows]
    clipped = [min(max(x, 1e-7), 1 - 1e-7) for x in p]
    nats = [-math.log(x) if y else -math.log(1 - x) for y, x in zip(label, clipped, strict=True)]
    errors = [x - y for y, x in zip(label, p, strict=True)]
    n = len(rows)
    assert metrics.loss("log_loss", label, p) == pytest.approx(sum(nats) / n)
    assert metrics.brier(label, p) == pytest.approx(sum(e * e for e in errors) / n)
    assert metrics.loss("rmse", label, p) == pytest.approx(math.sqrt(sum(e * e for e in errors) / n))
    assert metrics.calibration_gap(label, p) == pytest.approx(sum(errors) / n)


def test_known_answers() -> None:
    label, p = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]
    assert metrics.auc(label, p) == 0.75
    assert metrics.loss("log_loss", [1, 0], [0.5, 0.5]) == pytest.approx(math.log(2))
    assert metrics.loss("log_loss", [1], [0.0]) == pytest.approx(-math.log(1e-7))
    assert metrics.brier([True, False], [1.0, 0.5]) == 0.125
    assert metrics.calibration_gap([0, 1], [0.75, 0.75]) == 0.25
    assert metrics.loss("rmse", [0, 0], [3, 4]) == pytest.approx(math.sqrt(12.5))


def test_auc_of_one_class_or_of_missing_values_is_nan() -> None:
    assert math.isnan(metrics.auc([1, 1], [0.2, 0.3]))
    assert math.isnan(metrics.auc([0, 0], [0.2, 0.3]))
    assert math.isnan(metrics.auc([0, 1, 1], [0.2, 0.3, math.nan]))
    assert math.isnan(metrics.auc([0, 1, math.nan], [0.2, 0.3, 0.4]))


def test_auc_of_many_rows_is_exact() -> None:
    n = 400_000
    p = np.arange(n, dtype=float)
    assert metrics.auc(p >= n / 2, p) == 1.0
    assert metrics.auc(p < n / 2, p) == 0.0


def test_expected_calibration_error_sees_what_the_gap_cancels() -> None:
    label, p = [1, 1, 0, 0], [0.2, 0.2, 0.8, 0.8]
    assert metrics.calibration_gap(label, p) == pytest.approx(0)
    assert metrics.expected_calibration_error(label, p, bins=2) == pytest.approx(0.8)
    assert metrics.expected_calibration_error(label, p, bins=1) == pytest.approx(0)


def test_calibration_bins_hold_equally_many_rows_where_there_are_no_ties() -> None:
    p = np.linspace(0, 1, 100)
    predicted, observed, rows = metrics.calibration_bins(p > 0.5, p)
    assert rows.tolist() == [10.0] * 10
    assert observed.tolist() == [0.0] * 5 + [1.0] * 5
    assert predicted[0] == pytest.approx(p[:10].mean())


@given(ROWS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_calibration_bins_keep_ties_together_whatever_the_order_of_rows(rows: list[tuple[int, float]], random) -> None:
    shuffled = random.sample(rows, len(rows))
    first = metrics.calibration_bins([y for y, _ in rows], [x for _, x in rows])
    second = metrics.calibration_bins([y for y, _ in shuffled], [x for _, x in shuffled])
    assert sum(first[2]) == len(rows)
    assert (np.diff(first[0]) > 0).all()
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("metric", ["log_loss", "rmse"])
def test_the_loss_is_made_of_its_rows(metric: str) -> None:
    label, p = [0, 1, 1], [0.25, 0.5, 0.875]
    losses = metrics.row_losses(metric, label, p)
    assert losses.shape == (3,)
    assert metrics.overall(metric, losses) == metrics.loss(metric, label, p)


@pytest.mark.parametrize("figure", FIGURES)
def test_no_rows_and_unequal_lengths_are_refused(figure) -> None:
    with pytest.raises(ValueError, match="no rows"):
        figure([], [])
    with pytest.raises(ValueError, match=r"labels of shape \(2,\), predictions of shape \(1,\)"):
        figure([0, 1], [0.5])


@pytest.mark.parametrize("figure", FIGURES)
def test_a_missing_prediction_makes_every_figure_nan(figure) -> None:
    assert math.isnan(figure([0, 1, 1], [0.25, math.nan, 0.5]))


def test_an_unknown_loss_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="no loss 'accuracy'; there are: log_loss, rmse"):
        metrics.loss("accuracy", [0], [0.5])


def test_no_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="bins=0"):
        metrics.expected_calibration_error([0], [0.5], bins=0)
