"""What an audit looked at, and whether that is enough to tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from fti_assets.audit.look_alikes import FEWEST_ROWS
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.views.assemble import assemble
from fti_assets.views.labels import LABEL, read_labels
from fti_assets.views.reading import read_inputs


@dataclass(frozen=True)
class LookedAt:
    """The rows of a group, or those that a model predicts.

    Attributes:
        what: the group or model.
        rows: how many there are in the window.
        keys: of how many different keys.
        days: on how many days they became known or are predicted; 0 for a dimension.
        labels: how many rows of a model have a label.
        history: for how many rows of a model each group that is looked up has a row.
        altered: how many rows the largest input of a group has, with the history that it needs.
    """

    what: str
    rows: int
    keys: int
    days: int
    labels: int | None = None
    history: int | None = None
    altered: int = 0

    @property
    def is_enough(self) -> bool:
        """Whether nothing found says anything: FEWEST_ROWS rows with a label, or rows of a group or of an input.

        With fewer labels a feature may look like them by chance, so none is called alike; and what moves in one of
        thirty rows is missed in most samples of fewer. Dimensions are as small as they are.
        """
        if self.labels is not None:
            return self.labels >= FEWEST_ROWS
        return self.days == 0 < self.rows or max(self.rows, self.altered) >= FEWEST_ROWS

    @property
    def is_well_chosen(self) -> bool:
        """Whether there is enough, and history for as many rows of a model too."""
        return self.is_enough and (self.history is None or self.history >= FEWEST_ROWS)


def looked_at(
    bindings: Sequence[Binding], models: Sequence[Model], window: Window, built: Mapping[Group, Window], home: Home
) -> list[LookedAt]:
    """What there is of each group and model in the window, in a home that holds the groups' `built` days."""
    groups = [group_looked_at(binding, window, built, home.features) for binding in bindings]
    return [*groups, *(_model_looked_at(model, window, home) for model in models)]


def group_looked_at(binding: Binding, window: Window, built: Mapping[Group, Window], store: FeatureStore) -> LookedAt:
    """What there is of a group in the window, and of its inputs in their `built` days."""
    group = binding.group
    rows = store.read(group, window, [*group.keys, *group.times])
    inputs = (read for read in binding.groups if not read.dimension)
    altered = max((store.read(read, built[read], list(read.keys)).height for read in inputs), default=0)
    days = 0 if group.dimension else rows[group.known_at].dt.date().n_unique()
    return LookedAt(group.name, rows.height, rows.select(group.keys).n_unique(), days, altered=altered)


def _model_looked_at(model: Model, window: Window, home: Home) -> LookedAt:
    view = model.view
    spine, groups = read_inputs(view, window, home.features, {})
    frame = assemble(view, spine, groups)
    spine = pl.from_pandas(frame[list(view.spine.columns)])
    labels = read_labels(model, spine, window, window.end + view.label.horizon, home)[LABEL]
    looked_up = [list(s.names.values()) for s in view.joined if not s.group.dimension]
    return LookedAt(
        f"model {model.name}",
        spine.height,
        spine.select(view.spine.keys).n_unique(),
        spine[view.predicted_at].dt.date().n_unique(),
        labels.count(),
        min((int(frame[names].notna().any(axis="columns").sum()) for names in looked_up), default=spine.height),
    )
