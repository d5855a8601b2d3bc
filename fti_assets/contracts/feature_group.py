"""The contract of one table of features."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import pandera.pandas as pa

from fti_assets.contracts.binding import Aggregated, Computed, Input
from fti_assets.contracts.column_names import check_columns
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.names import checked_name, checked_owners, checked_tags, snake_case
from fti_assets.contracts.on_invalid import check_on_invalid
from fti_assets.contracts.schema import Kind, columns_of, first_line
from fti_assets.contracts.selection import Selection, bounded
from fti_assets.contracts.time import DAY, PERIODS, Period


@dataclass(frozen=True)
class FeatureGroup:
    """Rows that one pipeline writes and any model reads, each known from `known_at` on.

    `keys` name what a row is about, `event_time` when it is true, `known_at` when it could be known (by default
    at its event time). Partition D holds the rows that became known on day D. `lookback` bounds how old a row
    may be when a prediction uses it. A `dimension` is small and slowly changing: it has no times, is read whole,
    and counts as always known.

    `partitions` says how much time one holds: an hour, a day or a week of UTC, from Monday 00:00.
    `version=2` is a table of its own beside the first, called `<name>_v2`.
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
        check_columns(f"feature group {self.name}", self.columns)
        settle("keys", (self.keys,) if isinstance(self.keys, str) else tuple(self.keys))
        settle("lookback", bounded(f"feature group {self.name}", self.lookback))
        settle("owners", checked_owners(f"feature group {self.name}", self.owners))
        settle("tags", checked_tags(f"feature group {self.name}", self.tags))
        if self.partitions not in PERIODS:
            raise DeclarationError(
                f"feature group {self.name}: partitions={self.partitions!r}: expected one of {', '.join(PERIODS)}"
            )
        check_on_invalid(f"feature group {self.name}", self.on_invalid, self.invalid_up_to)
        if not self.keys:
            raise DeclarationError(f"feature group {self.name}: expected at least one key column")
        if self.dimension:
            if self.event_time or self.known_at:
                raise DeclarationError(f"dimension {self.name} has no event_time and no known_at: it is read whole")
            if self.partitions != "daily":
                raise DeclarationError(f"dimension {self.name} has no {self.partitions} partitions: it is read whole")
            if self.lookback != DAY:
                raise DeclarationError(f"dimension {self.name} takes no lookback: it is read whole")
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
        for column in ("ds", "hour") if self.partitions == "hourly" else ("ds",):
            if column in self.columns:
                raise DeclarationError(
                    f"feature group {self.name}: {column!r} names the partition; choose another column name"
                )

    @property
    def period(self) -> Period:
        """How much time one partition holds."""
        return PERIODS[self.partitions]

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

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that says which rows a view finds in it."""
        return self.name, dict(self.columns), self.keys, self.event_time, self.known_at

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
        every: str | None = None,
        *,
        where: str | Mapping[str, str] | None = None,
        at: "FeatureGroup | None" = None,
        sawtooth: bool = False,
    ) -> Aggregated:
        """Bind the group to trailing windows over another group's rows, by the time they became known.

        `{"delay": ["mean", "count_late"]}` with windows `["7d"]` gives `delay_mean_7d` and `delay_count_late_7d`; the
        functions are count, sum, mean, std, min, max, first, last and distinct. `where` is an SQL condition on the
        rows, or names conditions for single statistics: `{"late": "delay > 15"}`. Windows end every day at midnight,
        on the finer grid `every`, or at the event time of each row of the group `at`, exact to the microsecond;
        with `sawtooth` those begin at a midnight. See `Aggregated`.
        """
        return Aggregated(self, source, by, columns, windows, every, where, at, sawtooth)
