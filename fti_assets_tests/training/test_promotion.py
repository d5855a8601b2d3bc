"""The gates between a candidate and production."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pytest
from attrs import evolve

from fti_assets.contracts.errors import Conflict
from fti_assets.contracts.evaluation import Evaluation
from fti_assets.contracts.gates import BeatsBaseline, BeatsChampion, Gate, MaxCalibrationGap, SliceFloor, Verdict
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import midnight
from fti_assets.models.boosting import XGBoost
from fti_assets.models.scorer import Scorer
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion
from fti_assets.training import promotion
from fti_assets.training.promotion import gate, gate_candidates, reevaluate
from fti_assets.training.train import train
from fti_assets.views.labels import LABEL
from fti_assets_tests.worlds import returns, train_candidate

FIRST, SECOND = date(2024, 1, 22), date(2024, 1, 25)
JUDGED = evolve(returns, gates=[BeatsBaseline(), BeatsChampion()])
GOOD = XGBoost(rounds=30, max_depth=3, learning_rate=0.3)
POOR = XGBoost(rounds=1, max_depth=1, learning_rate=0.01)


def _candidate(home: Home, cutoff: date, estimator: XGBoost = GOOD) -> ModelVersion:
    return train_candidate(home, cutoff, evolve(JUDGED, estimator=estimator)).version


def test_the_first_candidate_is_promoted_from_its_cutoff_on(shop: Home) -> None:
    version = _candidate(shop, FIRST)
    [gated] = gate_candidates(JUDGED, shop, who="a test")
    assert (gated.version.version, gated.promoted) == (version.version, True)
    assert [v.reason for v in gated.verdicts][1] == "no champion yet"
    [entry] = shop.registry.history("returns")
    assert (entry.action, entry.version, entry.previous, entry.who) == ("promote", 1, None, "a test")
    assert entry.effective == midnight(FIRST)
    assert [v["gate"] for v in entry.verdicts] == ["beats_baseline", "beats_champion"]
    assert "no champion yet" in entry.why
    assert shop.registry.serving(JUDGED.name, midnight(FIRST)) == version


def test_nobody_serves_before_the_first_cutoff(shop: Home) -> None:
    assert shop.registry.serving(JUDGED.name, midnight(FIRST)) is None  # no version at all
    _candidate(shop, FIRST)
    gate_candidates(JUDGED, shop, who="a test")
    assert shop.registry.serving(JUDGED.name, midnight("2024-01-21")) is None


def test_a_worse_candidate_is_rejected_with_its_reasons_in_the_journal(shop: Home) -> None:
    champion = _candidate(shop, FIRST)
    gate_candidates(JUDGED, shop, who="a test")
    _candidate(shop, SECOND, POOR)
    [gated] = gate_candidates(JUDGED, shop, who="a test")
    assert not gated.promoted
    entry = shop.registry.history("returns")[-1]
    assert (entry.action, entry.version, entry.previous) == ("reject", 2, 1)
    assert entry.why.startswith("beats_champion: log_loss ")
    assert "against version 1's" in entry.why
    assert "beats_baseline" not in entry.why  # it passed that one
    assert shop.registry.serving(JUDGED.name, midnight(SECOND)) == champion


def test_a_decided_candidate_is_not_judged_again(shop: Home) -> None:
    _candidate(shop, FIRST)
    gate_candidates(JUDGED, shop, who="a test")
    _candidate(shop, SECOND, POOR)
    gate_candidates(JUDGED, shop, who="a test")
    assert gate_candidates(JUDGED, shop, who="a test") == []
    assert len(shop.registry.history("returns")) == 2


def test_candidates_are_judged_in_the_order_of_their_cutoffs_and_up_to_a_time(shop: Home) -> None:
    later = _candidate(shop, SECOND)
    earlier = _candidate(shop, FIRST, POOR)
    gated = gate_candidates(JUDGED, shop, who="a test", until=midnight(FIRST))
    assert [g.version for g in gated] == [earlier]
    [gated_later] = gate_candidates(JUDGED, shop, who="a test")
    assert gated_later.version == later
    assert gated_later.evaluation.champion is not None
    assert gated_later.evaluation.champion.version == earlier.version


def test_a_tie_keeps_the_champion(shop: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    champion = _candidate(shop, FIRST)
    gate_candidates(JUDGED, shop, who="a test")
    _candidate(shop, SECOND)
    # every model answers alike
    monkeypatch.setattr(Scorer, "predict", lambda _self, frame, _threads=0: np.where(frame["is_gift"], 0.3, 0.2))
    gates_of_a_tie = evolve(JUDGED, gates=[BeatsChampion()])
    [gated] = gate_candidates(gates_of_a_tie, shop, who="a test")
    assert gated.evaluation.champion is not None
    assert (gated.evaluation.champion.gain, gated.promoted) == (0.0, False)
    assert shop.registry.serving(JUDGED.name, midnight(SECOND)) == champion


def test_the_champion_is_asked_only_about_rows_that_were_not_matured_at_its_own_cutoff(
    shop: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = _candidate(shop, FIRST)
    gate_candidates(JUDGED, shop, who="a test")
    candidate = _candidate(shop, SECOND)
    asked: list[pd.DataFrame] = []
    predict = Scorer.predict

    def spy(self: Scorer, frame: pd.DataFrame, threads: int = 0) -> np.ndarray:
        if self.version == champion:
            asked.append(frame)
        return predict(self, frame, threads)

    monkeypatch.setattr(Scorer, "predict", spy)
    compared = reevaluate(JUDGED, candidate, champion, shop).champion
    [frame] = asked
    # matured by the 25th, and not by the 22nd
    assert sorted(set(frame["placed_at"].dt.day)) == [20, 21, 22]
    assert compared is not None
    assert (compared.version, compared.rows) == (1, 60)
    said, label = predict(Scorer(champion), frame), frame[LABEL].to_numpy()
    assert compared.champion_loss == pytest.approx(-np.where(label == 1, np.log(said), np.log(1 - said)).mean())
    ours = Scorer(candidate, trial=True).predict(frame)
    assert compared.candidate_loss == pytest.approx(-np.where(label == 1, np.log(ours), np.log(1 - ours)).mean())
    assert compared.gain == pytest.approx(compared.champion_loss - compared.candidate_loss)


def test_a_candidate_of_the_champions_own_cutoff_has_no_fresh_rows_and_is_rejected(shop: Home) -> None:
    _candidate(shop, FIRST, POOR)
    gate_candidates(JUDGED, shop, who="a test")
    train(evolve(JUDGED, estimator=GOOD), midnight(FIRST), shop)
    [gated] = gate_candidates(JUDGED, shop, who="a test")
    assert not gated.promoted
    assert shop.registry.history("returns")[-1].why == "beats_champion: no rows that neither was fitted on"


def test_what_the_gates_see_is_what_training_measured(shop: Home) -> None:
    trained = train_candidate(shop, FIRST, JUDGED)
    assert reevaluate(JUDGED, trained.version, None, shop) == trained.evaluation


def test_a_candidate_is_judged_on_the_dataset_it_was_fitted_on_even_if_that_was_rebuilt(shop: Home) -> None:
    trained = train_candidate(shop, FIRST, JUDGED)
    manifest = dict(shop.datasets.get("returns", midnight(FIRST)).manifest)
    shop.datasets.write("returns", midnight(FIRST), {**manifest, "parts": manifest["parts"][:1]})
    assert len(shop.datasets.get("returns", midnight(FIRST)).read()) < 21
    assert reevaluate(JUDGED, trained.version, None, shop).rows == trained.evaluation.rows


@dataclass(frozen=True)
class Broken:
    """A gate that cannot answer."""

    def judge(self, _evaluation: Evaluation) -> Verdict:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "gates",
    [
        [BeatsBaseline(margin=0.99)],
        [BeatsBaseline(), MaxCalibrationGap(1e-9)],
        [BeatsBaseline(), SliceFloor("product", min_rows=10_000)],
        [SliceFloor("category", min_rows=1, tolerance=-1.0), BeatsBaseline()],
    ],
)
def test_one_failing_gate_is_enough_to_reject(shop: Home, gates: Sequence[Gate]) -> None:
    view = evolve(returns.view, features=[*returns.view.selections, returns.view.spine["product"]])
    strict = evolve(returns, view=view, gates=gates)
    train_candidate(shop, FIRST, strict)
    [gated] = gate_candidates(strict, shop, who="a test")
    assert not gated.promoted
    assert shop.registry.history("returns")[-1].action == "reject"
    assert shop.registry.serving(strict.name, midnight(FIRST)) is None


def test_figures_that_are_missing_fail_every_gate() -> None:
    nothing = Evaluation("log_loss", 0, float("nan"), float("nan"), float("nan"))
    gates = (BeatsBaseline(), MaxCalibrationGap(1.0), SliceFloor("category"))
    assert [g.judge(nothing).passed for g in gates] == [False, False, False]


def test_a_gate_that_breaks_promotes_nobody(shop: Home) -> None:
    broken: Model = evolve(returns, gates=[BeatsBaseline(), Broken()])
    train_candidate(shop, FIRST, broken)
    with pytest.raises(ZeroDivisionError):
        gate_candidates(broken, shop, who="a test")
    assert shop.registry.history("returns") == []
    assert shop.registry.serving(broken.name, midnight(FIRST)) is None


def test_promotion_is_refused_when_another_champion_took_effect_meanwhile(
    shop: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival, candidate = _candidate(shop, FIRST), _candidate(shop, SECOND)
    evaluated = promotion.reevaluate

    def meanwhile(*given: object) -> Evaluation:
        answer = evaluated(*given)
        shop.registry.promote("returns", rival.version, who="rival", why="x", effective=midnight(FIRST), expected=None)
        return answer

    monkeypatch.setattr(promotion, "reevaluate", meanwhile)
    with pytest.raises(Conflict, match="expected no champion, but it is version 1"):
        gate(JUDGED, candidate, shop, who="a test")
    assert [e.who for e in shop.registry.history("returns")] == ["rival"]
    assert shop.registry.verdict("returns", candidate.version) is None  # it waits to be judged again


def test_a_late_candidate_for_an_early_cutoff_serves_only_until_the_champion_after_it(shop: Home) -> None:
    later = _candidate(shop, SECOND)
    gate_candidates(JUDGED, shop, who="a test")
    earlier = _candidate(shop, FIRST)
    [gated] = gate_candidates(JUDGED, shop, who="a test")
    assert gated.evaluation.champion is None  # nobody served at its cutoff
    assert shop.registry.serving(JUDGED.name, midnight(FIRST)) == earlier
    assert shop.registry.serving(JUDGED.name, midnight(SECOND)) == later
