"""Which rows, what is learned, and what may be known about them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fti_assets.contracts.condition import columns_read
from fti_assets.contracts.errors import DeclarationError, unknown
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.label import Label
from fti_assets.contracts.names import checked_name
from fti_assets.contracts.on_demand import OnDemand
from fti_assets.contracts.schema import Kind
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import Window, midnight

Feature = FeatureGroup | Selection
LABEL_COLUMNS = ("label", "label_known_at")
"""What a dataset calls the label and the time it became known."""


@dataclass(frozen=True)
class FeatureView:
    """A spine of rows to predict, their label, and the features joined to each as of its prediction time.

    Each row of `spine` is predicted at its event time. Columns selected from the spine itself are request
    fields. `label` is one label or several by name, of which a `Model` says the one that it learns. `columns` are the
    view's features, in the order that a model sees.

    Only the rows that meet `where` and are predicted from `since` up to, but without, `until` (UTC days or instants)
    are the view's: others are not learned from, not predicted in batch, and refused online. `where` is an SQL
    condition over the spine's columns and the joined ones by the view's names, not over what on-demand functions
    compute; a row for which it is null does not meet it.

    Raises DeclarationError for keys that the spine lacks, for two columns of one name, the spine's own included.
    """

    spine: FeatureGroup
    label: Any  # a Label or several by name; the view of a Model has one
    features: tuple[Selection, ...] | Sequence[Feature]
    on_demand: tuple[OnDemand, ...] | Sequence[Callable[..., Any]] = ()
    where: str = ""
    since: datetime | date | str | None = None
    until: datetime | date | str | None = None
    columns: Mapping[str, Kind] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        selections = tuple(f.select() if isinstance(f, FeatureGroup) else f for f in self.features)
        functions = tuple(f if isinstance(f, OnDemand) else OnDemand(f) for f in self.on_demand)
        object.__setattr__(self, "features", selections)
        object.__setattr__(self, "on_demand", functions)
        self._check_rows()
        self._settle_labels()
        columns: dict[str, Kind] = {}
        origin = dict.fromkeys(LABEL_COLUMNS, "the dataset")
        for column in self.spine.columns:
            self._claim(origin, column, f"spine {self.spine.name}")
        for selection in selections:
            self._check_selection(selection)
            for column, name in selection.names.items():
                if selection.group is not self.spine or name != column or name in columns:
                    self._claim(origin, name, selection.group.name)
                if column not in selection.unseen:
                    columns[name] = selection.group.columns[column]
        for function in functions:
            for name, kind in function.columns.items():
                self._claim(origin, name, function.name)
                columns[name] = kind
        object.__setattr__(self, "columns", {n: k for n, k in columns.items() if k != "time"})
        self._check_condition()

    def _check_rows(self) -> None:
        spine = self.spine
        if spine.dimension:
            raise DeclarationError(f"spine {spine.name} is a dimension: a spine's rows have a time to predict at")
        for argument in ("since", "until"):
            object.__setattr__(self, argument, _instant(argument, getattr(self, argument)))
        since, until = self.span
        if since and until and until <= since:
            raise DeclarationError(f"view of {spine.name}: until={until}: expected it after since={since}")

    def _settle_labels(self) -> None:
        given = self.label if isinstance(self.label, Mapping) else {"": self.label}
        for label in given.values():
            if not isinstance(label, Label):
                raise DeclarationError(f'label={label!r}: expected one such as arrivals["is_late"].within(days=2)')
            self._check_keys(label.group, label.spine_keys)
        if not given:
            raise DeclarationError(
                'label={}: expected at least one, such as {"late": arrivals["is_late"].within(days=2)}'
            )
        labels = [replace(x, name=checked_name("label", name)) if name else x for name, x in given.items()]
        object.__setattr__(self, "label", labels[0] if len(labels) == 1 else {x.name: x for x in labels})

    def _check_selection(self, selection: Selection) -> None:
        if not isinstance(selection, Selection):
            raise DeclarationError(f"feature {selection!r}: expected a feature group or a selection of one")
        if selection.group is not self.spine:
            self._check_keys(selection.group, selection.spine_keys)
        elif selection.entity or selection.on or selection.own_lookback:
            raise DeclarationError(
                f"feature of spine {self.spine.name}: .by, .joined_on and .lookback look earlier rows up, and the "
                "spine's own columns come with the row: bind earlier rows to a feature group of another name"
            )

    def _check_keys(self, group: FeatureGroup, spine_keys: Mapping[str, str]) -> None:
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

    def _check_condition(self) -> None:
        if self.where == "":
            return
        computed = {name: f.name for f in self.functions for name in f.columns}
        known = {**self.conditioned, **{n: k for f in self.functions for n, k in f.columns.items()}}
        for name in columns_read(f"view of {self.spine.name}", self.where, known):
            if name in computed:
                raise DeclarationError(
                    f"view of {self.spine.name}: where={self.where!r}: {name} is computed by {computed[name]}, for the "
                    f"rows that were chosen before; a condition may read {', '.join(sorted(self.conditioned))}"
                )

    @staticmethod
    def _claim(origin: dict[str, str], name: str, owner: str) -> None:
        if name in origin:
            raise DeclarationError(
                f"column {name!r} comes from {origin[name]} and from {owner}: use .prefixed(…) on one"
            )
        origin[name] = owner

    @property
    def labels(self) -> dict[str, Label]:
        """The labels by their names; one that was given alone is called as its column."""
        return dict(self.label) if isinstance(self.label, Mapping) else {self.label.name: self.label}

    def learning(self, label: str) -> "FeatureView":
        """The view with one of its labels alone. Raises DeclarationError, naming them, when there is none so called."""
        if label not in self.labels:
            raise DeclarationError(f"view of {self.spine.name}: {unknown('label', label, self.labels)}")
        return replace(self, label=self.labels[label])

    @property
    def predicted_at(self) -> str:
        """The spine's column that says when each row is predicted."""
        return str(self.spine.event_time)

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        """`since` and `until` as instants, None where there is no such bound."""
        since, until = self.since, self.until
        return (since if isinstance(since, datetime) else None, until if isinstance(until, datetime) else None)

    def part_of(self, window: Window) -> Window | None:
        """The part of the window in which rows may be predicted; None when there is none."""
        since, until = self.span
        start, end = max(window.start, since or window.start), min(window.end, until or window.end)
        return Window(start, end) if start < end else None

    @property
    def conditioned(self) -> dict[str, Kind]:
        """The columns that `where` may read: the spine's and the joined ones."""
        return {**self.spine.columns, **{n: s.group.columns[c] for s in self.selections for c, n in s.names.items()}}

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The features, each as a selection."""
        return tuple(f for f in self.features if isinstance(f, Selection))

    @property
    def functions(self) -> tuple[OnDemand, ...]:
        """The on-demand functions, in the order they are applied."""
        return tuple(f for f in self.on_demand if isinstance(f, OnDemand))

    @property
    def joined(self) -> tuple[Selection, ...]:
        """The selections that are looked up in a store (the spine's own columns are in the request)."""
        return tuple(s for s in self.selections if s.group is not self.spine)

    @property
    def groups(self) -> tuple[FeatureGroup, ...]:
        """Every group that the features read, the spine first, the label's not included."""
        return tuple(dict.fromkeys((self.spine, *(s.group for s in self.joined))))

    @property
    def halo(self) -> timedelta:
        """How far before a window of predictions its features may reach."""
        return max((s.age for s in self.joined if not s.group.dimension), default=timedelta(0))

    @property
    def declaration(self) -> tuple[object, ...]:
        """All that makes the view's rows what they are: of two views that are equal in it, `repr` is too."""
        return (
            self.spine.declaration,
            [label.declaration for label in self.labels.values()],
            [selection.declaration for selection in self.selections],
            [function.declaration for function in self.functions],
            self.where,
            self.span,
        )


def _instant(argument: str, given: datetime | date | str | None) -> datetime | None:
    if given is None:
        return None
    parsed = given
    if isinstance(given, str):
        with suppress(ValueError):
            parsed = date.fromisoformat(given) if len(given) == len("2013-02-01") else datetime.fromisoformat(given)
    if isinstance(parsed, datetime) and parsed.utcoffset() is not None:
        return parsed.astimezone(UTC)
    if isinstance(parsed, date) and not isinstance(parsed, datetime):
        return midnight(parsed)
    raise DeclarationError(f"{argument}={given!r}: expected a day, such as '2013-02-01', or an instant with its zone")
