"""Reading a view from the feature store: training and inference share it, so they cannot differ."""

import pandas as pd
import polars as pl

from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.frames import declared_pandas, empty, to_pandas
from fti_assets.views.assemble import nullable_of
from fti_assets.views.inputs import Versions
from fti_assets.views.slices import slices


def read_view(view: FeatureView, window: Window, store: FeatureStore, versions: Versions | None = None) -> pd.DataFrame:
    """The view's rows predicted in the window with their features: the spine's own columns, then the view's features.

    They are the rows of its `slices`, in types that do not depend on whether a batch holds a null. `versions` pins the
    tables by group name. Days before the view's `since` and after its `until` have no rows, and nothing is read for
    them.

    Raises MissingPartitions when a needed day of a group was never written.
    """
    parts = [part.read() for part in slices(view, window, store, versions)]
    rows = pl.concat([empty(view.row_columns), *parts])
    computed = [name for function in view.functions for name in function.columns]
    frame = to_pandas(rows.drop(computed, strict=False), nullable=nullable_columns(view))
    answers = [
        declared_pandas(rows.select(c for c in function.columns if c in rows.columns), function.schema)
        for function in view.functions
    ]
    return pd.concat([frame, *answers], axis="columns") if answers else frame


def nullable_columns(view: FeatureView) -> list[str]:
    """The columns of the view's rows that may hold nulls, whatever a batch of them does."""
    looked_up = [name for selection in view.joined for name in selection.names.values()]
    computed = [name for function in view.functions for name in function.schema.extension_columns]
    return [name for name in (*nullable_of(view), *looked_up, *computed) if name in view.row_columns]
