"""A view's rows: the spine, what was known about each row when it is predicted, and what its request says."""

from collections.abc import Mapping

import pandas as pd
import polars as pl

from fti_assets.contracts.condition import conjuncts
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.selection import Selection
from fti_assets.stores.frames import to_pandas
from fti_assets.validation.conform import conform_computed
from fti_assets.views.as_of_join import InOrder, as_of_join
from fti_assets.views.in_force_join import in_force_join


def assemble(view: FeatureView, spine: pl.DataFrame, groups: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
    """The view's features for each of its rows, in the spine's order, behind the spine's own columns."""
    return complete(view, join(view, spine, groups))


def join(view: FeatureView, spine: pl.DataFrame, groups: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The view's rows of the spine with all that is looked up beside them.

    `groups` holds the rows of each joined group by name. A feature that was not known is null. Rows that a condition
    over the spine alone leaves out are not joined.
    """
    early, late = conditions(view)
    rows = spine.filter(early) if early else spine
    times = InOrder.of(rows[view.predicted_at])
    joined = [look_up(view, selection, rows, groups[selection.group.name], times) for selection in view.joined]
    joined_rows = pl.concat([rows, *joined], how="horizontal")
    if not late:
        return joined_rows
    return joined_rows.filter(_renamed(view, joined_rows).select(pl.all_horizontal(late)).to_series())


def conditions(view: FeatureView) -> tuple[list[pl.Expr], list[pl.Expr]]:
    """What a row meets to be the view's: the conditions over the spine's columns, and those that need joined ones.

    A part of `where` that stands on its own, between ANDs, may be among the first while another is among the second.
    """
    since, until, at = view.since, view.until, pl.col(view.predicted_at)
    early = [*([] if since is None else [at >= since]), *([] if until is None else [at < until])]
    late: list[pl.Expr] = []
    for condition in conjuncts(view.where) if view.where else []:
        (early if set(condition.meta.root_names()) <= set(view.spine.columns) else late).append(condition)
    return early, late


def meets(view: FeatureView, joined: pl.DataFrame) -> pl.Series:
    """Whether each looked-up request is a row of the view: what `join` would have kept."""
    early, late = conditions(view)
    rows = _renamed(view, joined).with_columns(pl.lit(True).alias("\0"))
    return rows.select(pl.all_horizontal("\0", *early, *late).fill_null(False)).to_series()


def look_up(
    view: FeatureView, selection: Selection, spine: pl.DataFrame, rows: pl.DataFrame, times: InOrder | None = None
) -> pl.DataFrame:
    """One selection's columns for each spine row, under the view's names."""
    group = selection.group
    if group.dimension:
        keys = {key: pl.col(key).alias(column) for key, column in selection.spine_keys.items()}
        values = rows.select(*keys.values(), *(pl.col(c).alias(f"\0{n}") for c, n in selection.names.items()))
        matched = spine.select(selection.spine_keys.values()).join(
            values, on=list(selection.spine_keys.values()), how="left", maintain_order="left", validate="m:1"
        )
        return matched.select(pl.col(f"\0{name}").alias(name) for name in selection.names.values())
    if selection.takes_in_force:
        return in_force_join(
            spine,
            rows,
            at=view.predicted_at,
            moment=selection.moment or view.predicted_at,
            on=selection.spine_keys,
            known_at=group.known_at,
            event_time=group.event_time,
            lookback=selection.age,
            columns=selection.names,
        )
    return as_of_join(
        spine,
        rows,
        at=view.predicted_at,
        on=selection.spine_keys,
        known_at=group.known_at,
        event_time=group.event_time,
        lookback=selection.age,
        columns=selection.names,
        times=times,
    )


def complete(view: FeatureView, joined: pl.DataFrame) -> pd.DataFrame:
    """Renamed spine columns and the on-demand features added, online as offline.

    The functions see integers that may be null as pandas' `Int64`, and booleans as `boolean`, in a batch without nulls
    and for a request alone too; ids of 64 bits are equal only where they are.
    """
    frame = to_pandas(_renamed(view, joined), nullable=nullable_of(view))
    for function in view.functions:
        computed = conform_computed(function.function(frame.copy(deep=False)), frame, function)
        frame = pd.concat([frame, computed], axis="columns")
    return frame


def nullable_of(view: FeatureView) -> list[str]:
    """The view's columns that may hold nulls: those of the spine and of functions that say so, and all looked up."""
    of_spine = view.spine.schema.extension_columns
    renamed = [s.names[c] for s in view.selections if s.group == view.spine for c in s.columns if c in of_spine]
    looked_up = [name for selection in view.joined for name in selection.names.values()]
    computed = [name for function in view.functions for name in sorted(function.schema.extension_columns)]
    return list(dict.fromkeys([*sorted(of_spine), *renamed, *looked_up, *computed]))


def _renamed(view: FeatureView, joined: pl.DataFrame) -> pl.DataFrame:
    """The spine's columns under their further names in the view, too."""
    return joined.with_columns(
        pl.col(column).alias(name)
        for selection in view.selections
        if selection.group == view.spine
        for column, name in selection.names.items()
        if column != name
    )
