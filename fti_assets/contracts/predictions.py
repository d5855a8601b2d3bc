"""A model's batch predictions, and how they are watched."""

import attrs

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.model import Model


@attrs.frozen
class Predictions:
    """Each day's spine, predicted by the champion of that day, issued once and never changed.

    Args:
        model: whose predictions they are.
        drift_days: the features of so many days are compared with the training profile; one that leaves it twice in a
            row has drifted, which warns, no more.

    Raises:
        DeclarationError: what is no model, or less than a day.
    """

    model: Model
    drift_days: int = 7

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.model, Model):
            raise DeclarationError(f"Predictions of {self.model!r}: expected a Model")
        if self.drift_days < 1:
            raise DeclarationError(f"Predictions drift_days={self.drift_days}: expected at least 1")
