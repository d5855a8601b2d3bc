"""A model's batch predictions, and how they are watched."""

from dataclasses import dataclass

from fti_assets.spec.errors import DeclarationError
from fti_assets.spec.model import Model


@dataclass(frozen=True)
class Predictions:
    """Each day's spine, predicted by the champion of that day, issued once and never changed.

    `drift_days` are compared with the training profile; a feature drifts when its population stability index is
    above `drift_threshold` (at least; a feature restless in training has a higher bar of its own).
    """

    model: Model
    drift_days: int = 7
    drift_threshold: float = 0.1

    def __post_init__(self) -> None:
        if not isinstance(self.model, Model):
            raise DeclarationError(f"Predictions of {self.model!r}: expected a Model")
        if self.drift_days < 1 or self.drift_threshold <= 0:
            raise DeclarationError("Predictions: expected drift_days of at least 1 and drift_threshold above zero")
