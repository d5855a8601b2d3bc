"""The decision to retrain looks at what was known, and is recorded."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.retrain import Retrain
from fti_assets.contracts.time import Window, midnight
from fti_assets.inference.batch import issue
from fti_assets.monitoring.performance import watch
from fti_assets.monitoring.retraining import decide, decisions, history
from fti_assets.stores.home import Home
from fti_assets.stores.storage import Storage
from fti_assets.training.promotion import gate_candidates
from fti_assets_tests.worlds import FIRST_DAY, returns, train_candidate

SINCE = midnight(FIRST_DAY)
POLICY = Retrain(max_age="14d", cooldown="5d", min_labels=50, calibration_gap=0.9)


@pytest.fixture(scope="module")
def watched_template(shop_template: Path, served_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(served_template, tmp_path_factory.mktemp("watched") / "home"))
    home = Home(root, Storage(shop_template / "features"))
    issue(returns, Window.of_days("2024-01-22", "2024-02-08"), home)
    watch(Predictions(returns), Window.of_days("2024-01-22", "2024-02-11"), home)
    return root


@pytest.fixture
def watched(shop: Home, watched_template: Path) -> Home:
    shutil.copytree(watched_template, shop.local)
    return shop


def test_history_is_what_was_known_before_the_cutoff(watched: Home) -> None:
    known = history(returns, midnight("2024-02-01"), SINCE, watched)
    assert (known.champion_cutoff, known.last_trained) == (midnight("2024-01-29"), midnight("2024-01-29"))
    # the last day before the cutoff measured the predictions of the 28th
    assert [m.day for m in known.matured] == Window.of_days("2024-01-22", "2024-01-28").days
    table = watched.monitoring.read("performance", "returns", Window.of_days("2024-01-25", "2024-01-31"))
    assert [m.mean_prediction for m in known.matured] == table["mean_prediction"].to_list()
    assert [m.mean_label for m in known.matured] == table["mean_label"].to_list()
    assert {m.labels for m in known.matured} == {20}


def test_what_was_trained_at_the_cutoff_or_later_is_not_seen(watched: Home) -> None:
    known = history(returns, midnight("2024-01-29"), SINCE, watched)
    assert (known.champion_cutoff, known.last_trained) == (midnight("2024-01-22"), midnight("2024-01-22"))
    nothing = history(returns, midnight("2024-01-22"), SINCE, watched)
    assert (nothing.champion_cutoff, nothing.last_trained, nothing.matured) == (None, None, [])


def test_a_rejected_candidate_counts_as_tried_and_not_as_champion(watched: Home) -> None:
    version = train_candidate(watched, date(2024, 2, 2)).version
    watched.registry.reject(
        "returns", version.version, who="a test", why="worse", verdicts=[], effective=version.cutoff
    )
    known = history(returns, midnight("2024-02-05"), SINCE, watched)
    assert (known.champion_cutoff, known.last_trained) == (midnight("2024-01-29"), midnight("2024-02-02"))


def test_days_before_since_are_not_looked_at(watched: Home) -> None:
    known = history(returns, midnight("2024-02-01"), midnight("2024-01-30"), watched)
    assert [m.day for m in known.matured] == Window.of_days("2024-01-27", "2024-01-28").days


@pytest.mark.parametrize(
    ("cutoff", "retrain", "reason"),
    [
        ("2024-01-22", True, "no champion yet"),
        ("2024-02-01", False, "cooling down: last trained 3 days ago"),
        ("2024-02-05", False, "7 days old, calibration gap"),
        ("2024-02-12", True, "the champion is 14 days old"),
    ],
)
def test_decisions_are_recorded_with_their_numbers(watched: Home, cutoff: str, retrain: bool, reason: str) -> None:
    decision = decide(returns, POLICY, midnight(cutoff), SINCE, watched)
    assert decision.retrain == retrain
    assert decision.reason.startswith(reason)
    recorded = decisions(returns, Window.of_days("2024-01-01", "2024-02-28"), watched)
    assert recorded == {midnight(cutoff): decision}


def test_deciding_again_gives_the_same_even_after_what_was_decided_has_been_done(watched: Home) -> None:
    cutoffs = [midnight(day) for day in ("2024-01-29", "2024-02-05", "2024-02-12")]
    first = [decide(returns, POLICY, cutoff, SINCE, watched) for cutoff in cutoffs]
    train_candidate(watched, date(2024, 2, 12))
    gate_candidates(returns, watched, who="a test")
    assert [decide(returns, POLICY, cutoff, SINCE, watched) for cutoff in cutoffs] == first
    recorded = decisions(returns, Window.of_days("2024-01-01", "2024-02-28"), watched)
    assert recorded == dict(zip(cutoffs, first, strict=True))


def test_a_decision_within_a_day_is_found_by_its_own_time(watched: Home) -> None:
    cutoff = midnight("2024-02-05") + timedelta(hours=6)
    decision = decide(returns, POLICY, cutoff, SINCE, watched)
    assert decisions(returns, Window.of_days("2024-02-05", "2024-02-05"), watched) == {cutoff: decision}
