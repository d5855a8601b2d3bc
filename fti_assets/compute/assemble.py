"""A view's rows: the spine, what was known about each row when it is predicted, and what its request says."""

from collections.abc import Mapping

import pandas as pd
import polars as pl

from fti_assets.compute.as_of import as_of_join
from fti_assets.compute.contract import conform_computed
from fti_assets.compute.frames import to_pandas
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.schema import nullable_columns
from fti_assets.spec.selection import Selection


def assemble(view: FeatureView, spine: pl.DataFrame, groups: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
    """The view's features for each spine row, in the spine's order, behind the spine's own columns."""
    return complete(view, join(view, spine, groups))


def join(view: FeatureView, spine: pl.DataFrame, groups: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The spine with all that is looked up beside it; `groups` holds the rows of each joined group by name.

    A feature that was not known is null.
    """
    joined = [look_up(view, selection, spine, groups[selection.group.name]) for selection in view.joined]
    return pl.concat([spine, *joined], how="horizontal")


def look_up(view: FeatureView, selection: Selection, spine: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """One selection's columns for each spine row, under the view's names."""
    group = selection.group
    if group.dimension:
        keys = {key: pl.col(key).alias(column) for key, column in selection.spine_keys.items()}
        values = rows.select(*keys.values(), *(pl.col(c).alias(f"\0{n}") for c, n in selection.names.items()))
        found = spine.select(selection.spine_keys.values()).join(
            values, on=list(selection.spine_keys.values()), how="left", maintain_order="left", validate="m:1"
        )
        return found.select(pl.col(f"\0{name}").alias(name) for name in selection.names.values())
    return as_of_join(
        spine,
        rows,
        at=view.predicted_at,
        on=selection.spine_keys,
        known_at=str(group.known_at),
        event_time=str(group.event_time),
        lookback=selection.age,
        columns=selection.names,
    )


def complete(view: FeatureView, joined: pl.DataFrame) -> pd.DataFrame:
    """Renamed spine columns and the on-demand features added, online as offline."""
    looked_up = [name for selection in view.joined for name in selection.names.values()]
    own = [
        pl.col(column).alias(name)
        for selection in view.selections
        if selection.group is view.spine
        for column, name in selection.names.items()
        if column != name
    ]
    frame = to_pandas(joined.with_columns(own), nullable=[*looked_up, *nullable_of(view)])
    for function in view.functions:
        computed = conform_computed(function.function(frame.copy(deep=False)), frame, function)
        frame = pd.concat([frame, computed], axis="columns")
    return frame


def nullable_of(view: FeatureView) -> list[str]:
    """The spine's columns that may hold nulls, under their names there and in the view."""
    columns = nullable_columns(view.spine.schema)
    renamed = [s.names[c] for s in view.selections if s.group is view.spine for c in s.columns if c in columns]
    return [*columns, *renamed]
