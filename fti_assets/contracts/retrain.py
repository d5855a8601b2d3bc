"""When to retrain: one policy, one pure decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import attrs

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.time import duration


@dataclass(frozen=True)
class Matured:
    """One day's predictions after their labels' horizon.

    Attributes:
        day: when they were made.
        labels: how many have one.
        mean_prediction: of those with a label.
        mean_label: of the same.
    """

    day: date
    labels: int
    mean_prediction: float
    mean_label: float


@dataclass(frozen=True)
class History:
    """All that a decision at `now` may look at.

    Attributes:
        now: the cutoff at which is decided.
        champion_cutoff: of the version that serves; None where nothing does.
        last_trained: the newest cutoff tried, promoted or not.
        matured: the days whose labels are in.
    """

    now: datetime
    champion_cutoff: datetime | None
    last_trained: datetime | None
    matured: Sequence[Matured]


@dataclass(frozen=True)
class Decision:
    """Whether to retrain, why, and the numbers that say so.

    Attributes:
        retrain: the decision.
        reason: in a line, also for no.
        numbers: what it was decided by.
    """

    retrain: bool
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@attrs.frozen
class Retrain:
    """Retrain when the champion is old, or when its calibration is off, but not too often.

    Args:
        max_age: of the champion, from its cutoff on.
        calibration_gap: the bound on |mean prediction - mean label|, in the label's unit.
        matured_days: so many of the newest days whose labels are in are looked at.
        min_labels: with fewer labels on those days, the gap says nothing.
        cooldown: from the newest cutoff tried on nothing is trained for so long.

    Raises:
        DeclarationError: a bound or a number of days that is not above zero.

    Example:
        >>> from datetime import UTC, datetime
        >>> import fti_assets as fti
        >>> cutoff, now = datetime(2013, 6, 1, tzinfo=UTC), datetime(2013, 7, 6, tzinfo=UTC)
        >>> fti.Retrain(max_age="28d").decide(fti.History(now, cutoff, cutoff, matured=[])).reason
        'the champion is 35 days old'
    """

    max_age: timedelta = attrs.field(default=timedelta(days=28), converter=duration)
    calibration_gap: float = 0.03
    matured_days: int = 14
    min_labels: int = 2000
    cooldown: timedelta = attrs.field(default=timedelta(days=14), converter=duration)

    def __attrs_post_init__(self) -> None:
        if not (self.calibration_gap > 0 and self.matured_days > 0):
            raise DeclarationError("Retrain: expected calibration_gap and matured_days above zero")

    def decide(self, history: History) -> Decision:
        """The decision at `history.now`: pure, so that a replay and the sensor agree."""
        if history.champion_cutoff is None:
            return Decision(True, "no champion yet")
        age = history.now - history.champion_cutoff
        newest = sorted(history.matured, key=lambda m: m.day)[-self.matured_days :]
        days = [d for d in newest if d.labels]  # a day without labels has no means
        labels = sum(d.labels for d in days)
        gap = sum(d.labels * (d.mean_prediction - d.mean_label) for d in days) / labels if labels else 0.0
        rest = history.now - max(history.champion_cutoff, history.last_trained or history.champion_cutoff)
        numbers = {
            "age_days": age / timedelta(days=1),
            "days_since_last_trained": rest / timedelta(days=1),
            "calibration_gap": gap,
            "matured_labels": float(labels),
        }
        if rest < self.cooldown:
            return Decision(False, f"cooling down: last trained {rest.days} days ago", numbers)
        if age >= self.max_age:
            return Decision(True, f"the champion is {age.days} days old", numbers)
        if labels >= self.min_labels and abs(gap) > self.calibration_gap:
            return Decision(True, f"calibration gap {gap:+.4f} over {labels:,} labels", numbers)
        if labels < self.min_labels:
            return Decision(False, f"{age.days} days old, only {labels:,} matured labels", numbers)
        return Decision(False, f"{age.days} days old, calibration gap {gap:+.4f}", numbers)
