"""XGBoost, fitted and asked: the one module that knows its API."""

import os
from typing import TYPE_CHECKING

import numpy as np

from fti_assets.contracts.estimator import XGBoost
from fti_assets.models.transforms import Preprocessing

if TYPE_CHECKING:
    import xgboost


# OpenMP's threads spin while they wait for work, unless told: on a machine with other work that costs four times the
# CPU. It reads the variable once, when XGBoost loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def quantize(
    estimator: XGBoost,
    matrix: np.ndarray,
    label: np.ndarray,
    preprocessing: Preprocessing,
    like: "xgboost.QuantileDMatrix | None" = None,
) -> "xgboost.QuantileDMatrix":
    """The rows in XGBoost's bins: their own quantiles, or those of `like`, which costs half as much."""
    import xgboost

    return xgboost.QuantileDMatrix(
        matrix,
        max_bin=int(estimator.params.get("max_bin", 256)),
        label=label,
        ref=like,
        feature_names=list(preprocessing.kinds),
        feature_types=None if estimator.ordered_categories else preprocessing.feature_types,
        enable_categorical=True,
    )


def boost(estimator: XGBoost, is_binary: bool, data: "xgboost.QuantileDMatrix") -> "xgboost.Booster":
    """A booster fitted on rows in bins."""
    import xgboost

    return xgboost.train(estimator.parameters(is_binary), data, num_boost_round=estimator.rounds)


def dump(booster: "xgboost.Booster") -> bytes:
    """The booster in XGBoost's own UBJSON."""
    return bytes(booster.save_raw(raw_format="ubj"))


def load(content: bytes) -> "xgboost.Booster":
    """A booster from its UBJSON."""
    import xgboost

    return xgboost.Booster(model_file=bytearray(content))


def predict(booster: "xgboost.Booster", matrix: np.ndarray, threads: int = 0) -> np.ndarray:
    """One float64 for each row: a probability or a number. `threads` is 0 for all; use 1 for a single row."""
    if len(matrix) == 0:
        return np.empty(0)
    booster.set_param({"nthread": threads})
    return np.asarray(booster.inplace_predict(matrix), dtype=np.float64)


def gain_by_feature(booster: "xgboost.Booster") -> dict[str, float]:
    """Each used feature's share of the total gain, the largest first."""
    gains = {name: float(np.sum(gain)) for name, gain in booster.get_score(importance_type="total_gain").items()}
    total = sum(gains.values()) or 1.0
    return {name: gain / total for name, gain in sorted(gains.items(), key=lambda item: -item[1])}
