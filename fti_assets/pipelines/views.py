"""Reading a view from the feature store: training and inference share it, so they cannot differ."""

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd
import polars as pl

from fti_assets.compute.assemble import assemble
from fti_assets.compute.contract import EARLIEST_KNOWLEDGE
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.time import Window
from fti_assets.stores.feature_store import FeatureStore

SLICE_DAYS = 31


def read_view(
    view: FeatureView, window: Window, store: FeatureStore, versions: Mapping[str, int | None] | None = None
) -> pd.DataFrame:
    """The spine rows predicted in the window with their features, in slices of a month so that memory is bounded.

    The columns are the spine's own and then the view's features. `versions` pins the tables by group name.
    Raises MissingPartitions when a needed day of a group was never written.
    """
    pins = versions or {}
    require_view(view, window, store)
    frames = [assemble(view, *_slice(view, part, store, pins)) for part in window.split(SLICE_DAYS)]
    return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]


def require_view(view: FeatureView, window: Window, store: FeatureStore) -> None:
    """Raise MissingPartitions unless every group holds the window's days and its lookback before them."""
    store.require(view.spine, window)
    for selection in view.joined:
        store.require(selection.group, window)
        if not selection.group.dimension:
            store.require_history(selection.group, known_window(selection.group, window, selection.age))


def known_window(group: FeatureGroup, window: Window, age: timedelta) -> Window:
    """When those rows became known whose events are in the window or, by up to `age`, before it."""
    early = timedelta(0) if group.known_at == group.event_time else EARLIEST_KNOWLEDGE
    return window.widened(before=age + early)


def _slice(
    view: FeatureView, window: Window, store: FeatureStore, pins: Mapping[str, int | None]
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    spine = store.read(view.spine, window, version=pins.get(view.spine.name))
    groups: dict[str, pl.DataFrame] = {}
    for group in view.groups[1:]:
        selections = [s for s in view.joined if s.group is group]
        halo = known_window(group, window, max(s.age for s in selections))
        used = {c for s in selections for c in (*s.keys, *s.columns)}
        columns = [c for c in group.columns if c in used or c in group.times]
        groups[group.name] = store.read(group, halo, columns, pins.get(group.name))
    within = pl.col(view.predicted_at).is_between(window.start, window.end, closed="left")
    return spine.filter(within), groups


def table_versions(view: FeatureView, store: FeatureStore) -> dict[str, int | None]:
    """The present version of every table that the view and its label read."""
    return {group.name: store.version(group) for group in (*view.groups, view.label.group)}
