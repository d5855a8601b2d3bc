"""Training: an honest evaluation, a reproducible version, and files that are checked before they are used."""

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from attrs import evolve

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.models.scorer import Scorer
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.training.train import GOLDEN_ROWS, split, train
from fti_assets.views.labels import LABEL
from fti_assets_tests.worlds import FIRST_DAY, LAST_DAY, outcome_source, outcomes, returns, train_candidate

CUTOFF = date(2024, 1, 22)


def test_the_trial_learns_only_labels_that_were_final_when_the_holdout_began() -> None:
    begin, horizon = midnight("2024-01-13"), timedelta(days=2)  # the holdout of 7 days ends two days before the cutoff
    minute = timedelta(minutes=1)
    frame = pd.DataFrame(
        [
            begin - horizon - minute,  # final in time
            begin - horizon,  # final as the holdout begins: neither
            begin - minute,  # predicted before, final within the holdout: neither
            begin,  # predicted as it begins
            begin + minute,
        ],
        columns=["placed_at"],
    )
    early, late = split(returns, midnight(CUTOFF), frame)
    assert early.tolist() == [True, False, False, False, False]
    assert late.tolist() == [False, False, False, True, True]


def test_labels_inside_the_holdout_do_not_touch_the_trial(own_shop: Home) -> None:
    first = train_candidate(own_shop, CUTOFF).version
    flipped = outcomes.computed(lambda rows: rows.assign(is_returned=~rows["is_returned"]), outcome_source)
    materialize(flipped, Window.of_days("2024-01-15", LAST_DAY), own_shop.features)
    second = train_candidate(own_shop, CUTOFF).version
    assert second.read("trial_model.ubj") == first.read("trial_model.ubj")
    assert second.read("trial_preprocessing.json") == first.read("trial_preprocessing.json")
    assert second.read("model.ubj") != first.read("model.ubj")


def test_training_again_is_recognised_and_makes_no_new_version(shop: Home) -> None:
    first = train_candidate(shop, CUTOFF)
    again = train_candidate(shop, CUTOFF)
    assert (again.version.version, again.version.content_id) == (1, first.version.content_id)
    assert [v.version for v in shop.registry.versions("returns")] == [1]
    assert np.array_equal(again.prediction, first.prediction)


def test_another_recipe_or_cutoff_is_another_version(shop: Home) -> None:
    train_candidate(shop, CUTOFF)
    other = evolve(returns, estimator=evolve(returns.estimator, rounds=3))
    assert train(other, midnight(CUTOFF), shop).version.version == 2
    assert train_candidate(shop, CUTOFF + timedelta(days=1)).version.version == 3


def test_the_evaluation_is_that_of_the_trial_on_the_holdout(shop: Home) -> None:
    trained = train_candidate(shop, CUTOFF)
    frame = shop.datasets.get("returns", midnight(CUTOFF)).read()
    late = frame[frame["placed_at"] >= midnight("2024-01-13")]
    early = frame[frame["placed_at"] < midnight("2024-01-11")]
    said = Scorer(trained.version, trial=True).predict(late)
    actual = late[LABEL].to_numpy()
    assert np.array_equal(said, trained.prediction)
    assert trained.evaluation.loss == pytest.approx(-np.where(actual == 1, np.log(said), np.log(1 - said)).mean())
    share = early[LABEL].mean()
    constant = -np.where(actual == 1, np.log(share), np.log(1 - share)).mean()
    assert trained.evaluation.baseline_loss == pytest.approx(constant)
    assert trained.evaluation.rows == len(late) == len(trained.label)
    assert trained.evaluation.calibration_gap == pytest.approx(said.mean() - actual.mean())


