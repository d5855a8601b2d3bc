import numpy as np
import pandas as pd
import pytest

from fti_assets.contracts.estimator import XGBoost
from fti_assets.models.boosting import dump, fit, gain_by_feature, load, predict
from fti_assets.models.transforms import fit_preprocessing

RANDOM = np.random.default_rng(0)
ROWS = 2000
FRAME = pd.DataFrame(
    {"x": RANDOM.normal(size=ROWS), "noise": RANDOM.normal(size=ROWS), "c": list("abcd" * (ROWS // 4))}
)
FRAME.loc[::10, "x"] = np.nan
FRAME["c"] = FRAME["c"].mask(FRAME.index % 7 == 0).astype("str")
IS_LATE = ((FRAME["x"].fillna(0) > 0) ^ (FRAME["c"] == "b")).to_numpy(dtype=np.float64)
FITTED = fit_preprocessing(FRAME, {"x": "number", "c": "text", "noise": "number"})
MATRIX = FITTED.transform(FRAME)
TREES = XGBoost(rounds=12, max_depth=3, params={"subsample": 0.8})


def test_the_same_rows_give_the_same_bytes_before_and_after_predicting() -> None:
    booster = fit(TREES, True, MATRIX, IS_LATE, FITTED)
    content = dump(booster)
    predict(booster, MATRIX, threads=1)
    assert content == dump(booster) == dump(fit(TREES, True, MATRIX, IS_LATE, FITTED)) == dump(load(content))
    assert content != dump(
        fit(XGBoost(rounds=12, max_depth=3, params={"subsample": 0.8}, seed=1), True, MATRIX, IS_LATE, FITTED)
    )


def test_a_row_has_the_same_bits_alone_in_a_batch_on_any_number_of_threads_and_after_loading() -> None:
    booster = load(dump(fit(TREES, True, MATRIX, IS_LATE, FITTED)))
    batch = predict(booster, MATRIX)
    assert batch.dtype == np.float64
    assert batch.tobytes() == predict(booster, MATRIX, threads=1).tobytes() == predict(booster, MATRIX, 2).tobytes()
    alone = [predict(booster, FITTED.transform(FRAME.iloc[[n]]), threads=1)[0] for n in range(60)]
    assert np.array_equal(alone, batch[:60])


def test_it_learns_a_yes_or_no_as_a_probability_and_a_number_as_a_number() -> None:
    chance = predict(fit(TREES, True, MATRIX, IS_LATE, FITTED), MATRIX)
    assert ((chance > 0) & (chance < 1)).all()
    assert chance[IS_LATE == 1].mean() > chance[IS_LATE == 0].mean() + 0.3
    minutes = predict(fit(TREES, False, MATRIX, 100 + 10 * IS_LATE, FITTED), MATRIX)
    assert minutes[IS_LATE == 1].mean() > 105 > minutes[IS_LATE == 0].mean() > 99


def test_no_rows_give_no_predictions_and_a_matrix_of_another_width_is_refused() -> None:
    booster = fit(TREES, True, MATRIX, IS_LATE, FITTED)
    assert predict(booster, MATRIX[:0]).shape == (0,)
    with pytest.raises(ValueError, match="Feature shape mismatch, expected: 3, got 2"):
        predict(booster, MATRIX[:, :2])


def test_gains_are_shares_the_largest_first() -> None:
    gains = gain_by_feature(fit(TREES, True, MATRIX, IS_LATE, FITTED))
    assert set(gains) >= {"x", "c"}
    assert list(gains.values()) == sorted(gains.values(), reverse=True)
    assert sum(gains.values()) == pytest.approx(1)
    assert gain_by_feature(fit(TREES, False, MATRIX, np.ones(ROWS), FITTED)) == {}
