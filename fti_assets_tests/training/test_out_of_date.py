"""Which datasets and models would be made from something else now."""

from datetime import date

from attrs import evolve

from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.models.boosting import XGBoost
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.training.out_of_date import datasets_out_of_date, models_out_of_date
from fti_assets.training.train import train
from fti_assets_tests.worlds import (
    FIRST_DAY,
    as_given,
    outcome_source,
    outcomes,
    returns,
    train_candidate,
    write_history,
)

EARLY, LATE = date(2024, 1, 22), date(2024, 1, 29)


def trained(home: Home) -> Home:
    write_history(home)
    for cutoff in (EARLY, LATE):
        train_candidate(home, cutoff)
    return home


def correct_outcomes(home: Home, day: str) -> None:
    """The outcomes that became known on a day are the other way round."""
    corrected = outcomes.computed(lambda rows: rows.assign(is_returned=~rows["is_returned"]), outcome_source)
    materialize(corrected, Window.of_days(day, day), home.features)


def test_a_correction_makes_the_datasets_out_of_date_that_read_it_and_then_their_models(tmp_path) -> None:
    home = trained(Home(tmp_path))
    assert datasets_out_of_date(returns, home) == models_out_of_date(returns, home) == []

    correct_outcomes(home, "2024-01-25")  # after the first cutoff, before the second

    (told,) = datasets_out_of_date(returns, home)
    assert (told.asset, told.partition) == ("datasets/returns", "2024-01-29")
    assert told.causes[0].startswith("features/outcome 2024-01-25 was written after that, at 20")
    assert models_out_of_date(returns, home) == [], "the dataset that it was fitted on is as it was"

    build_dataset(returns, midnight(LATE), midnight(FIRST_DAY), home)
    assert datasets_out_of_date(returns, home) == []
    (told,) = models_out_of_date(returns, home)
    assert (told.asset, told.partition) == ("models/returns", "2024-01-29")
    assert told.causes == ("version 2: datasets/returns 2024-01-29 was built again with other rows",)

    train(returns, midnight(LATE), home)
    assert models_out_of_date(returns, home) == []


def test_labels_that_are_final_after_the_last_row_count(tmp_path) -> None:
    home = trained(Home(tmp_path))
    correct_outcomes(home, "2024-01-28")  # the newest matured rows were placed on the 26th

    assert [told.partition for told in datasets_out_of_date(returns, home)] == ["2024-01-29"]


def test_what_was_learned_from_is_told_when_outcomes_are_corrected_back(tmp_path) -> None:
    home = trained(Home(tmp_path))
    correct_outcomes(home, "2024-01-25")
    materialize(outcomes.computed(as_given, outcome_source), Window.of_days("2024-01-25", "2024-01-25"), home.features)

    assert datasets_out_of_date(returns, home) == []


def test_another_view_makes_datasets_and_another_recipe_makes_models_out_of_date(tmp_path) -> None:
    home = trained(Home(tmp_path))
    deeper = evolve(returns, estimator=XGBoost(rounds=10, max_depth=4, learning_rate=0.3))
    assert datasets_out_of_date(deeper, home) == []
    assert [told.causes for told in models_out_of_date(deeper, home)] == [
        ("version 1: the code that makes it has changed",),
        ("version 2: the code that makes it has changed",),
    ]

    narrower = evolve(returns, view=evolve(returns.view, on_demand=[]))

    assert {told.causes for told in datasets_out_of_date(narrower, home)} == {("the code that makes it has changed",)}