def test_the_files_say_what_it_was_fitted_on(shop: Home) -> None:
    trained = train_candidate(shop, CUTOFF)
    version, dataset = trained.version, shop.datasets.get("returns", midnight(CUTOFF))
    metrics = version.read_json("metrics.json")
    assert metrics["baseline"] == dataset.read()[LABEL].mean()
    assert metrics["loss"] == trained.evaluation.loss
    assert sum(metrics["importance"].values()) == pytest.approx(1)
    facts = version.manifest["facts"]
    assert (facts["dataset"], facts["rows"]) == (dataset.id, dataset.manifest["rows"])
    assert facts["tables"] == dataset.manifest["tables"]
    assert facts["parameters"]["objective"] == "binary:logistic"
    assert version.read_json("signature.json")["features"] == dict(returns.view.columns)
    assert version.cutoff == midnight(CUTOFF)


def test_the_card_shows_the_figures(shop: Home) -> None:
    trained = train_candidate(shop, CUTOFF)
    card, figures = trained.version.read("card.md").decode(), trained.evaluation
    rows = shop.datasets.get("returns", midnight(CUTOFF)).manifest["rows"]
    assert card.startswith("# returns, cutoff 2024-01-22\n\nWhether an order will be sent back.\n")
    assert f"Fitted on {rows} rows that were matured at the cutoff" in card
    assert f"Evaluated on {figures.rows} of them, those of the last 7d, by" in card
    better = 1 - figures.loss / figures.baseline_loss
    assert f"| log_loss | {figures.loss:.4f} |\n" in card
    assert f"| constant baseline | {figures.baseline_loss:.4f} ({better:+.1%}) |\n" in card
    assert f"| calibration gap | {figures.calibration_gap:+.4f} |\n| AUC | {figures.auc:.4f} |\n" in card
    most, gain = next(iter(trained.importance.items()))
    assert f"| feature | importance |\n|---|---|\n| {most} | {gain:.1%} |\n" in card


def test_the_facts_that_a_caller_gives_are_kept_with_the_version(shop: Home) -> None:
    build_dataset(returns, midnight(CUTOFF), midnight(FIRST_DAY), shop)
    version = train(returns, midnight(CUTOFF), shop, {"trigger": "a test"}).version
    assert version.manifest["facts"]["trigger"] == "a test"


def test_golden_rows_are_spread_over_the_dataset_and_are_replayed_bit_for_bit(shop: Home) -> None:
    version = train_candidate(shop, CUTOFF).version
    golden = version.read_json("golden.json")
    frame = shop.datasets.get("returns", midnight(CUTOFF)).read()
    rows = frame.iloc[np.linspace(0, len(frame) - 1, GOLDEN_ROWS, dtype=int)]
    assert len(golden["predictions"]) == GOLDEN_ROWS
    assert Scorer(version).predict(rows).tolist() == golden["predictions"]


def test_the_holdout_of_one_class_has_no_auc_and_its_files_are_plain_json(own_shop: Home) -> None:
    never = outcomes.computed(lambda rows: rows.assign(is_returned=False), outcome_source)
    materialize(never, Window.of_days("2024-01-14", LAST_DAY), own_shop.features)
    trained = train_candidate(own_shop, CUTOFF)
    assert trained.evaluation.auc is None
    assert "AUC" not in trained.version.read("card.md").decode()

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    for name in trained.version.manifest["files"]:
        if name.endswith(".json"):
            json.loads(trained.version.read(name), parse_constant=refuse)


@pytest.mark.parametrize(
    ("cutoff", "figures"),
    [(date(2024, 1, 4), "0 rows to fit and 20 to evaluate on"), (date(2024, 1, 5), "0 rows to fit and 40 to evaluate")],
)
def test_too_few_rows_is_an_error_that_says_what_to_do(shop: Home, cutoff: date, figures: str) -> None:
    with pytest.raises(MissingPartitions, match=f"returns at cutoff {cutoff}: {figures}.*a shorter holdout than 7d"):
        train_candidate(shop, cutoff)
    assert shop.registry.versions("returns") == []


def test_a_dataset_that_was_not_built_is_an_error_that_says_what_to_do(shop: Home) -> None:
    with pytest.raises(MissingPartitions, match="materialize datasets/returns"):
        train(returns, midnight(CUTOFF), shop)
