"""Gradient-boosted trees: the one module that knows XGBoost's API."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.kinds import Kind

if TYPE_CHECKING:
    import xgboost

# OpenMP's threads spin while they wait for work, unless told: on a machine with other work that costs four times the
# CPU. It reads the variable once, when XGBoost loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

Parameter = float | int | str
_FILE = "model.ubj"
_TAKEN = {"objective", "seed", "random_state", "nthread", "n_jobs", "max_depth", "learning_rate", "eta"}


def _as_params(params: Mapping[str, Parameter]) -> dict[str, Parameter]:
    return dict(params)


@attrs.frozen
class XGBoost:
    """Gradient-boosted trees: a bool label is classified, a number is regressed.

    Args:
        rounds: how many trees. It is fixed, so the model that is evaluated and the one refitted on all rows are of one
            recipe.
        max_depth: of a tree.
        learning_rate: by how much each tree's answer counts.
        params: any further parameters of XGBoost's Learning API by their own names.
        seed: of everything that is drawn.
        ordered_categories: text features are split as numbers in their alphabetical order, and not as sets of
            categories: on the flights a third of the time for 0.3 points of gain.

    Raises:
        DeclarationError: a number that is not above zero, or a parameter that something else sets.

    Example:
        >>> import fti_assets as fti
        >>> fti.XGBoost(rounds=60, params={"subsample": 0.7}).parameters(is_binary=True)["objective"]
        'binary:logistic'
    """

    rounds: int = 100
    max_depth: int = 6
    learning_rate: float = 0.1
    params: Mapping[str, Parameter] = attrs.field(factory=dict, converter=_as_params, hash=False)
    seed: int = 0
    ordered_categories: bool = False

    def __attrs_post_init__(self) -> None:
        for name in ("rounds", "max_depth", "learning_rate"):
            if not getattr(self, name) > 0:
                raise DeclarationError(f"XGBoost {name}={getattr(self, name)}: expected more than zero")
        clash = _TAKEN & set(self.params)
        if clash:
            raise DeclarationError(
                f"XGBoost params {sorted(clash)}: set by the label, the machine or a field of their own"
            )

    def parameters(self, is_binary: bool) -> dict[str, Any]:
        """XGBoost's parameters for a yes-or-no label or a number, and how they are used."""
        return {
            **self._learning(is_binary),
            "num_boost_round": self.rounds,
            "ordered_categories": self.ordered_categories,
        }

    def fit(
        self,
        matrix: np.ndarray,
        label: np.ndarray,
        columns: Mapping[str, Kind],
        is_binary: bool,
        like: "Trees | None" = None,
    ) -> "Trees":
        """Trees fitted on the rows; the same rows give the same bytes. Bins of `like` cost half as much as own ones."""
        import xgboost

        bins = like.rows if like and like.columns == dict(columns) else None
        rows = xgboost.QuantileDMatrix(
            matrix,
            max_bin=int(self.params.get("max_bin", 256)),
            label=label,
            ref=bins,
            feature_names=list(columns),
            feature_types=None if self.ordered_categories else _feature_types(columns),
            enable_categorical=True,
        )
        booster = xgboost.train(self._learning(is_binary), rows, num_boost_round=self.rounds)
        return Trees(booster, rows, dict(columns))

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> "Trees":
        """Trees from their UBJSON."""
        import xgboost

        return Trees(xgboost.Booster(model_file=bytearray(files[_FILE])))

    def _learning(self, is_binary: bool) -> dict[str, Any]:
        return {
            "objective": "binary:logistic" if is_binary else "reg:squarederror",
            "tree_method": "hist",
            "max_depth": self.max_depth,
            "learning_rate": self.learning_rate,
            "seed": self.seed,
            **self.params,
        }


@attrs.frozen
class Trees:
    """A booster; fresh from fitting it knows its rows in bins, and the columns that they are of."""

    booster: "xgboost.Booster"
    rows: "xgboost.QuantileDMatrix | None" = None
    columns: Mapping[str, Kind] = attrs.field(factory=dict)

    def predict(self, matrix: np.ndarray, threads: int = 0) -> np.ndarray:
        """One float64 for each row: a probability or a number. `threads` is 0 for all; use 1 for a single row."""
        if len(matrix) == 0:
            return np.empty(0)
        self.booster.set_param({"nthread": threads})
        return np.asarray(self.booster.inplace_predict(matrix), dtype=np.float64)

    def files(self) -> dict[str, bytes]:
        """The booster in XGBoost's own UBJSON."""
        return {_FILE: bytes(self.booster.save_raw(raw_format="ubj"))}

    def importance(self) -> dict[str, float]:
        """Each used feature's share of the total gain, the largest first."""
        scores = self.booster.get_score(importance_type="total_gain")
        gains = {name: float(np.sum(gain)) for name, gain in scores.items()}
        total = sum(gains.values()) or 1.0
        return {name: gain / total for name, gain in sorted(gains.items(), key=lambda item: -item[1])}


def _feature_types(columns: Mapping[str, Kind]) -> list[str]:
    """XGBoost's type of each column: `c` for codes, `float` for the rest."""
    return ["c" if kind == Kind.TEXT else "float" for kind in columns.values()]
