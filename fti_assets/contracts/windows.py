"""Trailing windows over a group's rows: what is aggregated, how far back, and where windows end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import attrs

from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.group import Group
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.names import as_names, checked_name
from fti_assets.contracts.schema import GeneratedColumn
from fti_assets.contracts.time import DAY, HOURLY, Period, as_duration, duration, label_of

STATISTICS = ("count", "sum", "mean", "std", "min", "max", "last", "first", "distinct")
CLOSED = ("left", "right")
"""Which side of a window is inside, as in pandas and Polars: `[t - length, t)` or `(t - length, t]`."""
_OF_NUMBERS = ("sum", "mean", "std", "min", "max")

Over = tuple[str, ...] | Mapping[str, tuple[str, ...]]
"""Lengths of windows, of all columns or by column."""


class Read(NamedTuple):
    """What a partition reads of a group: its rows from so far before the partition, and the partition's own or not."""

    group: Group
    halo: timedelta
    own_period: bool


class Output(NamedTuple):
    """A column of windows: the source's column, the statistic of it, and the label of the window's length."""

    column: str
    statistic: str
    window: str

    @property
    def function(self) -> str:
        """The statistic without its condition: `count` of `count_late`."""
        return self.statistic.partition("_")[0]

    @property
    def condition(self) -> str:
        """The name of the statistic's condition: `late` of `count_late`."""
        return self.statistic.partition("_")[2]


