"""A registered version, loaded, checked and asked: in batch, online and at the gates alike."""

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fti_assets.models.boosting import load, predict
from fti_assets.models.transforms import Preprocessing
from fti_assets.stores.registry import Corrupt, ModelVersion

if TYPE_CHECKING:
    import xgboost


class Scorer:
    """A version's booster and preprocessing, ready to predict.

    Raises Corrupt when the stored rows of `golden.json` no longer give the stored predictions.
    """

    def __init__(self, version: ModelVersion, trial: bool = False) -> None:
        prefix, stem = ("trial_", "trial") if trial else ("", "model")
        self.version = version
        self.preprocessing = Preprocessing.from_json(version.read(f"{prefix}preprocessing.json"))
        self.booster: xgboost.Booster = load(version.read(f"{stem}.ubj"))
        if not trial:
            self._replay()

    def predict(self, frame: pd.DataFrame, threads: int = 0) -> np.ndarray:
        """One number for each row of a view's frame."""
        return predict(self.booster, self.preprocessing.transform(frame), threads)

    def _replay(self) -> None:
        golden = json.loads(self.version.read("golden.json"))
        matrix = np.array(golden["rows"], dtype=np.float32)
        if not np.array_equal(predict(self.booster, matrix, threads=1), np.array(golden["predictions"])):
            raise Corrupt(
                f"{self.version.model} version {self.version.version} no longer gives its golden predictions: "
                "the file or the installed XGBoost differs from the one that trained it"
            )
