"""The summary as text; its numbers are looked at where a life is lived, in demo/test_life.py."""

from typing import Any

import pytest

from fti_assets.cli.demo_summary import print_summary


def month(loss: float, auc: float | None = 0.7) -> dict[str, Any]:
    return {"rows": 1234, "loss": loss, "auc": auc, "calibration_gap": -0.0123}


def told(capsys: pytest.CaptureFixture[str], metric: str, auc: float | None) -> list[str]:
    """The lines of a summary of one model with one version."""
    version = {"version": 1, "cutoff": "2024-01-22", "outcome": "promoted", "trigger": "no champion yet"}
    model = {
        "metric": metric,
        "rows": 1234,
        "gain over constant": {"this run": 0.25, "never retrain": 0.2, "constant": 0.0},
        "by month": {
            way: {"2024-01": month(loss, auc), "all": month(loss, auc)}
            for way, loss in {"this run": 0.3, "never retrain": 0.32, "constant": 0.4}.items()
        },
        "versions": [version | {"reason": "beats_baseline: " + "x" * 80}],
    }
    print_summary({"models": {"returns": model}, "seconds": {"train": 1.25}})
    return capsys.readouterr().out.splitlines()


def test_a_month_is_a_line_with_each_ways_loss(capsys):
    lines = told(capsys, "log_loss", 0.7)

    [january] = [line.split() for line in lines if line.startswith("2024-01 ")]
    assert january == ["2024-01", "1,234", "0.3000", "0.700", "-0.012", "0.3200", "0.4000"]


def test_the_constant_is_what_the_gains_are_over(capsys):
    assert "below the constant rate: this run 25.0%, never retrain 20.0%" in told(capsys, "log_loss", 0.7)


def test_a_number_has_no_auc_and_a_month_of_one_class_leaves_it_empty(capsys):
    header = next(line for line in told(capsys, "mae", None) if line.startswith("month"))
    one_class = next(line for line in told(capsys, "log_loss", None) if line.startswith("2024-01 "))

    assert "auc" not in header.split()
    assert len(one_class.split()) == 6


def test_versions_are_listed_with_their_whole_reasons(capsys):
    lines = told(capsys, "log_loss", 0.7)

    [version] = [line for line in lines if line.startswith("1  ")]
    assert version.endswith("x" * 80)
    assert "1 trained, 1 promoted, 0 rejected" in lines
    assert lines[-1].split() == ["train", "1.2"]