def _as_statistics(columns: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {column: tuple(dict.fromkeys(as_names(statistics))) for column, statistics in columns.items()}


def _as_lengths(over: str | Sequence[str] | Mapping[str, str | Sequence[str]]) -> Over:
    return {c: as_names(lengths) for c, lengths in over.items()} if isinstance(over, Mapping) else as_names(over)


def _as_conditions(where: str | Mapping[str, str] | None) -> str | Mapping[str, str] | None:
    return dict(where) if isinstance(where, Mapping) else where


@attrs.frozen(kw_only=True)
class Windows:
    """Trailing windows over the rows of `source`, as `FeatureGroup.windows` declares them, which explains each part.

    Raises DeclarationError for a column, statistic or condition that there is not, and for ends that cannot be.
    """

    source: Group = attrs.field()
    by: tuple[str, ...] = attrs.field(converter=as_names)
    columns: Mapping[str, tuple[str, ...]] = attrs.field(converter=_as_statistics, hash=False)
    over: Over = attrs.field(converter=_as_lengths, hash=False)
    every: timedelta | None = attrs.field(default=None, converter=attrs.converters.optional(as_duration))
    where: str | Mapping[str, str] | None = attrs.field(default=None, converter=_as_conditions, hash=False)
    at: Group | None = None
    sawtooth: bool = False
    closed: str = "left"
    ends: str = "as_of"

    def __attrs_post_init__(self) -> None:
        if isinstance(self.over, Mapping) and set(self.over) != set(self.columns):
            raise self._error(f"over={self.over!r}: expected lengths for each of {', '.join(self.columns)}")
        for lengths in map(self._over, self.columns):
            if not lengths or None in lengths:
                raise self._error(
                    f"over={list(lengths)!r}: expected lengths, such as ['7d', '30d']; a window without bound would "
                    "read all of history for each row"
                )
        if self.at and self.every:
            raise self._error(f"every={self.every!r} and at={self.at.name}: windows end on a grid or at rows, not both")
        if self.source.dimension or (self.at and self.at.dimension):
            raise self._error("a dimension has no times to aggregate by")
        if self.closed not in CLOSED:
            raise self._error(f"closed={self.closed!r}: expected one of {', '.join(CLOSED)}")
        self._check_conditions()
        self._check_statistics()
        self._check_ends()
        if self.ends in self.by:
            raise self._error(f"{self.ends} is a key, and what the end of a window is called: expected event_time=")
        if len(self.outputs) < sum(len(s) * len(self.lengths_of(c)) for c, s in self.columns.items()):
            raise self._error("two statistics would have the same name; call a condition something else")

    @property
    def step(self) -> timedelta:
        """The distance between two instants at which windows may end: that of the grid, or a microsecond."""
        return timedelta(microseconds=1) if self.at else self.every or DAY

    @property
    def lengths(self) -> dict[str, timedelta]:
        """Each window's label and length, the shortest first."""
        lengths = {label: length for column in self.columns for label, length in self.lengths_of(column).items()}
        return dict(sorted(lengths.items(), key=lambda item: item[1]))

    def lengths_of(self, column: str) -> dict[str, timedelta]:
        """The labels and lengths of one column's windows, the shortest first."""
        lengths = [duration(length) for length in self._over(column)]
        return {label_of(length): length for length in sorted(lengths)}

    @property
    def filter(self) -> str | None:
        """The condition that all rows have to meet."""
        return self.where if isinstance(self.where, str) else None

    @property
    def conditions(self) -> Mapping[str, str]:
        """The conditions of single statistics, by name."""
        return self.where if isinstance(self.where, Mapping) else {}

    @property
    def order(self) -> tuple[str, ...]:
        """The source columns that tell rows apart which became known at one instant."""
        return tuple(dict.fromkeys((self.source.event_time, *self.source.keys)))

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The source columns that the windows are made of."""
        conditions = [self.filter] if self.filter else self.conditions.values()
        used = [c for sql in conditions for c in columns_read(self._what, sql, self.source.columns)]
        is_ordered = any(output.function in ("first", "last") for output in self.outputs.values())
        order = self.order if is_ordered else ()
        return tuple(dict.fromkeys((self.source.known_at, *self.by, *self.columns, *used, *order)))

    @property
    def outputs(self) -> dict[str, Output]:
        """What each value column is, by name: `<column>_<statistic>_<window>`."""
        return {
            f"{column}_{statistic}_{label}": Output(column, statistic, label)
            for column, statistics in self.columns.items()
            for statistic in statistics
            for label in self.lengths_of(column)
        }

    @property
    def description(self) -> str:
        """What is aggregated, in a sentence."""
        what = ", ".join(f"{' and '.join(statistics)} of {column}" for column, statistics in self.columns.items())
        said = f"{what} in {self.source.name} by {' and '.join(self.by)}, over the last {', '.join(self.lengths)}."
        return said[0].upper() + said[1:]

    @property
    def schema_columns(self) -> tuple[GeneratedColumn, ...]:
        """The columns of a group of these windows: keys, the end of a window, and a value for each output."""
        keys = (
            GeneratedColumn(key, (self.source.columns[key],), False, self._described_by_source(key)) for key in self.by
        )
        end = GeneratedColumn(self.ends, (Kind.TIME,), False, "when the windows end, and are known")
        return (*keys, end, *self._value_columns())

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that says which values its rows hold."""
        ends = (self.at.declaration, self.sawtooth) if self.at else self.step
        outputs = {name: tuple(output) for name, output in self.outputs.items()}
        closed = () if self.closed == "left" else (self.closed,)
        return self.source.name, self.by, outputs, self.lengths, ends, self.filter, dict(self.conditions), *closed

    @property
    def holds_end(self) -> bool:
        """Whether rows known at the very end of a window are in it, and those known at its start are not."""
        return self.closed == "right"

    def halo(self, period: Period) -> timedelta:
        """How far before a partition of such a period its source rows reach: derived, so it cannot be a day short."""
        since_midnight = DAY - HOURLY.length if self.sawtooth and period == HOURLY else timedelta(0)
        return max(self.lengths.values()) + since_midnight

    def reads(self, period: Period) -> tuple[Read, ...]:
        """The groups that a partition of such a period depends on, and which of their time."""
        source = Read(self.source, self.halo(period), own_period=self.holds_end or self.step < period.length)
        return (source, Read(self.at, timedelta(0), own_period=True)) if self.at else (source,)

    def check_partitions(self, group: Group) -> None:
        """Raise DeclarationError unless the grid divides the group's partitions."""
        if self.at is None and group.period.length % self.step:
            raise self._error(
                f"every={label_of(self.step)} must divide the group's {group.partitions} partitions: expected "
                f"{label_of(group.period.length)} or a part of it"
            )

    def meaning(self, output: Output) -> str:
        """What a column is, in words."""
        counted = self.conditions.get(output.condition) or self.filter
        where = f" where {counted}" if counted else ""
        until = f"the day of {self.ends}, and that day up to it" if self.sawtooth else self.ends
        what = f"{output.function} of {self.source.name}.{output.column}{where}"
        return f"{what} over the {output.window} before {until}{', its very end included' if self.holds_end else ''}"

    def _over(self, column: str) -> tuple[str, ...]:
        return self.over[column] if isinstance(self.over, Mapping) else self.over

    @property
    def _what(self) -> str:
        return f"windows of {self.source.name}"

    def _error(self, message: str) -> DeclarationError:
        return DeclarationError(f"{self._what}: {message}")

    def _described_by_source(self, column: str) -> str:
        return str(self.source.schema.pandera.columns[column].description or "")

    def _value_columns(self) -> Iterator[GeneratedColumn]:
        for name, output in self.outputs.items():
            kinds: tuple[Kind, ...] = (Kind.NUMBER,)
            if output.function in ("count", "distinct"):
                kinds = (Kind.INTEGER, Kind.NUMBER)
            elif output.function in ("first", "last"):
                kinds = (self.source.columns[output.column],)
            is_count = output.function in ("count", "distinct")
            yield GeneratedColumn(name, kinds, not is_count, self.meaning(output))

    def _check_conditions(self) -> None:
        if self.where is not None and not isinstance(self.where, str | dict):
            raise self._error(f"where={self.where!r}: expected an SQL condition, or a mapping of names to conditions")
        for name in self.conditions:
            checked_name("condition", name)
        for sql in [self.filter] if self.filter is not None else self.conditions.values():
            columns_read(self._what, sql, self.source.columns)

    def _check_statistics(self) -> None:
        for column in (*self.by, *self.columns):
            if column not in self.source.columns:
                raise self._error(unknown("column", column, self.source.columns))
        for column, statistic in ((c, s) for c, statistics in self.columns.items() for s in statistics):
            function, named, condition = statistic.partition("_")
            if function not in STATISTICS:
                raise self._error(unknown("statistic", statistic, STATISTICS))
            if named and condition not in self.conditions:
                raise self._error(f"{statistic}: {unknown('condition', condition, self.conditions)}; name it in where=")
            kind = self.source.columns[column]
            if function in _OF_NUMBERS and not kind.is_numeric:
                others = ", ".join(s for s in STATISTICS if s not in _OF_NUMBERS)
                raise self._error(f"{column} is {kind}, not a number: it has no {function}; there are: {others}")

    def _check_ends(self) -> None:
        if self.at is None:
            if self.sawtooth:
                raise self._error("sawtooth=True: expected at=, the group at whose rows the windows end")
            if DAY % duration(self.step) or any(length % self.step for length in self.lengths.values()):
                raise self._error(f"every={label_of(self.step)} must divide the day and each of {list(self.lengths)}")
            return
        for column in self.by:
            if self.at.columns.get(column) != self.source.columns[column]:
                there = self.at.columns.get(column, "not there")
                raise self._error(
                    f"at={self.at.name}: expected the columns {self.by} as {self.source.name} has them, but "
                    f"{column} is {there}"
                )
        if self.at.known_at != self.at.event_time:
            raise self._error(
                f"at={self.at.name}: its rows happen at {self.at.event_time} and are known at {self.at.known_at}; "
                "expected a group whose rows are known when they happen"
            )
        if self.sawtooth and any(length % DAY for length in self.lengths.values()):
            raise self._error(f"sawtooth=True: expected windows of whole days, not {list(self.lengths)}")
