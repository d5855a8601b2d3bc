import numpy as np
import polars as pl
import pytest

from fti_assets.audit.look_alikes import look_alike

CHANCE = np.random.default_rng(7)
ROWS = 400
YES = pl.Series(CHANCE.random(ROWS) < 0.3).cast(pl.Float64)
MINUTES = pl.Series(CHANCE.normal(10, 30, ROWS))
NOISE = pl.Series(CHANCE.normal(0, 1, ROWS))


@pytest.mark.parametrize(
    "feature",
    [YES == 1, YES, 1 - YES, YES * 5 + 3, YES + NOISE * 0.1, (YES == 1).set(NOISE > 2.6, True)],
    ids=["itself", "as a number", "its opposite", "scaled", "noisy", "but for a few rows"],
)
def test_a_feature_that_ranks_as_a_yes_or_no_is_found(feature: pl.Series) -> None:
    found = look_alike(feature, YES)
    assert found is not None
    assert "AUC" in found.how


@pytest.mark.parametrize("feature", [MINUTES, MINUTES + 5, -MINUTES, MINUTES.clip(-60, 60), (MINUTES / 10).round()])
def test_a_feature_that_ranks_as_a_number_is_found(feature: pl.Series) -> None:
    found = look_alike(feature, MINUTES)
    assert found is not None
    assert "rank correlation" in found.how


def test_a_good_feature_is_none() -> None:
    assert look_alike(YES + NOISE, YES) is None
    assert look_alike(MINUTES + NOISE * 20, MINUTES) is None
    assert look_alike(pl.Series([1.0] * ROWS), YES) is None


def test_a_category_written_down_after_the_fact_is_found_and_a_name_is_not() -> None:
    status = pl.select(pl.when(YES == 1).then(pl.lit("late")).otherwise(pl.lit("fine"))).to_series()
    names = pl.Series([f"flight {n}" for n in range(ROWS)])
    found = look_alike(status, YES)
    assert found is not None
    assert "categories" in found.how
    assert look_alike(names, YES) is None
    assert look_alike(pl.Series([f"carrier {n % 5}" for n in range(ROWS)]), YES) is None


def test_being_null_exactly_when_the_label_is_yes_is_found() -> None:
    found = look_alike(NOISE.set(YES == 1, None), YES)
    assert found is not None
    assert "being null" in found.how
    assert look_alike(NOISE.set(NOISE > 1, None), YES) is None


def test_a_few_rows_tell_nothing() -> None:
    assert look_alike(YES[:20], YES[:20]) is None
    one = pl.Series([1.0] + [0.0] * (ROWS - 1))
    assert look_alike(one, one) is None


def test_a_feature_that_is_often_null_is_judged_where_it_is_not() -> None:
    assert look_alike(YES.set(pl.Series(CHANCE.random(ROWS) < 0.5), None), YES) is not None
