"""What a model learns, and how long to wait for it."""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.group import Group
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.time import label_of

_OF_ONE_NUMBER = ("first", "last", "sum", "mean", "min", "max")


@attrs.frozen
class Label:
    """A window into the future: what becomes known of a key in (t, t + horizon], t being the time of its prediction.

    It is the window's *first* row, the same at every cutoff, unless one of the methods below says another answer. A row
    known at exactly t is not in the window, one known at its very end is. Once the window is over the label is final,
    and never before: only such *matured* rows are learned from, evaluated and measured. Where no row came, `any()` is
    False, `count()` and `sum()` are 0, and the others have no label.

    Args:
        group: whose rows are waited for.
        columns: the one column that is learned; any number where rows are only counted.
        horizon: the length of the window.
        on: the spine's column for a key, where it is called otherwise.
        entity: columns by which rows are the spine row's, where these are not the group's keys.
        where: an SQL condition over the group's columns that rows must meet to count.
        never_up_to: the largest share of matured rows without a label with which a dataset is built; any by default.
        aggregation: `first`, `last`, `any`, `count`, `sum`, `mean`, `min` or `max`.
        name: the column's name, unless a view that has several labels calls it otherwise.

    Raises:
        DeclarationError: a column or condition that the group does not have, a horizon that is not positive, a
            share not between 0 and 1, an answer that the column cannot give.

    Example:
        >>> import pandera.pandas as pa
        >>> import fti_assets as fti
        >>> class Purchase(pa.DataFrameModel):
        ...     customer: str
        ...     bought_at: fti.UTC
        ...     amount: float
        >>> purchases = fti.FeatureGroup(Purchase, keys="customer", event_time="bought_at", name="purchases")
        >>> str(purchases["amount"].within(days=90).any())
        'any of purchases.amount within 90d'
        >>> str(purchases["amount"].within(days=7, where="amount > 10").sum())
        'sum of purchases.amount within 7d where amount > 10'
    """

    group: Group
    columns: tuple[str, ...]
    horizon: timedelta
    on: Mapping[str, str] = attrs.field(factory=dict, hash=False, kw_only=True)
    entity: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    where: str = attrs.field(default="", kw_only=True)
    never_up_to: float | None = attrs.field(default=None, kw_only=True)
    aggregation: str = attrs.field(default="first", kw_only=True)
    name: str = attrs.field(kw_only=True)

    @name.default
    def _as_its_column(self) -> str:
        return self.column or self.group.name

    def __attrs_post_init__(self) -> None:
        if self.group.dimension:
            raise self._error("a dimension has no time and cannot hold a label")
        for column in self.columns:
            if column not in self.group.columns:
                raise self._error(unknown("column", column, self.group.columns))
        if self.horizon <= timedelta(0):
            raise self._error(f"known within {self.horizon}: expected more than zero, as in within(days=2)")
        if self.never_up_to is not None and not 0 <= self.never_up_to < 1:
            raise self._error(f"never_up_to={self.never_up_to}: expected a share from 0 to below 1, such as 0.05")
        if self.where:
            columns_read(self._what, self.where, self.group.columns)

    def __str__(self) -> str:
        answer = "" if self.aggregation == "first" else f"{self.aggregation} of "
        entity = f" by {', '.join(self.entity)}" if self.entity else ""
        condition = f" where {self.where}" if self.where else ""
        column = f".{self.column}" if self.column else ""
        return f"{answer}{self.group.name}{column}{entity} within {label_of(self.horizon)}{condition}"

    def first(self) -> "Label":
        """The value of the window's first row; of rows known at once, of the one that a join would find then."""
        return self._answering("first")

    def last(self) -> "Label":
        """The value of the window's last row."""
        return self._answering("last")

    def any(self) -> "Label":
        """Whether a row came: of a boolean column a true one, of another column one that is not null."""
        return self._answering("any")

    def count(self) -> "Label":
        """How many rows came whose value is not null."""
        return self._answering("count")

    def sum(self) -> "Label":
        """The sum of the values, 0 where none came."""
        return self._answering("sum")

    def mean(self) -> "Label":
        """The mean of the values; of a boolean column the share that is true."""
        return self._answering("mean")

    def min(self) -> "Label":
        """The smallest value."""
        return self._answering("min")

    def max(self) -> "Label":
        """The largest value."""
        return self._answering("max")

    @property
    def column(self) -> str:
        """The one column that is learned; empty where rows of several are counted."""
        return self.columns[0] if len(self.columns) == 1 else ""

    @property
    def kind(self) -> Kind:
        """What the label is: boolean for a classifier, a number for a regressor."""
        if self.aggregation == "any":
            return Kind.BOOLEAN
        if self.aggregation == "count":
            return Kind.INTEGER
        if self.aggregation == "mean":
            return Kind.NUMBER
        kind = self.group.columns[self.column]
        return Kind.INTEGER if self.aggregation == "sum" and kind == Kind.BOOLEAN else kind

    @property
    def is_binary(self) -> bool:
        """Whether the label is yes or no (a classifier's) and not a number (a regressor's)."""
        return self.kind == Kind.BOOLEAN

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the group by which rows are the spine row's."""
        return self.entity or self.group.keys

    @property
    def spine_keys(self) -> dict[str, str]:
        """For each key, the column of the spine that it equals."""
        return {key: self.on.get(key, key) for key in self.keys}

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The columns of the group that the labels are made of, each once."""
        condition = columns_read(self._what, self.where, self.group.columns) if self.where else ()
        counted = self.columns if self.column else ()
        return tuple(dict.fromkeys((*self.keys, self.group.known_at, self.group.event_time, *counted, *condition)))

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that makes the labels what they are."""
        answer = (self.aggregation, self.where) if self.where or self.aggregation != "first" else ()
        return self.group.declaration, self.column, self.horizon, self.spine_keys, *answer

    def check_answer(self) -> None:
        """Raise DeclarationError where the answer is no yes, no or number: `first` of a text, of several columns."""
        if self.aggregation not in _OF_ONE_NUMBER:
            return
        if not self.column:
            raise self._error(
                f"{self.aggregation} is of one column, and {len(self.columns)} are selected: select one, or ask for "
                ".any() or .count()"
            )
        kind = self.group.columns[self.column]
        if not kind.is_numeric:
            raise self._error(f"{self.aggregation} of {kind}: expected bool or a number, or .any() or .count()")

    def _answering(self, aggregation: str) -> "Label":
        label = attrs.evolve(self, aggregation=aggregation)
        label.check_answer()
        return label

    @property
    def _what(self) -> str:
        return f"label {self.group.name}[{', '.join(map(repr, self.columns))}]"

    def _error(self, message: str) -> DeclarationError:
        return DeclarationError(f"{self._what}: {message}")
