"""The contract of one table of features."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import pandera.pandas as pa

from fti_assets.spec.binding import Aggregated, Computed, Input
from fti_assets.spec.errors import DeclarationError, unknown
from fti_assets.spec.names import checked_name, snake_case
from fti_assets.spec.schema import Kind, columns_of, first_line
from fti_assets.spec.selection import Selection
from fti_assets.spec.time import DAY, duration

PARTITIONS = ("hourly", "daily", "weekly")
ON_INVALID = ("fail", "quarantine")


@dataclass(frozen=True)
class FeatureGroup:
    """Rows that one pipeline writes and any model reads, each known from `known_at` on.

    `keys` name what a row is about, `event_time` when it is true, `known_at` when it could be known (by default
    at its event time). Partition D holds the rows that became known on day D. `lookback` bounds how old a row
    may be when a prediction uses it. A `dimension` is small and slowly changing: it has no times, is read whole,
    and counts as always known.

    `partitions` says how much time one holds. `version=2` is a table of its own beside the first, called `<name>_v2`.
    Rows that break the contract fail their batch; with `on_invalid="quarantine"` they are set aside with the reasons,
    while they are no more than the share `invalid_up_to` of it.

    Raises DeclarationError when a named column is not in the schema or is of the wrong kind.
    """

    schema: type[pa.DataFrameModel]
    keys: tuple[str, ...] | str
    event_time: str | None = None
    known_at: str | None = None
    name: str = ""
    lookback: timedelta | str = DAY
    dimension: bool = False
    owners: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    version: int = 1
    partitions: Literal["hourly", "daily", "weekly"] = "daily"
    on_invalid: Literal["fail", "quarantine"] = "fail"
    invalid_up_to: float = 0.05
    columns: Mapping[str, Kind] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        def settle(attribute: str, value: Any) -> None:
            object.__setattr__(self, attribute, value)

        settle("columns", columns_of(self.schema))
        name = checked_name("feature group", self.name or snake_case(self.schema.__name__))
        if not isinstance(self.version, int) or self.version < 1:
            raise DeclarationError(f"feature group {name}: version={self.version!r}: expected 1, 2, …")
        suffix = "" if self.version == 1 else f"_v{self.version}"
        settle("name", checked_name("feature group", name.removesuffix(suffix) + suffix))  # dataclasses.replace repeats
        settle("keys", (self.keys,) if isinstance(self.keys, str) else tuple(self.keys))
        settle("lookback", duration(self.lookback))
        settle("owners", tuple(self.owners))
        settle("tags", dict(self.tags))
        for argument, choices in (("partitions", PARTITIONS), ("on_invalid", ON_INVALID)):
            if getattr(self, argument) not in choices:
                raise DeclarationError(
                    f"feature group {self.name}: {unknown(argument, str(getattr(self, argument)), choices)}"
                )
        if not 0 < self.invalid_up_to < 1:
            raise DeclarationError(
                f"feature group {self.name}: invalid_up_to={self.invalid_up_to!r}: expected a share between 0 and 1"
            )
        if not self.keys:
            raise DeclarationError(f"feature group {self.name}: expected at least one key column")
        if self.dimension:
            if self.event_time or self.known_at:
                raise DeclarationError(f"dimension {self.name} has no event_time and no known_at: it is read whole")
        elif not self.event_time:
            raise DeclarationError(
                f"feature group {self.name}: expected event_time=, or dimension=True for one read whole"
            )
        else:
            settle("known_at", self.known_at or self.event_time)
        for column in (*self.keys, *self.times):
            if column not in self.columns:
                raise DeclarationError(f"feature group {self.name}: {unknown('column', column, self.columns)}")
        for column in self.times:
            if column in self.keys:
                raise DeclarationError(
                    f"feature group {self.name}: {column} is a time and a key: leave it out of keys; a row is told "
                    "from others by its keys and its times"
                )
            if self.columns[column] != "time":
                raise DeclarationError(f"{self.name}.{column} is {self.columns[column]}: expected fti.UTC for a time")
        if "ds" in self.columns:
            raise DeclarationError(f"feature group {self.name}: 'ds' names the partition; choose another column name")

    @property
    def times(self) -> tuple[str, ...]:
        """The event time and, where it is another column, the known time."""
        return tuple(dict.fromkeys(t for t in (self.event_time, self.known_at) if t))

    @property
    def values(self) -> tuple[str, ...]:
        """The columns that are neither keys nor times."""
        return tuple(c for c in self.columns if c not in self.keys and c not in self.times)

    @property
    def description(self) -> str:
        """The first line of the schema's docstring."""
        return first_line(self.schema)

    def __getitem__(self, columns: str | tuple[str, ...]) -> Selection:
        """Some of the group's columns, for a view."""
        return Selection(self, (columns,) if isinstance(columns, str) else tuple(columns))

    def select(self) -> Selection:
        """All value columns, for a view."""
        return Selection(self, self.values)

    def computed(self, function: Callable[..., Any], *inputs: Input) -> Computed:
        """Bind the group to a plain function of its inputs' frames, in order."""
        return Computed(self, function, inputs)

    def aggregated(
        self,
        source: "FeatureGroup",
        by: str | Sequence[str],
        columns: Mapping[str, Sequence[str]],
        windows: Sequence[str],
        every: str = "1d",
    ) -> Aggregated:
        """Bind the group to trailing windows over another group's rows, by the time they became known."""
        return Aggregated(self, source, by, columns, windows, every)
