import numpy as np
import pandas as pd
import pytest
import xgboost

from fti_assets.contracts.estimator import XGBoost
from fti_assets.models.boosting import boost, dump, gain_by_feature, load, predict, quantize
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


def fitted(is_binary: bool, label: np.ndarray, estimator: XGBoost = TREES) -> xgboost.Booster:
    return boost(estimator, is_binary, quantize(estimator, MATRIX, label, FITTED))


def test_the_same_rows_give_the_same_bytes_before_and_after_predicting() -> None:
    booster = fitted(True, IS_LATE)
    content = dump(booster)
    predict(booster, MATRIX, threads=1)
    assert content == dump(booster) == dump(fitted(True, IS_LATE)) == dump(load(content))
    other_seed = XGBoost(rounds=12, max_depth=3, params={"subsample": 0.8}, seed=1)
    assert content != dump(fitted(True, IS_LATE, other_seed))


def test_a_row_has_the_same_bits_alone_in_a_batch_on_any_number_of_threads_and_after_loading() -> None:
    booster = load(dump(fitted(True, IS_LATE)))
    batch = predict(booster, MATRIX)
    assert batch.dtype == np.float64
    assert batch.tobytes() == predict(booster, MATRIX, threads=1).tobytes() == predict(booster, MATRIX, 2).tobytes()
    alone = [predict(booster, FITTED.transform(FRAME.iloc[[n]]), threads=1)[0] for n in range(60)]
    assert np.array_equal(alone, batch[:60])


def test_it_learns_a_yes_or_no_as_a_probability_and_a_number_as_a_number() -> None:
    chance = predict(fitted(True, IS_LATE), MATRIX)
    assert ((chance > 0) & (chance < 1)).all()
    assert chance[IS_LATE == 1].mean() > chance[IS_LATE == 0].mean() + 0.3
    minutes = predict(fitted(False, 100 + 10 * IS_LATE), MATRIX)
    assert minutes[IS_LATE == 1].mean() > 105 > minutes[IS_LATE == 0].mean() > 99


def test_no_rows_give_no_predictions_and_a_matrix_of_another_width_is_refused() -> None:
    booster = fitted(True, IS_LATE)
    assert predict(booster, MATRIX[:0]).shape == (0,)
    with pytest.raises(ValueError, match="Feature shape mismatch, expected: 3, got 2"):
        predict(booster, MATRIX[:, :2])


def test_gains_are_shares_the_largest_first() -> None:
    gains = gain_by_feature(fitted(True, IS_LATE))
    assert set(gains) >= {"x", "c"}
    assert list(gains.values()) == sorted(gains.values(), reverse=True)
    assert sum(gains.values()) == pytest.approx(1)
    assert gain_by_feature(fitted(False, np.ones(ROWS))) == {}
