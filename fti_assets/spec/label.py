"""What a model learns, and how long to wait for it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fti_assets.spec.errors import DeclarationError, unknown

if TYPE_CHECKING:
    from fti_assets.spec.feature_group import FeatureGroup


@dataclass(frozen=True)
class Label:
    """A column of a feature group, known within `horizon` of the prediction or never.

    A spine row whose label became known later than that, or not at all, is never trained on and never measured.
    """

    group: "FeatureGroup"
    column: str
    horizon: timedelta

    def __post_init__(self) -> None:
        what = f"label {self.group.name}[{self.column!r}]"
        if self.group.dimension:
            raise DeclarationError(f"{what}: a dimension has no time and cannot hold a label")
        if self.column not in self.group.columns:
            raise DeclarationError(f"{what}: {unknown('column', self.column, self.group.columns)}")
        kind = self.group.columns[self.column]
        if kind not in ("boolean", "number", "integer"):
            raise DeclarationError(f"{what} is {kind}: expected bool or a number")

    @property
    def is_binary(self) -> bool:
        """Whether the label is yes or no (a classifier's) and not a number (a regressor's)."""
        return self.group.columns[self.column] == "boolean"
