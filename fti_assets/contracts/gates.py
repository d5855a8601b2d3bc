"""What a candidate must show before it serves. A gate that lacks its figures fails."""

from dataclasses import dataclass
from math import isfinite
from typing import Protocol

from fti_assets.contracts.evaluation import Evaluation


@dataclass(frozen=True)
class Verdict:
    """One gate's answer, with the numbers behind it.

    Attributes:
        gate: which gate answers.
        passed: whether the candidate may serve, as far as this gate goes.
        reason: the numbers, in a line.
    """

    gate: str
    passed: bool
    reason: str


class Gate(Protocol):
    """A question to an evaluation: a value with a method `judge`, and nothing else from here.

    With an attribute `column`, the name of a text feature, it finds that column's slices in the evaluation.

    Example:
        >>> from dataclasses import dataclass
        >>> import fti_assets as fti
        >>> @dataclass(frozen=True)
        ... class MinAuc:
        ...     least: float
        ...     def judge(self, evaluation: fti.Evaluation) -> fti.Verdict:
        ...         auc = evaluation.auc
        ...         return fti.Verdict("min_auc", auc is not None and auc >= self.least, f"AUC {auc}")
        >>> MinAuc(0.7).judge(fti.Evaluation("log_loss", 900, 0.52, 0.61, 0.01, auc=0.75)).passed
        True
    """

    def judge(self, evaluation: Evaluation) -> Verdict:
        """The answer and its reason."""


@dataclass(frozen=True)
class BeatsBaseline:
    """The loss is below the constant baseline's (the training mean) by a share of at least `margin`.

    Args:
        margin: 0.05 asks for a loss of at most 95 % of the baseline's.
    """

    margin: float = 0.0

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Pass when loss < (1 - margin) × baseline loss."""
        loss, baseline = evaluation.loss, evaluation.baseline_loss
        passed = evaluation.rows > 0 and isfinite(loss) and isfinite(baseline) and loss < (1 - self.margin) * baseline
        gain = 1 - loss / baseline if baseline else float("nan")
        return Verdict("beats_baseline", passed, f"{evaluation.metric} {loss:.4f} against {baseline:.4f}, {gain:+.1%}")


@dataclass(frozen=True)
class BeatsChampion:
    """The loss is below the champion's on the same rows by more than `margin`; a tie keeps the champion.

    Args:
        margin: in the unit of the metric.
    """

    margin: float = 0.0

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Pass when there is no champion yet, or the gain exceeds the margin."""
        compared = evaluation.champion
        if compared is None:
            return Verdict("beats_champion", True, "no champion yet")
        passed = compared.rows > 0 and isfinite(compared.gain) and compared.gain > self.margin
        reason = (
            f"{evaluation.metric} {compared.candidate_loss:.4f} against version {compared.version}'s "
            f"{compared.champion_loss:.4f} on {compared.rows:,} rows, gain {compared.gain:+.4f} "
            f"[{compared.low:+.4f}, {compared.high:+.4f}]"
        )
        return Verdict("beats_champion", passed, reason if compared.rows else "no rows that neither was fitted on")


@dataclass(frozen=True)
class MaxCalibrationGap:
    """The mean prediction is within `gap` of the mean label.

    Args:
        gap: in the label's unit: a share for a yes-or-no label.
    """

    gap: float

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Pass when |mean prediction - mean label| <= gap."""
        gap = evaluation.calibration_gap
        return Verdict("max_calibration_gap", isfinite(gap) and abs(gap) <= self.gap, f"{gap:+.4f}, at most {self.gap}")


@dataclass(frozen=True)
class SliceFloor:
    """No slice of `column` of `min_rows` rows or more is worse than the baseline there by a share above `tolerance`.

    Args:
        column: a text feature of the model's view.
        min_rows: smaller slices are not judged.
        tolerance: 0.05 allows a loss of 105 % of the baseline's.
    """

    column: str
    min_rows: int = 500
    tolerance: float = 0.05

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Pass when loss <= (1 + tolerance) × baseline loss in each slice that is large enough."""
        gate = f"slice_floor_{self.column}"
        slices = evaluation.slices.get(self.column)
        if slices is None:
            return Verdict(gate, False, f"{self.column} was not sliced")
        judged = {value: figures for value, figures in slices.items() if figures["rows"] >= self.min_rows}
        if not judged:
            return Verdict(gate, False, f"no {self.column} has {self.min_rows} rows")
        excess = {value: _excess(f["loss"], f["baseline_loss"]) for value, f in judged.items()}
        worst = max(excess, key=lambda value: excess[value])
        passed = excess[worst] <= self.tolerance
        return Verdict(gate, passed, f"worst of {len(judged)} is {worst}: {excess[worst]:+.1%} against its baseline")


def _excess(loss: float, baseline: float) -> float:
    """By which share a loss is above the baseline's; infinite when that cannot be said, so that a gate fails."""
    if not (isfinite(loss) and isfinite(baseline)) or loss > baseline == 0:
        return float("inf")
    return loss / baseline - 1 if baseline else 0.0
