"""How a model is fitted: what an estimator does, whoever wrote it."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np

from fti_assets.contracts.kinds import Kind


class Fitted(Protocol):
    """What an estimator learned."""

    def predict(self, matrix: np.ndarray, threads: int = 0) -> np.ndarray:
        """One float64 for each row: a probability or a number; the same bits for a row alone and in a batch.

        `threads` is 0 for all, 1 for a single row.
        """

    def files(self) -> Mapping[str, bytes]:
        """All of it as files, such as `model.ubj`, which the estimator's `load` reads."""

    def importance(self) -> Mapping[str, float]:
        """Each used feature's share of what was learned, the largest first."""


class Estimator(Protocol):
    """A recipe: a frozen value that fits rows. A class of one's own needs these three methods and nothing from here.

    A matrix holds rows × features as float32, in the order of `columns`: a text as the code of its category, a null as
    NaN. A label is 0 or 1 where `is_binary`. The class is found again by its module and name when a version is loaded.
    """

    def parameters(self, is_binary: bool) -> Mapping[str, Any]:
        """Everything that decides what is learned, as JSON holds it: it goes into the version's manifest."""

    def fit(
        self, matrix: np.ndarray, label: np.ndarray, columns: Mapping[str, Kind], is_binary: bool, like: Any = None
    ) -> Fitted:
        """What is learned from the rows; the same rows give the same files.

        `like` is what the same recipe learned from a part of these rows, whose preparation may be used again.
        """

    @classmethod
    def load(cls: type[Self], files: Mapping[str, bytes]) -> Fitted:
        """What was learned, from its files."""
