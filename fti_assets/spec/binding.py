"""What computes a feature group: one line binds the contract to it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Union

from fti_assets.spec.errors import DeclarationError, unknown
from fti_assets.spec.selection import Selection
from fti_assets.spec.source import Source
from fti_assets.spec.time import DAY, duration, label_of

if TYPE_CHECKING:
    from fti_assets.spec.feature_group import FeatureGroup

Input = Union[Source, "FeatureGroup", Selection]

STATISTICS = ("count", "sum", "mean", "std", "min", "max")


@dataclass(frozen=True)
class Computed:
    """A group computed by a plain function of frames, one frame for each input."""

    group: "FeatureGroup"
    function: Callable[..., Any]
    inputs: tuple[Input, ...]

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise DeclarationError(f"{self.group.name}.computed: expected a function first, got {self.function!r}")
        for given in self.inputs:
            if not isinstance(given, Source | Selection | type(self.group)):
                raise DeclarationError(f"{self.group.name}.computed: input {given!r} is no source, group or selection")
        try:
            inspect.signature(self.function).bind(*self.inputs)
        except TypeError as error:
            name = getattr(self.function, "__name__", repr(self.function))
            raise DeclarationError(
                f"{self.group.name}.computed: {name} does not take {len(self.inputs)} frames ({error})"
            ) from None


@dataclass(frozen=True)
class Aggregated:
    """A group of trailing windows over another group's rows.

    The row of key k as of t covers the source rows with `known_at` in [t - window, t), for each t on the grid
    `every` (a day, or a part of one that divides it), and is known at t. Its columns are called
    `<column>_<statistic>_<window>`. Keys with no row in the longest window have no row; a shorter window that is
    empty has count 0 and nulls elsewhere. Nulls in a source column are not counted.
    """

    group: "FeatureGroup"
    source: "FeatureGroup"
    by: tuple[str, ...] | str | Sequence[str]
    columns: Mapping[str, Sequence[str]]
    windows: Sequence[str]
    every: timedelta | str

    def __post_init__(self) -> None:
        group, source = self.group, self.source
        object.__setattr__(self, "by", (self.by,) if isinstance(self.by, str) else tuple(self.by))
        object.__setattr__(self, "every", duration(self.every))
        object.__setattr__(self, "columns", {c: tuple(s) for c, s in self.columns.items()})
        object.__setattr__(self, "windows", tuple(self.windows))
        if group.dimension or source.dimension:
            raise DeclarationError(f"{group.name}.aggregated: a dimension has no times to aggregate by")
        if self.by != group.keys:
            raise DeclarationError(f"{group.name}.aggregated: by={self.by}, but the group's keys are {group.keys}")
        for column in (*self.by, *self.columns):
            if column not in source.columns:
                raise DeclarationError(
                    f"{group.name}.aggregated: {source.name}: {unknown('column', column, source.columns)}"
                )
        for column in self.columns:
            if source.columns[column] not in ("number", "integer", "boolean"):
                raise DeclarationError(
                    f"{group.name}.aggregated: {source.name}.{column} is {source.columns[column]}, not a number"
                )
        for statistic in (s for statistics in self.columns.values() for s in statistics):
            if statistic not in STATISTICS:
                raise DeclarationError(f"{group.name}.aggregated: {unknown('statistic', statistic, STATISTICS)}")
        if DAY % self.step or any(length % self.step for length in self.lengths.values()):
            raise DeclarationError(
                f"{group.name}.aggregated: every={label_of(self.step)} must divide the day and each of {self.windows}"
            )
        if group.known_at != group.event_time:
            raise DeclarationError(
                f"{group.name}.aggregated: a window's value is known when it ends; leave known_at out"
            )
        expected, declared = set(self.outputs), set(group.values)
        if expected != declared:
            raise DeclarationError(
                f"{group.name}.aggregated gives other columns than {group.schema.__name__} declares: "
                f"undeclared {sorted(expected - declared)}, declared but not given {sorted(declared - expected)}"
            )
        for name, (_, statistic, _) in self.outputs.items():
            if group.columns[name] not in (("integer", "number") if statistic == "count" else ("number",)):
                raise DeclarationError(
                    f"{group.name}.aggregated: {name} is declared {group.columns[name]}: expected "
                    f"{'int' if statistic == 'count' else 'float'} for a {statistic}"
                )

    @property
    def step(self) -> timedelta:
        """The distance between two instants of the grid."""
        return duration(self.every)

    @property
    def lengths(self) -> dict[str, timedelta]:
        """Each window's label and length, the shortest first."""
        return dict(sorted(((label_of(duration(w)), duration(w)) for w in self.windows), key=lambda item: item[1]))

    @property
    def halo(self) -> timedelta:
        """How far before a window of time its source rows reach: derived, so it cannot be a day short."""
        return max(self.lengths.values())

    @property
    def outputs(self) -> dict[str, tuple[str, str, str]]:
        """Each output column: (source column, statistic, window label)."""
        return {
            f"{column}_{statistic}_{label}": (column, statistic, label)
            for column, statistics in self.columns.items()
            for statistic in statistics
            for label in self.lengths
        }


Binding = Computed | Aggregated
