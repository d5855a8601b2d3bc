"""What an audit looked at, and whether that is enough to tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fti_assets.audit.labels import read_predicted
from fti_assets.audit.look_alikes import FEWEST_ROWS
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home


@dataclass(frozen=True)
class Evidence:
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


def evidence_of(
    bindings: Sequence[Binding], models: Sequence[Model], window: Window, built: Mapping[Group, Window], home: Home
) -> list[Evidence]:
    """What there is of each group and model in the window, in a home that holds the groups' `built` days."""
    groups = [group_evidence(binding, window, built, home.features) for binding in bindings]
    return [*groups, *(_model_evidence(model, window, home) for model in models)]


def group_evidence(binding: Binding, window: Window, built: Mapping[Group, Window], store: FeatureStore) -> Evidence:
    """What there is of a group in the window, and of its inputs in their `built` days."""
    group = binding.group
    rows = store.read(group, window, [*group.keys, *group.times])
    inputs = (read for read in binding.groups if not read.dimension)
    altered = max((store.read(read, built[read], list(read.keys)).height for read in inputs), default=0)
    days = 0 if group.dimension else rows[group.known_at].dt.date().n_unique()
    return Evidence(group.name, rows.height, rows.select(group.keys).n_unique(), days, altered=altered)


def _model_evidence(model: Model, window: Window, home: Home) -> Evidence:
    view, predicted = model.view, read_predicted(model, window, home)
    looked_up = [list(s.names.values()) for s in view.joined if not s.group.dimension]
    histories = (int(predicted.frame[names].notna().any(axis="columns").sum()) for names in looked_up)
    return Evidence(
        f"model {model.name}",
        predicted.spine.height,
        predicted.spine.select(view.spine.keys).n_unique(),
        predicted.spine[view.predicted_at].dt.date().n_unique(),
        predicted.label.count(),
        min(histories, default=predicted.spine.height),
    )
