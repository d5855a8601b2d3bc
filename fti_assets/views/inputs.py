"""What a view's rows are joined from: which days of which groups, at which versions."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from fti_assets.contracts.binding import Reach
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.whole_history import latest

Versions = Mapping[str, int | None]
"""The version at which each table is read, by the name of its group."""


def require_view(
    view: FeatureView, window: Window, store: FeatureStore, *, own_spine: pl.DataFrame | None = None
) -> None:
    """Raise MissingPartitions unless every group holds the window's days and its lookback before them.

    `own_spine` are rows of one's own in place of the stored spine's.
    """
    if own_spine is None:
        store.require(view.spine, window)
        store.require_history(view.spine, known_window(view.spine, window, timedelta(0)))
        earliest = earliest_moments(view, window, store, {})
    else:
        earliest = earliest_of(view, own_spine)
    for selection in view.joined:
        store.require(selection.group, window)
        if not selection.group.dimension:
            store.require_history(selection.group, reached(selection, window, earliest))


def reach_of_view(view: FeatureView, window: Window, store: FeatureStore, versions: Versions) -> list[Reach]:
    """What is read of each group for the rows predicted in the window: the spine's first, then of each selection."""
    earliest = earliest_moments(view, window, store, versions)
    spine = Reach(view.spine, known_window(view.spine, window, timedelta(0)))
    return [spine, *(Reach(s.group, reached(s, window, earliest)) for s in view.joined)]


def earliest_moments(view: FeatureView, window: Window, store: FeatureStore, versions: Versions) -> dict[str, datetime]:
    """The earliest of each moment for which the spine rows predicted in the window want values."""
    return earliest_of(view, read_spine(view, window, store, versions)) if view.moments else {}


def earliest_of(view: FeatureView, spine: pl.DataFrame) -> dict[str, datetime]:
    """The earliest of each moment for which spine rows want values; none of a column of nulls."""
    first = spine.select(pl.col(column).min() for column in view.moments)
    return {column: first[column][0] for column in view.moments if first[column][0] is not None}


def reached(selection: Selection, window: Window, earliest: Mapping[str, datetime]) -> Window:
    """When those rows became known that a selection may take for predictions in the window.

    `earliest` has the earliest of each moment for which they are wanted: it may lie before the window. That it may lie
    after it asks for no more, for what is known after a prediction is not seen by it.
    """
    start = min(window.start, earliest.get(selection.moment, window.start))
    return known_window(selection.group, Window(start, window.end), selection.age)


def known_window(group: Group, window: Window, age: timedelta) -> Window:
    """When those rows became known whose events are in the window or, by up to `age`, before it."""
    return window.widened(before=age + group.foreknowledge)


def read_spine(view: FeatureView, window: Window, store: FeatureStore, versions: Versions) -> pl.DataFrame:
    """The spine's rows predicted in the window, by day, in the spine's order within each.

    A row that became known after the end of its day is none of them: the rows of a day are the same whichever days
    are read with it.
    """
    spine, at = view.spine, pl.col(view.predicted_at)
    rows = store.read(spine, known_window(spine, window, timedelta(0)), version=versions.get(spine.name))
    rows = rows.filter(at.is_between(window.start, window.end, closed="left"))
    if spine.known_at != spine.event_time:
        rows = rows.filter(pl.col(spine.known_at) < at.dt.truncate("1d") + timedelta(days=1))
    return rows.sort(at.dt.date(), maintain_order=True)


def read_inputs(
    view: FeatureView,
    window: Window,
    store: FeatureStore,
    versions: Versions,
    *,
    own_spine: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """The spine rows predicted in the window, and the rows of each group that may be looked up for them.

    `own_spine` are rows of one's own in place of the stored spine's.
    """
    within = pl.col(view.predicted_at).is_between(window.start, window.end, closed="left")
    spine = read_spine(view, window, store, versions) if own_spine is None else own_spine.filter(within)
    earliest = earliest_of(view, spine)
    groups: dict[str, pl.DataFrame] = {}
    for group in view.groups[1:]:
        selections = [s for s in view.joined if s.group == group]
        halo = Window(min(reached(s, window, earliest).start for s in selections), window.end)
        used = {c for s in selections for c in (*s.keys, *s.columns)}
        columns = [c for c in group.columns if c in used or c in group.times]
        groups[group.name] = store.read(group, halo, columns, versions.get(group.name))
    return spine, groups


def whole_from(view: FeatureView, store: FeatureStore) -> datetime | None:
    """The prediction time from which on no window or look-back of the view reaches back before history begins.

    None while a group was never written. A view's moments that lie far before its predictions are not asked for.
    """
    joined = [selection for selection in view.joined if not selection.group.dimension]
    whole = store.whole_from([selection.group for selection in joined])
    of_each = [(whole[selection.group.name], selection.halo) for selection in joined]
    return latest([store.first_written(view.spine), *(begin and begin + halo for begin, halo in of_each)])


def table_versions(view: FeatureView, store: FeatureStore) -> dict[str, int | None]:
    """The present version of every table that the view and its label read."""
    labels = (label.group for label in view.labels.values())
    return {group.name: store.version(group) for group in (*view.groups, *labels)}
