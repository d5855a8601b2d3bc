"""Which rows, what is learned, and what may be known about them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import attrs

from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.group import Group, check_one_of_each_name
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.label import Label
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.on_demand import OnDemand
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import Window, midnight

Day = datetime | date | str
"""A UTC day, such as '2013-02-01', or an instant with its zone."""
LABEL_COLUMNS = ("label", "label_known_at")
"""What a dataset calls the label and the time it became known."""


def _as_selections(features: Sequence[FeatureGroup | Selection]) -> tuple[Selection, ...]:
    for feature in features:
        if not isinstance(feature, FeatureGroup | Selection):
            raise DeclarationError(f"feature {feature!r}: expected a feature group or a selection of one")
    return tuple(f.select() if isinstance(f, FeatureGroup) else f for f in features)


def _as_on_demand(functions: Sequence[Callable[..., Any] | OnDemand]) -> tuple[OnDemand, ...]:
    return tuple(f if isinstance(f, OnDemand) else OnDemand(f) for f in functions)


def _as_labels(label: Label | Mapping[str, Label]) -> dict[str, Label]:
    labels = label if isinstance(label, Mapping) else {"": label}
    if not labels:
        raise DeclarationError('label={}: expected at least one, such as {"late": arrivals["is_late"].within(days=2)}')
    for one in labels.values():
        if not isinstance(one, Label):
            raise DeclarationError(f'label={one!r}: expected one such as arrivals["is_late"].within(days=2)')
        one.check_answer()
    named = [attrs.evolve(one, name=checked_name("label", name)) if name else one for name, one in labels.items()]
    return {one.name: one for one in named}


def _as_instant(argument: str, day: Day | None) -> datetime | None:
    if day is None:
        return None
    parsed = day
    if isinstance(day, str):
        with suppress(ValueError):
            parsed = date.fromisoformat(day) if len(day) == len("2013-02-01") else datetime.fromisoformat(day)
    if isinstance(parsed, datetime) and parsed.utcoffset() is not None:
        return parsed.astimezone(UTC)
    if isinstance(parsed, date) and not isinstance(parsed, datetime):
        return midnight(parsed)
    raise DeclarationError(f"{argument}={day!r}: expected a day, such as '2013-02-01', or an instant with its zone")


def _since(day: Day | None) -> datetime | None:
    return _as_instant("since", day)


def _until(day: Day | None) -> datetime | None:
    return _as_instant("until", day)


@attrs.frozen
class FeatureView:
    """A spine of rows to predict, their label, and the features joined to each as of its prediction time.

    Each row of the spine is predicted at its event time. Columns selected from the spine itself are request fields.

    Args:
        spine: the feature group of the rows to predict.
        label: what is learned, `arrivals["is_late"].within(days=2)`, or several labels by name, of which a `Model` says
            the one that it learns.
        features: feature groups, or selections of their columns: `weather["wind"].joined_on(airport="origin")`.
        on_demand: functions of everything joined so far, row by row, offline as online.
        where: an SQL condition over the spine's columns and the joined ones by the view's names, not over what
            on-demand functions compute. Only rows that meet it are learned from, predicted, and answered online.
        since: only rows predicted from this UTC day or instant on are the view's.
        until: only rows predicted before this UTC day or instant are the view's.

    Raises:
        DeclarationError: keys that the spine lacks, two columns of one name, the spine's own included.

    Example:
        >>> import pandera.pandas as pa
        >>> import fti_assets as fti
        >>> class Order(pa.DataFrameModel):
        ...     order_id: str
        ...     customer: str
        ...     placed_at: fti.UTC
        ...     amount: float
        >>> class Outcome(pa.DataFrameModel):
        ...     order_id: str
        ...     customer: str
        ...     settled_at: fti.UTC
        ...     is_returned: bool
        >>> orders = fti.FeatureGroup(Order, keys="order_id", event_time="placed_at")
        >>> outcomes = fti.FeatureGroup(Outcome, keys="order_id", event_time="settled_at")
        >>> habits = outcomes.windows("customer", {"is_returned": "mean"}, over="30d", name="habits")
        >>> view = fti.FeatureView(
        ...     spine=orders, label=outcomes["is_returned"].within(days=3), features=[orders["amount"], habits]
        ... )
        >>> list(view.columns)
        ['amount', 'is_returned_mean_30d']
    """

    spine: Group
    labels: Mapping[str, Label] = attrs.field(converter=_as_labels, alias="label", hash=False)
    selections: tuple[Selection, ...] = attrs.field(converter=_as_selections, alias="features", hash=False)
    functions: tuple[OnDemand, ...] = attrs.field(default=(), converter=_as_on_demand, alias="on_demand")
    where: str = ""
    since: datetime | None = attrs.field(default=None, converter=_since)
    until: datetime | None = attrs.field(default=None, converter=_until)

    def __attrs_post_init__(self) -> None:
        if self.spine.dimension:
            raise DeclarationError(f"spine {self.spine.name} is a dimension: a spine's rows have a time to predict at")
        if self.spine.ahead:
            raise DeclarationError(
                f"spine {self.spine.name} declares ahead=: a spine's rows are predicted at {self.predicted_at}, when "
                "they are known: expected a group without ahead="
            )
        if self.since and self.until and self.until <= self.since:
            raise self._error(f"until={self.until}: expected it after since={self.since}")
        check_one_of_each_name(f"view of {self.spine.name}", self.groups)
        for label in self.labels.values():
            self._check_keys(label.group, label.spine_keys)
        for selection in self.selections:
            self._check_selection(selection)
        self._check_names()
        self._check_condition()

    @property
    def label(self) -> Label:
        """The one label. Raises DeclarationError, naming them, where there are several."""
        if len(self.labels) > 1:
            raise self._error(f"it has several labels: expected one of {', '.join(sorted(self.labels))}")
        (label,) = self.labels.values()
        return label

    def learning(self, label: str) -> "FeatureView":
        """The view with one of its labels alone. Raises DeclarationError, naming them, when there is none so called."""
        if label not in self.labels:
            raise self._error(unknown("label", label, self.labels))
        return attrs.evolve(self, label=self.labels[label])

    @cached_property
    def columns(self) -> dict[str, Kind]:
        """The features and their kinds, in the order that a model sees; times are for on-demand functions alone."""
        selected = {
            name: selection.group.columns[column]
            for selection in self.selections
            for column, name in selection.names.items()
            if column not in selection.unseen
        }
        computed = {name: kind for function in self.functions for name, kind in function.columns.items()}
        return {name: kind for name, kind in (selected | computed).items() if kind != Kind.TIME}

    @property
    def predicted_at(self) -> str:
        """The spine's column that says when each row is predicted."""
        return self.spine.event_time

    def part_of(self, window: Window) -> Window | None:
        """The part of the window in which rows may be predicted; None when there is none."""
        start, end = max(window.start, self.since or window.start), min(window.end, self.until or window.end)
        return Window(start, end) if start < end else None

    @property
    def conditioned(self) -> dict[str, Kind]:
        """The columns that `where` may read: the spine's and the joined ones."""
        joined = {name: s.group.columns[c] for s in self.selections for c, name in s.names.items()}
        return {**self.spine.columns, **joined}

    @property
    def joined(self) -> tuple[Selection, ...]:
        """The selections that are looked up in a store (the spine's own columns are in the request)."""
        return tuple(s for s in self.selections if s.group != self.spine)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Every group that the features read, the spine first, the label's not included."""
        return tuple(dict.fromkeys((self.spine, *(s.group for s in self.joined))))

    @property
    def halo(self) -> timedelta:
        """How far before a window of predictions its features may reach, unless a moment lies before it."""
        return max((s.halo for s in self.joined if not s.group.dimension), default=timedelta(0))

    @property
    def moments(self) -> tuple[str, ...]:
        """The spine's columns for whose moments values are looked up."""
        return tuple(dict.fromkeys(s.moment for s in self.joined if s.moment))

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that makes the view's rows what they are: of two views that are equal in it, `repr` is too."""
        return (
            self.spine.declaration,
            [label.declaration for label in self.labels.values()],
            [selection.declaration for selection in self.selections],
            [function.declaration for function in self.functions],
            self.where,
            (self.since, self.until),
        )

    @property
    def row_declaration(self) -> tuple[object, ...]:
        """The same of a row: whatever is learned of it, and wherever the view begins and ends."""
        return (
            self.spine.declaration,
            [selection.declaration for selection in self.selections],
            [function.declaration for function in self.functions],
            self.where,
        )

    @property
    def row_columns(self) -> dict[str, Kind]:
        """The columns of the view's rows and their kinds: the spine's own, then the features."""
        return {**self.spine.columns, **self.columns}

    def _error(self, message: str) -> DeclarationError:
        return DeclarationError(f"view of {self.spine.name}: {message}")

    def _check_selection(self, selection: Selection) -> None:
        if selection.group != self.spine:
            self._check_keys(selection.group, selection.spine_keys)
            self._check_moment(selection)
        elif selection.entity or selection.on or selection.own_lookback or selection.moment:
            raise DeclarationError(
                f"feature of spine {self.spine.name}: .by, .at, .joined_on and .lookback look other rows up, and the "
                "spine's own columns come with the row: bind earlier rows to a feature group of another name"
            )

    def _check_moment(self, selection: Selection) -> None:
        times = [column for column, kind in self.spine.columns.items() if kind == Kind.TIME]
        if selection.moment and selection.moment not in times:
            raise DeclarationError(
                f"{selection.group.name}.at({selection.moment!r}): spine {self.spine.name}: "
                f"{unknown('time column', selection.moment, times)}"
            )

    def _check_keys(self, group: Group, spine_keys: Mapping[str, str]) -> None:
        for key, column in spine_keys.items():
            if column not in self.spine.columns:
                raise DeclarationError(
                    f"{group.name} is joined on {key}: spine {self.spine.name}: "
                    f"{unknown('column', column, self.spine.columns)}; say which with .joined_on({key}=…)"
                )
            if self.spine.columns[column] != group.columns[key]:
                raise DeclarationError(
                    f"{group.name}.{key} is {group.columns[key]}, but spine column {column} is "
                    f"{self.spine.columns[column]}: they cannot be equal"
                )

    def _check_names(self) -> None:
        """Each column has one name, and each name one column; the spine's own may be features as they are."""
        owners = dict.fromkeys(LABEL_COLUMNS, "the dataset")
        selected: set[str] = set()

        def claim(name: str, owner: str) -> None:
            if name in owners:
                raise DeclarationError(
                    f"column {name!r} comes from {owners[name]} and from {owner}: use .prefixed(…) on one"
                )
            owners[name] = owner

        for column in self.spine.columns:
            claim(column, f"spine {self.spine.name}")
        for selection in self.selections:
            for column, name in selection.names.items():
                if selection.group != self.spine or name != column or name in selected:
                    claim(name, selection.group.name)
                selected.add(name)
        for function in self.functions:
            for name in function.columns:
                claim(name, function.name)

    def _check_condition(self) -> None:
        if not self.where:
            return
        computed = {name: f.name for f in self.functions for name in f.columns}
        known = {**self.conditioned, **{n: k for f in self.functions for n, k in f.columns.items()}}
        for name in columns_read(f"view of {self.spine.name}", self.where, known):
            if name in computed:
                raise self._error(
                    f"where={self.where!r}: {name} is computed by {computed[name]}, for the rows that were chosen "
                    f"before; a condition may read {', '.join(sorted(self.conditioned))}"
                )
