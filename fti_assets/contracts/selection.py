"""Columns of a feature group as a view uses them."""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.group import Group, check_columns_exist
from fti_assets.contracts.label import Label
from fti_assets.contracts.time import as_duration, check_lookback


@attrs.frozen
class Selection:
    """Some columns of one group, how old they may be, how their keys and columns are called in the view."""

    group: Group
    columns: tuple[str, ...]
    own_lookback: timedelta | None = None
    on: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    prefix: str = ""
    entity: tuple[str, ...] = ()
    unseen: frozenset[str] = frozenset()
    moment: str = ""

    def __attrs_post_init__(self) -> None:
        check_columns_exist(self.group, [*self.columns, *self.entity])
        for key in self.on:
            if key not in self.keys:
                raise DeclarationError(f"{self.group.name}: {unknown('key', key, self.keys)}")

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns by which the latest row is looked up: the group's keys, unless `by` named others."""
        return self.entity or self.group.keys

    @property
    def age(self) -> timedelta:
        """How old a value may be at prediction time: the view's bound, or else the group's."""
        return self.own_lookback or self.group.lookback

    @property
    def takes_in_force(self) -> bool:
        """Whether it takes the row in force at a moment, the latest event by then, and not the row known last."""
        return bool(self.moment) or self.group.ahead is not None

    @property
    def halo(self) -> timedelta:
        """How long before the moment that they are wanted for rows are known: so old, and so far ahead."""
        return self.age + (self.group.ahead or timedelta(0))

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
        moment = (self.moment,) if self.moment else ()
        return self.group.declaration, self.names, sorted(self.unseen), self.age, self.spine_keys, *moment

    def lookback(
        self, value: str | timedelta | None = None, *, days: float = 0, hours: float = 0, minutes: float = 0
    ) -> "Selection":
        """The same columns with another bound on their age."""
        if self.group.dimension:
            raise DeclarationError(f"{self.group.name} is a dimension: it is read whole and takes no lookback")
        age = as_duration(timedelta(days=days, hours=hours, minutes=minutes) if value is None else value)
        check_lookback(self.group.name, age)
        return attrs.evolve(self, own_lookback=age)

    def by(self, *columns: str) -> "Selection":
        """The latest row of another entity than the keys': `arrivals["landed_at"].by("tail_number")`."""
        if self.group.dimension:
            raise DeclarationError(
                f"{self.group.name} is a dimension: it has one row a key and is looked up by its keys"
            )
        return attrs.evolve(self, entity=columns)

    def at(self, column: str) -> "Selection":
        """The same columns as they are in force at a moment of the spine's row: `prices.select().at("delivery_day")`.

        Of the rows known at prediction time whose event is not after the moment, nor older at the moment than the
        lookback, it is the one of the latest event; of equal events the one known last, which corrects the others.
        `column` is a time of the spine, before or after its prediction time; where it is null nothing is known.
        """
        if self.group.dimension:
            raise DeclarationError(f"{self.group.name} is a dimension: it is read whole and the same at any moment")
        if not isinstance(column, str) or not column:
            raise DeclarationError(f"{self.group.name}.at({column!r}): expected the name of a time column of the spine")
        return attrs.evolve(self, moment=column)

    def joined_on(self, **spine_column_by_key: str) -> "Selection":
        """The same columns, joined on spine columns of other names: `weather.select().joined_on(airport="origin")`."""
        return attrs.evolve(self, on={**self.on, **spine_column_by_key})

    def prefixed(self, prefix: str) -> "Selection":
        """The same columns under prefixed names."""
        return attrs.evolve(self, prefix=prefix)

    def hidden(self, *columns: str) -> "Selection":
        """The same columns, these of them (or all) for on-demand functions alone: looked up, not given to the model."""
        for column in columns:
            if column not in self.columns:
                raise DeclarationError(f"{self.group.name}: {unknown('selected column', column, self.columns)}")
        return attrs.evolve(self, unseen=frozenset(columns or self.columns))

    def within(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        where: str = "",
        never_up_to: float | None = None,
    ) -> Label:
        """What becomes known after a prediction and at most so long after it, as a label: see `Label` for its answers.

        The rows waited for are those of the spine's keys, or of another entity where `by` named one.

        Args:
            days: with `hours` and `minutes` the length of the wait.
            hours: see `days`.
            minutes: see `days`.
            where: an SQL condition over the group's columns that rows must meet to count.
            never_up_to: the largest share of rows that may have no label when the wait is over, to build a dataset.
        """
        methods = {
            "at": self.moment,
            "lookback": self.own_lookback,
            "prefixed": self.prefix,
            "hidden": self.unseen,
        }
        for method, argument in methods.items():
            if argument:
                raise DeclarationError(
                    f"label {self.group.name}[{', '.join(map(repr, self.columns))}] takes no .{method}(…): it is what "
                    "becomes known after the prediction; .by(…) and .joined_on(…) say of whom"
                )
        horizon = timedelta(days=days, hours=hours, minutes=minutes)
        return Label(
            self.group, self.columns, horizon, on=self.on, entity=self.entity, where=where, never_up_to=never_up_to
        )
