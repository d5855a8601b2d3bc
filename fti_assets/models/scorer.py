"""A registered version, loaded, checked and asked: in batch, online and at the gates alike."""

import json

import numpy as np
import pandas as pd

from fti_assets.contracts.errors import Corrupt
from fti_assets.models.estimators import estimator_named
from fti_assets.models.transforms import Preprocessing
from fti_assets.stores.registry import ModelVersion

TRIAL = "trial_"
"""What the names of the files begin with that the evaluation's own fit is kept in."""


class Scorer:
    """What a version learned and its preprocessing, ready to predict; with `trial` those that were evaluated.

    Raises Corrupt when the stored rows of `golden.json` no longer give the stored predictions.
    """

    def __init__(self, version: ModelVersion, trial: bool = False) -> None:
        prefix, signature = TRIAL if trial else "", version.read_json("signature.json")
        files = {name: version.read(f"{prefix}{name}") for name in signature["files"]}
        self.version = version
        self.preprocessing = Preprocessing.from_json(version.read(f"{prefix}preprocessing.json"))
        self.fitted = estimator_named(signature["estimator"]).load(files)
        if not trial:
            self._replay()

    def predict(self, frame: pd.DataFrame, threads: int = 0) -> np.ndarray:
        """One number for each row of a view's frame."""
        answer: np.ndarray = self.fitted.predict(self.preprocessing.transform(frame), threads)
        return answer

    def _replay(self) -> None:
        golden = json.loads(self.version.read("golden.json"))
        matrix = np.array(golden["rows"], dtype=np.float32)
        if not np.array_equal(self.fitted.predict(matrix, threads=1), np.array(golden["predictions"])):
            raise Corrupt(
                f"{self.version.model} version {self.version.version} no longer gives its golden predictions: "
                "the file or the installed estimator differs from the one that trained it"
            )
