"""A home for notebooks and scripts: read what the pipelines keep, materialize, and join one's own rows."""

from datetime import date, datetime

import attrs
import pandas as pd

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.feature_group import FeatureGroup, as_binding
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores import home
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.frames import declared_pandas, empty, to_pandas, to_polars
from fti_assets.stores.registry import ModelVersion
from fti_assets.stores.slices import Slice
from fti_assets.validation.conform import conform
from fti_assets.views.assemble import assemble
from fti_assets.views.inputs import read_inputs, require_view
from fti_assets.views.reading import read_view
from fti_assets.views.slices import slices

Day = date | str


class Home(home.Home):
    """Where a system keeps everything: feature store, datasets, registry, prediction log.

    Args:
        url: a folder, or a bucket and what its keys begin with, such as `s3://bucket/prefix`; without one it is
            `$FTI_HOME`, or `.fti` in the working directory.

    Example:
        >>> import fti_assets as fti
        >>> from tempfile import mkdtemp
        >>> fti.Home(mkdtemp()).registry.models()
        []
    """

    def read(self, what: Group | FeatureView, first: Day | None = None, last: Day | None = None) -> pd.DataFrame:
        """The rows of a feature group or a view in the days from `first` to `last`, both included.

        Of a group they are the rows that became known in these days, in the types of its contract; a dimension, which
        is read whole, takes no days. Of a view they are the rows predicted in these days with their features, as they
        were known at each row's prediction time. Integers that may be null are `Int64`: none is rounded.

        Raises MissingPartitions, naming them, for days that were never written.
        """
        if isinstance(what, FeatureView):
            return read_view(what, _days(first, last), self.features)
        window = WHOLE if what.dimension else _days(first, last)
        self.features.require(what, window)
        return declared_pandas(self.features.read(what, window), what.schema)

    def slices(self, view: FeatureView, first: Day, last: Day) -> list[Slice]:
        """The view's rows of the days from `first` to `last` as files: one a whole month, one a day of other months.

        Each has `window`, `rows`, its file's `url` (a path, or a bucket's) and `read()`. What is not kept is made,
        where `$FTI_EXECUTOR` says.
        """
        return slices(view, _days(first, last), self.features)

    def features_for(self, view: FeatureView, rows: pd.DataFrame) -> pd.DataFrame:
        """A view's features for rows of one's own, point in time: as they were known at each row's prediction time.

        The rows have the columns of the view's spine. The answer has a row for each of them, with their index: the
        spine's columns, then the view's features. The view's `where`, `since` and `until` do not apply.

        Raises ContractViolation for rows that are not as the spine's contract says, MissingPartitions for days that
        were never written.
        """
        every = attrs.evolve(view, where="", since=None, until=None)
        spine = to_polars(conform(rows, view.spine.schema, "rows"), view.spine.columns)
        if not len(spine):
            return assemble(every, spine, {group.name: empty(group.columns) for group in every.groups[1:]})
        times = spine[view.predicted_at]
        window = Window.of_days(times.min().date(), times.max().date())  # type: ignore[union-attr]
        require_view(every, window, self.features, own_spine=spine)
        _, groups = read_inputs(every, window, self.features, {}, own_spine=spine)
        return assemble(every, spine, groups).set_axis(rows.index)

    def materialize(self, *declared: Binding | FeatureGroup, first: Day, last: Day) -> dict[str, int]:
        """Compute and write groups for the days from `first` to `last`, in the order given; how many rows of each.

        Raises ContractViolation, with nothing of the group written, for a batch that breaks its contract, and
        ValueError for partitions that are not over yet: rows may still become known in them.
        """
        rows = {}
        for binding in map(as_binding, declared):
            period = binding.group.period
            window = WHOLE if binding.group.dimension else period.covering(_days(first, last))
            rows[binding.group.name] = materialize(binding, window, self.features).rows
        return rows

    def dataset(self, model: Model, cutoff: Day | datetime) -> pd.DataFrame:
        """The rows that a model was fitted on at a cutoff: keys, prediction time, features, label, ordered by time.

        Raises MissingPartitions when it was not built.
        """
        return self.datasets.get(model.name, _instant(cutoff)).read()

    def predictions(self, model: Model, first: Day, last: Day) -> pd.DataFrame:
        """The predictions issued for the days from `first` to `last`; each names the version that made it."""
        rows = self.prediction_log.read(model, _days(first, last))
        return to_pandas(rows, nullable=model.view.spine.schema.extension_columns)

    def champion(self, model: Model, at: datetime | None = None) -> ModelVersion:
        """The version that serves, or served at an instant. Raises NoChampion, naming what exists."""
        return self.registry.champion(model.name, at)


def _days(first: Day | None, last: Day | None) -> Window:
    if first is None or last is None:
        raise ValueError(f"first={first!r}, last={last!r}: expected two days, such as '2013-03-01', '2013-03-07'")
    return Window.of_days(first, last)


def _instant(cutoff: Day | datetime) -> datetime:
    return cutoff if isinstance(cutoff, datetime) else midnight(cutoff)
