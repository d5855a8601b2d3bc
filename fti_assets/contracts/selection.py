"""Columns of a feature group as a view uses them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.label import Label
from fti_assets.contracts.time import duration

if TYPE_CHECKING:
    from fti_assets.contracts.feature_group import FeatureGroup


def bounded(what: str, lookback: object) -> timedelta:
    """A look-back as a timedelta: it says how far back rows are kept at hand, so there is none without a bound.

    Raises DeclarationError, beginning with `what`, for None, zero, less, and text that is no duration.
    """
    try:
        return duration(lookback)  # type: ignore[arg-type]  # refuses what is neither text nor a timedelta
    except DeclarationError as error:
        raise DeclarationError(
            f"{what}: lookback: {error}; a look-back is bounded, only a dimension, which is read whole, has none"
        ) from None


@dataclass(frozen=True)
class Selection:
    """Some columns of one group, how old they may be, how their keys and columns are called in the view."""

    group: "FeatureGroup"
    columns: tuple[str, ...]
    own_lookback: timedelta | None = None
    on: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    entity: tuple[str, ...] = ()
    unseen: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for column in self.columns:
            if column not in self.group.columns:
                raise DeclarationError(f"{self.group.name}: {unknown('column', column, self.group.columns)}")
        for column in self.entity:
            if column not in self.group.columns:
                raise DeclarationError(f"{self.group.name}: {unknown('column', column, self.group.columns)}")
        for key in self.on:
            if key not in self.keys:
                raise DeclarationError(f"{self.group.name}: {unknown('key', key, self.keys)}")

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns by which the latest row is looked up: the group's keys, unless `by` named others."""
        return self.entity or tuple(self.group.keys)

    @property
    def age(self) -> timedelta:
        """How old a value may be at prediction time: the view's bound, or else the group's."""
        return self.own_lookback or duration(self.group.lookback)

    @property
    def names(self) -> dict[str, str]:
        """What each selected column is called in the view."""
        return {column: self.prefix + column for column in self.columns}

    @property
    def spine_keys(self) -> dict[str, str]:
        """For each key of the group, the column of the spine that it equals."""
        return {key: self.on.get(key, key) for key in self.keys}

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that makes its columns what they are in a view."""
        return self.group.declaration, self.names, sorted(self.unseen), self.age, self.spine_keys

    def lookback(
        self, value: str | timedelta | None = None, *, days: float = 0, hours: float = 0, minutes: float = 0
    ) -> "Selection":
        """The same columns with another bound on their age."""
        if self.group.dimension:
            raise DeclarationError(f"{self.group.name} is a dimension: it is read whole and takes no lookback")
        given = timedelta(days=days, hours=hours, minutes=minutes) if value is None else value
        return replace(self, own_lookback=bounded(self.group.name, given))

    def by(self, *columns: str) -> "Selection":
        """The latest row of another entity than the keys': `arrivals["landed_at"].by("tail_number")`."""
        if self.group.dimension:
            raise DeclarationError(
                f"{self.group.name} is a dimension: it has one row a key and is looked up by its keys"
            )
        return replace(self, entity=columns)

    def joined_on(self, **spine_column_by_key: str) -> "Selection":
        """The same columns, joined on spine columns of other names: `weather.select().joined_on(airport="origin")`."""
        return replace(self, on={**self.on, **spine_column_by_key})

    def prefixed(self, prefix: str) -> "Selection":
        """The same columns under prefixed names."""
        return replace(self, prefix=prefix)

    def hidden(self, *columns: str) -> "Selection":
        """The same columns, these of them (or all) for on-demand functions alone: looked up, not given to the model."""
        for column in columns:
            if column not in self.columns:
                raise DeclarationError(f"{self.group.name}: {unknown('selected column', column, self.columns)}")
        return replace(self, unseen=frozenset(columns or self.columns))

    def within(self, *, days: float = 0, hours: float = 0) -> Label:
        """The one selected column as a label that may take so long to become known."""
        if len(self.columns) != 1:
            raise DeclarationError(
                f"a label is one column; {self.group.name}[{', '.join(self.columns)}] has {len(self.columns)}"
            )
        methods = {"by": self.entity, "lookback": self.own_lookback, "prefixed": self.prefix, "hidden": self.unseen}
        for method, given in methods.items():
            if given:
                raise DeclarationError(
                    f"label {self.group.name}[{self.columns[0]!r}] takes no .{method}(…): it is the group's row of the "
                    "same keys, known after the prediction; .joined_on(…) says what the spine calls the keys"
                )
        return Label(self.group, self.columns[0], timedelta(days=days, hours=hours), self.on)
