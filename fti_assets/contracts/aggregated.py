"""A feature group of trailing windows over another group's rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.schema import Kind
from fti_assets.contracts.time import DAY, HOURLY, duration, label_of

if TYPE_CHECKING:
    from fti_assets.contracts.feature_group import FeatureGroup

STATISTICS = ("count", "sum", "mean", "std", "min", "max", "last", "first", "distinct")
_OF_NUMBERS = ("sum", "mean", "std", "min", "max")
_NUMBERS: tuple[Kind, ...] = ("number", "integer", "boolean")
_WRITTEN: Mapping[Kind, str] = {
    "text": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "time": "fti.UTC",
}


class Read(NamedTuple):
    """What a partition of a binding reads of another group: so far before it, and its own time or not."""

    group: "FeatureGroup"
    halo: timedelta
    own_period: bool


@dataclass(frozen=True)
class Aggregated:
    """A group of trailing windows over another group's rows.

    The row of key k as of t covers the source rows with `known_at` in [t - window, t), and is known at t. Its columns
    are called `<column>_<statistic>_<window>`. A shorter window that is empty has count and distinct 0 and nulls
    elsewhere. Nulls in a source column are not counted. `first` and `last` go by known time, then event time, then
    the source's keys.

    t is each instant of the grid `every` (a day, or a part of one that divides it) at which the longest window has a
    row of the key. Or, with `at`, the event time of each row of that group, which holds the columns `by` under the
    same names: then every key and instant of its rows has one row here. With `sawtooth` such a window begins at the
    midnight that is its length before the day of t: whole days and the day's own rows, [midnight(t) - window, t).

    `where` is an SQL condition that rows must meet to count. A mapping names conditions for single statistics:
    `where={"late": "delay > 15"}` and the statistic `count_late`, of the rows that meet it.
    """

    group: "FeatureGroup"
    source: "FeatureGroup"
    by: tuple[str, ...] | str | Sequence[str]
    columns: Mapping[str, Sequence[str]]
    windows: Sequence[str]
    every: timedelta | str | None = None
    where: str | Mapping[str, str] | None = None
    at: "FeatureGroup | None" = None
    sawtooth: bool = False

    def __post_init__(self) -> None:
        if not self.windows or isinstance(self.windows, str) or None in self.windows:
            raise self._error(
                f"windows={self.windows!r}: expected a list of lengths, such as ['7d', '30d']; a window without bound "
                "would read all of history for each row"
            )
        if self.at and self.every:
            raise self._error(f"every={self.every!r} and at={self.at.name}: windows end on a grid or at rows, not both")
        object.__setattr__(self, "by", (self.by,) if isinstance(self.by, str) else tuple(self.by))
        object.__setattr__(self, "every", None if self.at else duration(self.every or DAY))
        object.__setattr__(self, "columns", {c: tuple(dict.fromkeys(s)) for c, s in self.columns.items()})
        object.__setattr__(self, "windows", tuple(self.windows))
        if isinstance(self.where, Mapping):
            object.__setattr__(self, "where", dict(self.where))
        if self.group.dimension or self.source.dimension or (self.at and self.at.dimension):
            raise self._error("a dimension has no times to aggregate by")
        if self.by != self.group.keys:
            raise self._error(f"by={self.by}, but the group's keys are {self.group.keys}")
        if self.group.known_at != self.group.event_time:
            raise self._error("a window's value is known when it ends; leave known_at out")
        self._check_conditions()
        self._check_statistics()
        self._check_ends()
        self._check_outputs()

    @property
    def step(self) -> timedelta:
        """The distance between two instants at which windows may end: that of the grid, or a microsecond."""
        return duration(self.every) if self.every else timedelta(microseconds=1)

    @property
    def lengths(self) -> dict[str, timedelta]:
        """Each window's label and length, the shortest first."""
        return dict(sorted(((label_of(duration(w)), duration(w)) for w in self.windows), key=lambda item: item[1]))

    @property
    def halo(self) -> timedelta:
        """How far before a window of time its source rows reach: derived, so it cannot be a day short."""
        since_midnight = DAY - HOURLY.length if self.sawtooth and self.group.partitions == "hourly" else timedelta(0)
        return max(self.lengths.values()) + since_midnight

    @property
    def reads(self) -> tuple[Read, ...]:
        """The groups that a partition depends on, and which of their time."""
        source = Read(self.source, self.halo, own_period=self.step < self.group.period.length)
        return (source, Read(self.at, timedelta(0), own_period=True)) if self.at else (source,)

    @property
    def filter(self) -> str | None:
        """The condition that all rows have to meet."""
        return self.where if isinstance(self.where, str) else None

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions of single statistics, by name."""
        return dict(self.where) if isinstance(self.where, Mapping) else {}

    @property
    def order(self) -> tuple[str, ...]:
        """The source columns that tell rows apart which became known at one instant."""
        return tuple(dict.fromkeys((str(self.source.event_time), *self.source.keys)))

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The source columns that the windows are made of."""
        conditions = [self.filter] if self.filter else self.conditions.values()
        used = [c for sql in conditions for c in columns_read(self.group.name, sql, self.source.columns)]
        is_ordered = {"first", "last"} & {s.partition("_")[0] for asked in self.columns.values() for s in asked}
        order = self.order if is_ordered else ()
        return tuple(dict.fromkeys((str(self.source.known_at), *self.by, *self.columns, *used, *order)))

    @property
    def outputs(self) -> dict[str, tuple[str, str, str]]:
        """Each output column: (source column, statistic, window label)."""
        return {
            f"{column}_{statistic}_{label}": (column, statistic, label)
            for column, statistics in self.columns.items()
            for statistic in statistics
            for label in self.lengths
        }

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that says which values its rows hold."""
        ends = (self.at.declaration, self.sawtooth) if self.at else self.step
        return self.source.name, self.by, self.outputs, self.lengths, ends, self.filter, self.conditions

    def _check_conditions(self) -> None:
        if self.where is not None and not isinstance(self.where, str | dict):
            raise self._error(f"where={self.where!r}: expected an SQL condition, or a mapping of names to conditions")
        for name in self.conditions:
            checked_name("condition", name)
        for sql in [self.filter] if self.filter is not None else self.conditions.values():
            columns_read(f"{self.group.name}.aggregated", sql, self.source.columns)

    def _check_statistics(self) -> None:
        for column in (*self.by, *self.columns):
            if column not in self.source.columns:
                raise self._error(f"{self.source.name}: {unknown('column', column, self.source.columns)}")
        for column, statistic in ((c, s) for c, asked in self.columns.items() for s in asked):
            function, named, condition = statistic.partition("_")
            if function not in STATISTICS:
                raise self._error(unknown("statistic", statistic, STATISTICS))
            if named and condition not in self.conditions:
                raise self._error(f"{statistic}: {unknown('condition', condition, self.conditions)}; name it in where=")
            kind = self.source.columns[column]
            if function in _OF_NUMBERS and kind not in _NUMBERS:
                others = ", ".join(s for s in STATISTICS if s not in _OF_NUMBERS)
                raise self._error(
                    f"{self.source.name}.{column} is {kind}, not a number: it has no {function}; there are: {others}"
                )

    def _check_ends(self) -> None:
        if self.at is None:
            if self.sawtooth:
                raise self._error("sawtooth=True: expected at=, the group at whose rows the windows end")
            if self.group.period.length % self.step:
                raise self._error(
                    f"every={label_of(self.step)} must divide the group's {self.group.partitions} partitions: expected "
                    f"{label_of(self.group.period.length)} or a part of it"
                )
            if DAY % self.step or any(length % self.step for length in self.lengths.values()):
                raise self._error(f"every={label_of(self.step)} must divide the day and each of {self.windows}")
            return
        if self.at.name == self.group.name:
            raise self._error("at= is the group itself; expected the group at whose rows the windows end")
        for column in self.by:
            if self.at.columns.get(column) != self.source.columns[column]:
                given = self.at.columns.get(column, "not there")
                raise self._error(
                    f"at={self.at.name}: expected the columns {self.by} as {self.source.name} has them, but "
                    f"{column} is {given}"
                )
        if self.at.known_at != self.at.event_time:
            raise self._error(
                f"at={self.at.name}: its rows happen at {self.at.event_time} and are known at {self.at.known_at}; "
                "expected a group whose rows are known when they happen"
            )
        if self.sawtooth and any(length % DAY for length in self.lengths.values()):
            raise self._error(f"sawtooth=True: expected windows of whole days, not {self.windows}")

    def _check_outputs(self) -> None:
        expected, declared = set(self.outputs), set(self.group.values)
        if len(expected) < len(self.lengths) * sum(map(len, self.columns.values())):
            raise self._error("two statistics would have the same name; call a condition something else")
        if expected != declared:
            raise self._error(
                f"it gives other columns than {self.group.schema.__name__} declares: "
                f"undeclared {sorted(expected - declared)}, declared but not given {sorted(declared - expected)}"
            )
        for name, (column, statistic, _) in self.outputs.items():
            function = statistic.partition("_")[0]
            kinds: tuple[Kind, ...] = ("number",)
            if function in ("count", "distinct"):
                kinds = ("integer", "number")
            elif function in ("first", "last"):
                kinds = (self.source.columns[column],)
            if self.group.columns[name] not in kinds:
                raise self._error(
                    f"{name} is declared {self.group.columns[name]}: expected {_WRITTEN[kinds[0]]} for a {function}"
                )

    def _error(self, message: str) -> DeclarationError:
        return DeclarationError(f"{self.group.name}.aggregated: {message}")
