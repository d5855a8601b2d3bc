"""Model-dependent transformation: fitted on training rows, stored with the model, applied to every row after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fti_assets.contracts.kinds import Kind

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Preprocessing:
    """The columns of a model's matrix in order; a text column by its categories, in code order.

    A null, and a category that training never saw, become NaN, which XGBoost sends down its learned default
    branch. (A code of -1, and a code out of range, XGBoost takes silently for something else.) Numbers beyond
    float32 become its largest, for XGBoost fits no infinities.
    """

    kinds: Mapping[str, Kind]
    categories: Mapping[str, tuple[str, ...]]

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Rows × columns as float32, the same bits for a row alone and in a batch.

        Whole numbers beyond 2**24 are rounded here and nowhere before: an id is no number to learn from.
        """
        matrix = np.empty((len(frame), len(self.kinds)), dtype=np.float32)
        for position, (name, kind) in enumerate(self.kinds.items()):
            if kind == "text":
                codes = pd.Index(self.categories[name]).get_indexer(frame[name]).astype(np.float32)
                codes[codes < 0] = np.nan
                matrix[:, position] = codes
            else:
                numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
                matrix[:, position] = np.clip(numbers, -_LARGEST, _LARGEST)
        return matrix

    def to_json(self) -> bytes:
        """A stable text of it."""
        columns = [
            {"name": name, "kind": kind, **({"categories": self.categories[name]} if kind == "text" else {})}
            for name, kind in self.kinds.items()
        ]
        return json.dumps({"columns": columns}, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Preprocessing":
        """What `to_json` wrote."""
        columns = json.loads(text)["columns"]
        return cls(
            {c["name"]: Kind(c["kind"]) for c in columns},
            {c["name"]: tuple(c["categories"]) for c in columns if c["kind"] == "text"},
        )


def fit_preprocessing(frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> Preprocessing:
    """The preprocessing of these columns, its categories those of the training rows, sorted."""
    categories = {
        name: tuple(sorted(str(value) for value in frame[name].dropna().unique()))
        for name, kind in kinds.items()
        if kind == "text"
    }
    return Preprocessing(dict(kinds), categories)
