import numpy as np
import polars as pl
import pytest

from fti_assets.audit.look_alikes import in_steps, look_alike, null_until_known, summary_of_label

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


SPREAD = pl.Series([float(n * 37 % 100) for n in range(100)])


def test_a_feature_of_few_values_that_follows_from_a_number_is_found() -> None:
    alike = in_steps(SPREAD > 60, SPREAD)
    assert alike is not None
    assert (alike.how, alike.rows) == ("follows from the label: 2 values, each for a range of it", 100)
    by_range = pl.select(pl.when(SPREAD < 20).then(pl.lit("early")).when(SPREAD < 70).then(pl.lit("due"))).to_series()
    assert in_steps(by_range, SPREAD) is not None


def test_a_feature_with_one_row_out_of_its_range_or_with_few_rows_of_a_value_does_not_follow() -> None:
    assert in_steps((SPREAD > 60) ^ (SPREAD == 3), SPREAD) is None
    assert in_steps(SPREAD > 95, SPREAD) is None
    assert in_steps((SPREAD > 60).head(29), SPREAD.head(29)) is None
    assert in_steps(SPREAD % 2 == 0, SPREAD) is None


def test_a_feature_that_is_null_where_there_is_no_label_is_found_and_one_null_elsewhere_is_not() -> None:
    labelled = pl.Series([n % 10 != 0 for n in range(100)])
    filled = pl.select(pl.when(labelled).then(SPREAD)).to_series()
    alike = null_until_known(filled, labelled)
    assert alike is not None
    assert alike.how == "null in 100% of 10 rows without a label, there in the others"
    assert null_until_known(filled.shift(1), labelled) is None
    assert null_until_known(SPREAD, labelled) is None
    assert null_until_known(filled.head(40), labelled.head(40)) is None, "four rows without a label tell nothing"


def labels_of(keys: int) -> pl.DataFrame:
    """Twenty labels of each key, 1.0 in more of them the higher the key."""
    number = pl.Series(range(keys * 20))
    return pl.DataFrame({"key": number % keys, "label": ((number // keys) < (number % keys)).cast(pl.Float64)})


def test_a_mean_of_the_labels_of_each_key_is_found_and_another_number_is_not() -> None:
    means = labels_of(5).group_by("key").agg(value=pl.col("label").mean())
    alike = summary_of_label(means, labels_of(5))
    assert alike is not None
    assert (alike.how, alike.rows) == ("is the mean of its rows' labels", 100)
    assert summary_of_label(means.with_columns(pl.col("value") * 2 + 1), labels_of(5)) is None, "few keys to rank"
    seats = pl.DataFrame({"key": range(5), "value": [100, 180, 90, 300, 120]})
    assert summary_of_label(seats, labels_of(5)) is None


def test_many_keys_ranked_as_their_labels_rank_them_are_found() -> None:
    ranked = pl.DataFrame({"key": range(15), "value": [n * n for n in range(15)]})
    alike = summary_of_label(ranked, labels_of(15))
    assert alike is not None
    assert alike.how.startswith("ranks the keys as the mean of their labels does")
