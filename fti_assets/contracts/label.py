"""What a model learns, and how long to wait for it."""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.group import Group
from fti_assets.contracts.kinds import Kind


@attrs.frozen
class Label:
    """A column of a feature group, known within `horizon` of the prediction or never.

    A spine row whose label became known later than that, or not at all, is never trained on and never measured.
    `on` names the spine's column for a key of the group, where that is called otherwise; `name` is the column's, unless
    a view that has several labels calls it otherwise.
    """

    group: Group
    column: str
    horizon: timedelta
    on: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    name: str = attrs.field()

    @name.default
    def _as_its_column(self) -> str:
        return self.column

    def __attrs_post_init__(self) -> None:
        what = f"label {self.group.name}[{self.column!r}]"
        if self.group.dimension:
            raise DeclarationError(f"{what}: a dimension has no time and cannot hold a label")
        if self.column not in self.group.columns:
            raise DeclarationError(f"{what}: {unknown('column', self.column, self.group.columns)}")
        kind = self.group.columns[self.column]
        if not kind.is_numeric:
            raise DeclarationError(f"{what} is {kind}: expected bool or a number")
        if self.horizon <= timedelta(0):
            raise DeclarationError(
                f"{what}: known within {self.horizon}: expected more than zero, as in within(days=2)"
            )

    @property
    def is_binary(self) -> bool:
        """Whether the label is yes or no (a classifier's) and not a number (a regressor's)."""
        return self.group.columns[self.column] == Kind.BOOLEAN

    @property
    def spine_keys(self) -> dict[str, str]:
        """For each key of the group, the column of the spine that it equals."""
        return {key: self.on.get(key, key) for key in self.group.keys}

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that makes the labels what they are."""
        return self.group.declaration, self.column, self.horizon, self.spine_keys
