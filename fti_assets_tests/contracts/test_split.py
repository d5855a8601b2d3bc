"""Which rows are fitted and evaluated on at a cutoff."""

from datetime import timedelta

import pytest
from attrs import evolve

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.model import Model
from fti_assets.contracts.split import Split, check_evaluable
from fti_assets.contracts.time import midnight
from fti_assets_tests.worlds import returns

SINCE = midnight("2024-01-01")


def test_the_holdout_ends_a_horizon_before_the_cutoff_and_the_trial_a_horizon_before_the_holdout() -> None:
    split = Split.of(returns, midnight("2024-01-22"))  # labels are final after 2 days, 7 days are held out
    assert split == Split(midnight("2024-01-11"), midnight("2024-01-13"), midnight("2024-01-20"))


def test_a_first_cutoff_that_leaves_nothing_to_fit_on_is_refused_with_the_one_that_leaves_some() -> None:
    with pytest.raises(
        DeclarationError,
        match=r"model returns: first_cutoff=2024-01-12: with rows from 2024-01-01, a holdout of 7d and labels that are "
        r"final after 2d .* expected a first_cutoff after 2024-01-12 00:00 UTC",
    ):
        check_evaluable(returns, SINCE, midnight("2024-01-12"))
    check_evaluable(returns, SINCE, midnight("2024-01-12") + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("bounds", "message"),
    [({"since": "2024-01-15"}, "with rows from 2024-01-15"), ({"until": "2024-01-13"}, "has rows until 2024-01-13")],
)
def test_the_bounds_of_the_view_count(bounds: dict[str, str], message: str) -> None:
    model: Model = evolve(returns, view=evolve(returns.view, **bounds))
    with pytest.raises(DeclarationError, match=message):
        check_evaluable(model, SINCE, midnight("2024-01-22"))
