import numpy as np
import pandas as pd
import pytest

from fti_assets.contracts.kinds import Kind
from fti_assets.models.boosting import Trees, XGBoost
from fti_assets.models.transforms import fit_preprocessing

RANDOM = np.random.default_rng(0)
ROWS = 2000
FRAME = pd.DataFrame(
    {"x": RANDOM.normal(size=ROWS), "noise": RANDOM.normal(size=ROWS), "c": list("abcd" * (ROWS // 4))}
)
FRAME.loc[::10, "x"] = np.nan
FRAME["c"] = FRAME["c"].mask(FRAME.index % 7 == 0).astype("str")
IS_LATE = ((FRAME["x"].fillna(0) > 0) ^ (FRAME["c"] == "b")).to_numpy(dtype=np.float64)
FITTED = fit_preprocessing(FRAME, {"x": Kind.NUMBER, "c": Kind.TEXT, "noise": Kind.NUMBER})
MATRIX = FITTED.transform(FRAME)


def fit(label: np.ndarray, is_binary: bool = True, seed: int = 0, like: Trees | None = None) -> Trees:
    trees = XGBoost(rounds=12, max_depth=3, params={"subsample": 0.8}, seed=seed)
    return trees.fit(MATRIX, label, FITTED.kinds, is_binary, like)


def test_the_same_rows_give_the_same_bytes_before_and_after_predicting() -> None:
    trees = fit(IS_LATE)
    files = trees.files()
    trees.predict(MATRIX, threads=1)
    assert files == trees.files() == fit(IS_LATE).files() == XGBoost.load(files).files()
    assert files != fit(IS_LATE, seed=1).files()


def test_a_row_has_the_same_bits_alone_in_a_batch_on_any_number_of_threads_and_after_loading() -> None:
    trees = XGBoost.load(fit(IS_LATE).files())
    batch = trees.predict(MATRIX)
    assert batch.dtype == np.float64
    assert batch.tobytes() == trees.predict(MATRIX, threads=1).tobytes() == trees.predict(MATRIX, 2).tobytes()
    alone = [trees.predict(FITTED.transform(FRAME.iloc[[n]]), threads=1)[0] for n in range(60)]
    assert np.array_equal(alone, batch[:60])


def test_it_learns_a_yes_or_no_as_a_probability_and_a_number_as_a_number() -> None:
    chance = fit(IS_LATE).predict(MATRIX)
    assert ((chance > 0) & (chance < 1)).all()
    assert chance[IS_LATE == 1].mean() > chance[IS_LATE == 0].mean() + 0.3
    minutes = fit(100 + 10 * IS_LATE, is_binary=False).predict(MATRIX)
    assert minutes[IS_LATE == 1].mean() > 105 > minutes[IS_LATE == 0].mean() > 99


def test_bins_of_an_earlier_fit_of_the_same_rows_give_the_same_trees() -> None:
    assert fit(IS_LATE, like=fit(IS_LATE)).files() == fit(IS_LATE).files()


def test_no_rows_give_no_predictions_and_a_matrix_of_another_width_is_refused() -> None:
    trees = fit(IS_LATE)
    assert trees.predict(MATRIX[:0]).shape == (0,)
    with pytest.raises(ValueError, match="Feature shape mismatch, expected: 3, got 2"):
        trees.predict(MATRIX[:, :2])


def test_importances_are_shares_of_the_gain_the_largest_first() -> None:
    gains = fit(IS_LATE).importance()
    assert set(gains) >= {"x", "c"}
    assert list(gains.values()) == sorted(gains.values(), reverse=True)
    assert sum(gains.values()) == pytest.approx(1)
    assert fit(np.ones(ROWS), is_binary=False).importance() == {}
