"""Which rows, what is learned, and what may be known about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fti_assets.spec.errors import DeclarationError, unknown
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.label import Label
from fti_assets.spec.on_demand import OnDemand
from fti_assets.spec.schema import Kind
from fti_assets.spec.selection import Selection

Feature = FeatureGroup | Selection
LABEL_COLUMNS = ("label", "label_known_at")
"""What a dataset calls the label and the time it became known."""


@dataclass(frozen=True)
class FeatureView:
    """A spine of rows to predict, their label, and the features joined to each as of its prediction time.

    Each row of `spine` is predicted at its event time. Columns selected from the spine itself are request
    fields. `columns` are the view's features, in the order that a model sees.

    Raises DeclarationError for keys that the spine lacks, for two columns of one name, the spine's own included.
    """

    spine: FeatureGroup
    label: Label
    features: tuple[Selection, ...] | Sequence[Feature]
    on_demand: tuple[OnDemand, ...] | Sequence[Callable[..., Any]] = ()
    columns: Mapping[str, Kind] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        selections = tuple(f.select() if isinstance(f, FeatureGroup) else f for f in self.features)
        functions = tuple(f if isinstance(f, OnDemand) else OnDemand(f) for f in self.on_demand)
        object.__setattr__(self, "features", selections)
        object.__setattr__(self, "on_demand", functions)
        self._check_rows()
        columns: dict[str, Kind] = {}
        origin = dict.fromkeys(LABEL_COLUMNS, "the dataset")
        for column in self.spine.columns:
            self._claim(origin, column, f"spine {self.spine.name}")
        for selection in selections:
            if not isinstance(selection, Selection):
                raise DeclarationError(f"feature {selection!r}: expected a feature group or a selection of one")
            if selection.group is not self.spine:
                self._check_keys(selection)
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

    def _check_rows(self) -> None:
        spine, label = self.spine, self.label
        if spine.dimension:
            raise DeclarationError(f"spine {spine.name} is a dimension: a spine's rows have a time to predict at")
        if not isinstance(label, Label):
            raise DeclarationError(f'label={label!r}: expected one such as arrivals["is_late"].within(days=2)')
        self._check_keys(label.group[label.column])

    def _check_keys(self, selection: Selection) -> None:
        for key, column in selection.spine_keys.items():
            if column not in self.spine.columns:
                raise DeclarationError(
                    f"{selection.group.name} is joined on {key}: spine {self.spine.name}: "
                    f"{unknown('column', column, self.spine.columns)}; say which with .joined_on({key}=…)"
                )
            if self.spine.columns[column] != selection.group.columns[key]:
                raise DeclarationError(
                    f"{selection.group.name}.{key} is {selection.group.columns[key]}, but spine column {column} is "
                    f"{self.spine.columns[column]}: they cannot be equal"
                )

    @staticmethod
    def _claim(origin: dict[str, str], name: str, owner: str) -> None:
        if name in origin:
            raise DeclarationError(
                f"column {name!r} comes from {origin[name]} and from {owner}: use .prefixed(…) on one"
            )
        origin[name] = owner

    @property
    def predicted_at(self) -> str:
        """The spine's column that says when each row is predicted."""
        return str(self.spine.event_time)

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
