from dataclasses import replace
from math import inf, nan

import pytest

from fti_assets.contracts.evaluation import Comparison, Evaluation
from fti_assets.contracts.gates import BeatsBaseline, BeatsChampion, Gate, MaxCalibrationGap, SliceFloor

EVALUATION = Evaluation("log_loss", rows=1000, loss=0.4, baseline_loss=0.5, calibration_gap=0.01)
COMPARISON = Comparison(3, rows=900, candidate_loss=0.4, champion_loss=0.45, gain=0.05, low=0.01, high=0.09)


def sliced(loss: float, baseline_loss: float, rows: float = 600) -> Evaluation:
    good = {"rows": 800.0, "loss": 0.4, "baseline_loss": 0.5}
    return replace(
        EVALUATION, slices={"shop": {"a": good, "b": {"rows": rows, "loss": loss, "baseline_loss": baseline_loss}}}
    )


@pytest.mark.parametrize(
    ("gate", "evaluation", "passed"),
    [
        (BeatsBaseline(), EVALUATION, True),
        (BeatsBaseline(0.19), EVALUATION, True),
        (BeatsBaseline(0.21), EVALUATION, False),
        (BeatsBaseline(), replace(EVALUATION, loss=0.5), False),
        (BeatsBaseline(), replace(EVALUATION, loss=nan), False),
        (BeatsBaseline(), replace(EVALUATION, loss=-inf), False),
        (BeatsBaseline(), replace(EVALUATION, baseline_loss=inf), False),
        (BeatsBaseline(), replace(EVALUATION, loss=0.0, baseline_loss=0.0), False),
        (BeatsBaseline(), replace(EVALUATION, rows=0), False),
        (BeatsBaseline(nan), EVALUATION, False),
        (BeatsChampion(), EVALUATION, True),
        (BeatsChampion(), replace(EVALUATION, champion=COMPARISON), True),
        (BeatsChampion(0.05), replace(EVALUATION, champion=COMPARISON), False),
        (BeatsChampion(), replace(EVALUATION, champion=replace(COMPARISON, gain=0.0)), False),
        (BeatsChampion(), replace(EVALUATION, champion=replace(COMPARISON, gain=nan)), False),
        (BeatsChampion(), replace(EVALUATION, champion=replace(COMPARISON, rows=0)), False),
        (MaxCalibrationGap(0.01), EVALUATION, True),
        (MaxCalibrationGap(0.01), replace(EVALUATION, calibration_gap=-0.011), False),
        (MaxCalibrationGap(0.01), replace(EVALUATION, calibration_gap=nan), False),
        (MaxCalibrationGap(nan), EVALUATION, False),
        (SliceFloor("shop"), EVALUATION, False),
        (SliceFloor("shop"), sliced(0.52, 0.5), True),
        (SliceFloor("shop"), sliced(0.53, 0.5), False),
        (SliceFloor("shop"), sliced(nan, 0.5), False),
        (SliceFloor("shop"), sliced(0.5, nan), False),
        (SliceFloor("shop"), sliced(0.1, 0.0), False),
        (SliceFloor("shop"), sliced(0.0, 0.0), True),
        (SliceFloor("shop"), sliced(9.0, 0.5, rows=499), True),
        (SliceFloor("shop", min_rows=801), sliced(0.4, 0.5), False),
    ],
)
def test_a_gate_passes_on_good_figures_and_fails_without_them(gate: Gate, evaluation: Evaluation, passed: bool) -> None:
    assert gate.judge(evaluation).passed is passed


def test_a_verdict_says_the_numbers() -> None:
    champion = replace(EVALUATION, champion=COMPARISON)
    assert BeatsBaseline().judge(EVALUATION).reason == "log_loss 0.4000 against 0.5000, +20.0%"
    assert BeatsChampion().judge(champion).reason == (
        "log_loss 0.4000 against version 3's 0.4500 on 900 rows, gain +0.0500 [+0.0100, +0.0900]"
    )
    assert BeatsChampion().judge(EVALUATION).reason == "no champion yet"
    assert MaxCalibrationGap(0.05).judge(EVALUATION).reason == "+0.0100, at most 0.05"
    assert SliceFloor("shop").judge(sliced(0.53, 0.5)).reason == "worst of 2 is b: +6.0% against its baseline"
    assert SliceFloor("shop").judge(EVALUATION).reason == "shop was not sliced"
