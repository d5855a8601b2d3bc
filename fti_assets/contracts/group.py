"""The contract of one table of rows: what they are about, when they are true, and when they are known."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import attrs

from fti_assets.contracts.column_names import check_columns
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.names import as_names, check_owners, check_tags, checked_name, snake_case
from fti_assets.contracts.on_invalid import check_on_invalid
from fti_assets.contracts.schema import Schema, schema_of
from fti_assets.contracts.time import DAY, PERIODS, Period, as_duration, check_lookback, duration, label_of

EARLIEST_KNOWLEDGE = DAY
"""How long before its event a row may be known, unless its group declares how far ahead."""


def _as_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return dict(tags)


@attrs.frozen(kw_only=True)
class Group:
    """Rows that one pipeline writes and any model reads, each known from `known_at` on.

    What can be done with them, a `FeatureGroup` adds. All attributes are explained there.
    """

    schema: Schema = attrs.field(converter=schema_of, kw_only=False)
    keys: tuple[str, ...] = attrs.field(converter=as_names)
    event_time: str = ""
    known_at: str = attrs.field()
    _given_name: str = attrs.field(default="", alias="name")
    version: int = 1
    lookback: timedelta = attrs.field(default=DAY, converter=as_duration)
    ahead: timedelta | None = attrs.field(default=None, converter=attrs.converters.optional(as_duration))
    dimension: bool = False
    partitions: str = "daily"
    on_invalid: str = "fail"
    invalid_up_to: float = 0.05
    owners: tuple[str, ...] = attrs.field(default=(), converter=as_names)
    tags: Mapping[str, str] = attrs.field(factory=dict, converter=_as_tags, hash=False)

    @known_at.default
    def _known_when_true(self) -> str:
        return self.event_time

    @property
    def name(self) -> str:
        """What its table is called: `orders`, of version 2 `orders_v2`."""
        name = self._given_name or snake_case(self.schema.name)
        suffix = "" if self.version == 1 else f"_v{self.version}"
        return name.removesuffix(suffix) + suffix

    @property
    def columns(self) -> Mapping[str, Kind]:
        """Each column's kind, in order."""
        return self.schema.columns

    @property
    def period(self) -> Period:
        """How much time one partition holds."""
        return PERIODS[self.partitions]

    @property
    def times(self) -> tuple[str, ...]:
        """The event time and, where it is another column, the known time; none of a dimension."""
        return () if self.dimension else tuple(dict.fromkeys((self.event_time, self.known_at)))

    @property
    def foreknowledge(self) -> timedelta:
        """How long before its event a row may be known, at most. It bounds what a join reads beyond the lookback."""
        if self.known_at == self.event_time:
            return timedelta(0)
        return self.ahead or EARLIEST_KNOWLEDGE

    @property
    def values(self) -> tuple[str, ...]:
        """The columns that are neither keys nor times."""
        return tuple(c for c in self.columns if c not in self.keys and c not in self.times)

    @property
    def description(self) -> str:
        """The first line of the schema's docstring."""
        return self.schema.description

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that says which rows a view finds in it."""
        ahead = () if self.ahead is None else (self.ahead,)
        return self.name, dict(self.columns), self.keys, self.event_time, self.known_at, *ahead

    def __attrs_post_init__(self) -> None:
        checked_name("feature group", self._given_name or snake_case(self.schema.name))
        if not isinstance(self.version, int) or self.version < 1:
            raise self._error(f"version={self.version!r}: expected 1, 2, …")
        checked_name("feature group", self.name)
        check_columns(self._what, self.columns)
        check_lookback(self._what, self.lookback)
        check_owners(self._what, self.owners)
        check_tags(self._what, self.tags)
        if self.partitions not in PERIODS:
            raise self._error(f"partitions={self.partitions!r}: expected one of {', '.join(PERIODS)}")
        check_on_invalid(self._what, self.on_invalid, self.invalid_up_to)
        if not self.keys:
            raise self._error("expected at least one key column")
        self._check_kind()
        self._check_ahead()
        self._check_columns()

    @property
    def _what(self) -> str:
        return f"feature group {self.name}"

    def _error(self, message: str) -> DeclarationError:
        return DeclarationError(f"{self._what}: {message}")

    def _check_kind(self) -> None:
        """A dimension is read whole; any other group has times."""
        if not self.dimension:
            if not self.event_time:
                raise self._error("expected event_time=, or dimension=True for one read whole")
            return
        if self.event_time or self.known_at:
            raise DeclarationError(f"dimension {self.name} has no event_time and no known_at: it is read whole")
        if self.partitions != "daily":
            raise DeclarationError(f"dimension {self.name} has no {self.partitions} partitions: it is read whole")
        if self.lookback != DAY:
            raise DeclarationError(f"dimension {self.name} takes no lookback: it is read whole")

    def _check_ahead(self) -> None:
        """Values known ahead have two times, and a bound between them."""
        if self.ahead is None:
            return
        if self.dimension:
            raise DeclarationError(f"dimension {self.name} takes no ahead=: it is read whole and always known")
        try:
            label_of(duration(self.ahead))
        except DeclarationError as error:
            raise self._error(f"ahead: {error}; how far ahead rows are known is bounded, as the look-back is") from None
        if self.known_at == self.event_time:
            raise self._error(
                f"ahead={label_of(self.ahead)!r}, but its rows are known at their event, {self.event_time}: expected "
                "known_at=, the column that says when they became known"
            )

    def _check_columns(self) -> None:
        for column in (*self.keys, *self.times):
            if column not in self.columns:
                raise self._error(unknown("column", column, self.columns))
        for column in self.times:
            if column in self.keys:
                raise self._error(
                    f"{column} is a time and a key: leave it out of keys; a row is told from others by its keys and "
                    "its times"
                )
            if self.columns[column] != Kind.TIME:
                raise DeclarationError(f"{self.name}.{column} is {self.columns[column]}: expected fti.UTC for a time")


def check_columns_exist(group: Group, columns: Sequence[str]) -> None:
    """Raise DeclarationError, naming those there are, unless the group has all of the columns."""
    for column in columns:
        if column not in group.columns:
            raise DeclarationError(f"{group.name}: {unknown('column', column, group.columns)}")


def check_one_of_each_name(what: str, groups: Iterable[Group]) -> None:
    """Raise DeclarationError, naming in what they differ, where two groups of one name are not equal.

    They would share a table, of which each reads other columns, or rows of another age.
    """
    by_name: dict[str, Group] = {}
    for group in groups:
        other = by_name.setdefault(group.name, group)
        if other != group:
            fields = [
                field for field in attrs.fields(Group) if getattr(group, field.name) != getattr(other, field.name)
            ]
            differing = ", ".join(field.alias or field.name for field in fields) or "what they are made of"
            raise DeclarationError(
                f"{what}: two feature groups are called {group.name}, and differ in {differing}: declare it once; how "
                "old its values may be, a selection says by .lookback(…)"
            )
