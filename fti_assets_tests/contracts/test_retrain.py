from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.retrain import History, Matured, Retrain

NOW = datetime(2024, 6, 1, tzinfo=UTC)
POLICY = Retrain(max_age="28d", calibration_gap=0.03, matured_days=2, min_labels=100, cooldown="14d")


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def matured(*days: tuple[int, float]) -> list[Matured]:
    """Days of so many labels with a mean prediction so far above the mean label, the oldest first."""
    first = date(2024, 5, 1)
    return [Matured(first + timedelta(days=n), labels, 0.5 + gap, 0.5) for n, (labels, gap) in enumerate(days)]


@pytest.mark.parametrize(
    ("champion", "tried", "days", "retrain", "reason"),
    [
        (None, None, [], True, "no champion yet"),
        (None, 1, [], True, "no champion yet"),
        (13.9, None, [(900, 0.2)], False, "cooling down: last trained 13 days ago"),
        (40, 3, [(900, 0.2)], False, "cooling down: last trained 3 days ago"),
        (28, None, [], True, "the champion is 28 days old"),
        (27.9, 14, [], False, "27 days old, only 0 matured labels"),
        (20, 20, [(50, 0.04), (50, 0.04)], True, "calibration gap +0.0400 over 100 labels"),
        (20, 20, [(50, -0.04), (50, -0.04)], True, "calibration gap -0.0400 over 100 labels"),
        (20, 20, [(50, 0.04), (49, 0.04)], False, "20 days old, only 99 matured labels"),
        (20, 20, [(50, 0.04), (50, -0.04)], False, "20 days old, calibration gap +0.0000"),
        (20, 20, [(900, 0.4), (100, 0.0), (100, 0.0)], False, "20 days old, calibration gap +0.0000"),
        (20, 20, [(100, 0.04), (0, nan)], True, "calibration gap +0.0400 over 100 labels"),
    ],
)
def test_decisions(
    champion: float | None, tried: float | None, days: list[tuple[int, float]], retrain: bool, reason: str
) -> None:
    history = History(
        NOW,
        None if champion is None else ago(champion),
        None if tried is None else ago(tried),
        matured(*days),
    )
    decision = POLICY.decide(history)
    assert (decision.retrain, decision.reason) == (retrain, reason)


ages = st.floats(0, 100)
histories = st.builds(
    lambda champion, tried, days: History(NOW, ago(champion), None if tried is None else ago(tried), matured(*days)),
    ages,
    st.none() | ages,
    st.lists(st.tuples(st.integers(0, 300), st.floats(-0.4, 0.4)), max_size=5),
)


@settings(deadline=None, max_examples=150)
@given(histories, st.randoms())
def test_a_decision_follows_from_its_history_alone(history: History, random: object) -> None:
    shuffled = list(history.matured)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert POLICY.decide(replace(history, matured=shuffled)) == POLICY.decide(history)


@settings(deadline=None, max_examples=150)
@given(histories)
def test_nothing_retrains_within_the_cooldown_and_an_old_champion_always_after_it(history: History) -> None:
    assert history.champion_cutoff is not None
    newest = max(history.champion_cutoff, history.last_trained or history.champion_cutoff)
    decision = POLICY.decide(history)
    if NOW - newest < timedelta(days=14):
        assert not decision.retrain
    elif NOW - history.champion_cutoff >= timedelta(days=28):
        assert decision.retrain
    else:
        newest_days = [d for d in history.matured[-2:] if d.labels]
        labels = sum(d.labels for d in newest_days)
        gap = sum(d.labels * (d.mean_prediction - d.mean_label) for d in newest_days) / labels if labels else 0.0
        assert decision.retrain == (labels >= 100 and abs(gap) > 0.03)


@pytest.mark.parametrize(
    "wrong", [{"calibration_gap": 0.0}, {"calibration_gap": nan}, {"matured_days": 0}, {"max_age": "0d"}]
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(DeclarationError):
        Retrain(**wrong)  # type: ignore[arg-type]
