"""What a view's rows are joined from: which days of which groups, at which versions."""

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import Window
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.validation.conform import EARLIEST_KNOWLEDGE

Versions = Mapping[str, int | None]
"""The version at which each table is read, by the name of its group."""


def require_view(view: FeatureView, window: Window, store: FeatureStore, *, spine_too: bool = True) -> None:
    """Raise MissingPartitions unless every group holds the window's days and its lookback before them."""
    if spine_too:
        store.require(view.spine, window)
        store.require_history(view.spine, known_window(view.spine, window, timedelta(0)))
    for selection in view.joined:
        store.require(selection.group, window)
        if not selection.group.dimension:
            store.require_history(selection.group, known_window(selection.group, window, selection.age))


def known_window(group: Group, window: Window, age: timedelta) -> Window:
    """When those rows became known whose events are in the window or, by up to `age`, before it."""
    early = timedelta(0) if group.known_at == group.event_time else EARLIEST_KNOWLEDGE
    return window.widened(before=age + early)


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
    view: FeatureView, window: Window, store: FeatureStore, versions: Versions
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """The spine rows predicted in the window, and the rows of each group that may be looked up for them."""
    groups: dict[str, pl.DataFrame] = {}
    for group in view.groups[1:]:
        selections = [s for s in view.joined if s.group == group]
        halo = known_window(group, window, max(s.age for s in selections))
        used = {c for s in selections for c in (*s.keys, *s.columns)}
        columns = [c for c in group.columns if c in used or c in group.times]
        groups[group.name] = store.read(group, halo, columns, versions.get(group.name))
    return read_spine(view, window, store, versions), groups


def table_versions(view: FeatureView, store: FeatureStore) -> dict[str, int | None]:
    """The present version of every table that the view and its label read."""
    labels = (label.group for label in view.labels.values())
    return {group.name: store.version(group) for group in (*view.groups, *labels)}
