"""Reading a view from the feature store: training and inference share it, so they cannot differ."""

import hashlib
import inspect
from collections.abc import Mapping
from datetime import datetime, timedelta

import pandas as pd
import polars as pl

from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.frames import empty
from fti_assets.views import as_of_join as as_of
from fti_assets.views import assemble, in_force_join
from fti_assets.views.assemble import complete, join

SLICE_DAYS = 7
AT_ONCE = 5
"""How many slices are joined at a time, so that memory is bounded."""


def read_view(
    view: FeatureView, window: Window, store: FeatureStore, versions: Mapping[str, int | None] | None = None
) -> pd.DataFrame:
    """The view's rows predicted in the window with their features: the spine's own columns, then the view's features.

    What is looked up is joined by weeks, counted back from the window's end, and each week is kept under a name made
    of all that it was joined from: the week that was predicted is not joined again to train, and two models of the
    same features join it once. `versions` pins the tables by group name. Days before the view's `since` and after its
    `until` have no rows, and nothing is read for them.
    Raises MissingPartitions when a needed day of a group was never written.
    """
    store, pins, part_of_view = store.snapshot(), versions or {}, view.part_of(window)
    if part_of_view is None:
        nothing = {group.name: empty(group.columns) for group in view.groups}
        return complete(view, join(view, nothing[view.spine.name], nothing))
    window = part_of_view
    require_view(view, window, store)
    weeks = {week: slice_key(view, week, store, pins) for week in weeks_of(window)}
    kept = {week: store.slices.get(key) for week, key in weeks.items()}
    todo = [week for week, frame in kept.items() if frame is None]
    for first in range(0, len(todo), AT_ONCE):
        part = todo[first : first + AT_ONCE]
        frame = join(view, *read_inputs(view, Window(part[0].start, part[-1].end), store, pins))
        for week in part:
            asked = frame.filter(pl.col(view.predicted_at).is_between(week.start, week.end, closed="left"))
            store.slices.put(weeks[week], asked)
            kept[week] = asked
    return complete(view, pl.concat([frame for frame in kept.values() if frame is not None]))


def weeks_of(window: Window) -> list[Window]:
    """The window in weeks counted back from its end, the first one perhaps shorter."""
    first = (window.end - window.start) % timedelta(days=SLICE_DAYS)
    head = [Window(window.start, window.start + first)] if first else []
    rest = window.start + first
    return [*head, *(Window(rest, window.end).split(SLICE_DAYS) if rest < window.end else [])]


def slice_key(view: FeatureView, window: Window, store: FeatureStore, pins: Mapping[str, int | None]) -> str:
    """A name made of the window, the declared look-ups, the files that hold their rows, and the code that joins.

    Of the view's bounds of time it has what is in the window, and its labels and on-demand functions make nothing of a
    slice: views that differ in those share it.
    """
    parts = [
        str(window.start),
        str(window.end),
        view.predicted_at,
        view.where,
        inspect.getsource(as_of),
        inspect.getsource(in_force_join),
        inspect.getsource(assemble),
        *_inputs(view.spine, window, store, pins),
    ]
    earliest = earliest_moments(view, window, store, pins)
    for selection in view.joined:
        halo = window if selection.group.dimension else reached(selection, window, earliest)
        parts += [repr(selection.names), repr(selection.spine_keys), str(selection.age), selection.moment]
        parts += _inputs(selection.group, halo, store, pins)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _inputs(group: Group, window: Window, store: FeatureStore, pins: Mapping[str, int | None]) -> list[str]:
    times = f"{group.event_time} {group.known_at} {group.ahead}"
    return [group.name, times, repr(dict(group.columns)), *store.files(group, window, pins.get(group.name))]


def require_view(
    view: FeatureView, window: Window, store: FeatureStore, *, own_spine: pl.DataFrame | None = None
) -> None:
    """Raise MissingPartitions unless every group holds the window's days and its lookback before them.

    `own_spine` are rows of one's own in place of the stored spine's.
    """
    if own_spine is None:
        store.require(view.spine, window)
        earliest = earliest_moments(view, window, store, {})
    else:
        earliest = earliest_of(view, own_spine)
    for selection in view.joined:
        store.require(selection.group, window)
        if not selection.group.dimension:
            store.require_history(selection.group, reached(selection, window, earliest))


def earliest_moments(
    view: FeatureView, window: Window, store: FeatureStore, pins: Mapping[str, int | None]
) -> dict[str, datetime]:
    """The earliest of each moment for which the spine rows predicted in the window want values."""
    if not view.moments:
        return {}
    columns = dict.fromkeys([view.predicted_at, *view.moments])
    spine = store.read(view.spine, window, list(columns), pins.get(view.spine.name))
    return earliest_of(view, spine.filter(_predicted_in(view, window)))


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


def read_inputs(
    view: FeatureView,
    window: Window,
    store: FeatureStore,
    pins: Mapping[str, int | None],
    *,
    own_spine: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """The spine rows predicted in the window, and the rows of each group that may be looked up for them.

    `own_spine` are rows of one's own in place of the stored spine's.
    """
    spine = store.read(view.spine, window, version=pins.get(view.spine.name)) if own_spine is None else own_spine
    spine = spine.filter(_predicted_in(view, window))
    earliest = earliest_of(view, spine)
    groups: dict[str, pl.DataFrame] = {}
    for group in view.groups[1:]:
        selections = [s for s in view.joined if s.group == group]
        halo = Window(min(reached(s, window, earliest).start for s in selections), window.end)
        used = {c for s in selections for c in (*s.keys, *s.columns)}
        columns = [c for c in group.columns if c in used or c in group.times]
        groups[group.name] = store.read(group, halo, columns, pins.get(group.name))
    return spine, groups


def _predicted_in(view: FeatureView, window: Window) -> pl.Expr:
    return pl.col(view.predicted_at).is_between(window.start, window.end, closed="left")


def table_versions(view: FeatureView, store: FeatureStore) -> dict[str, int | None]:
    """The present version of every table that the view and its label read."""
    labels = (label.group for label in view.labels.values())
    return {group.name: store.version(group) for group in (*view.groups, *labels)}
