"""The test that no pipeline can fool: whatever happens after a moment, what was computed before it stays.

Build a system twice, the second time from sources whose rows after `t` are altered, and compare all rows known by `t`
and all view rows predicted by `t`, bit for bit.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

import pandas as pd
import polars as pl
from attrs import evolve

from fti_assets.audit.altered_inputs import with_future
from fti_assets.audit.differences import same_bits
from fti_assets.contracts.binding import Binding, Computed
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.frames import to_polars
from fti_assets.stores.home import Home
from fti_assets.views.reading import read_view

Alter = Callable[[Source, pd.DataFrame], pd.DataFrame]
"""Other rows of a source in place of these, which became known after the moment; they must keep the source's schema,
and become known in the days that these did."""


def rebuild_with_altered_future(
    bindings: Iterable[Binding], alter: Alter, t: datetime, window: Window, home: Home, days: int = 31
) -> None:
    """Materialize the groups for the window (so many days at a time) from sources that are altered after `t`.

    `bindings` come in an order in which each one's inputs are before it. Dimensions count as always known and are
    built from the sources as they are.
    """
    for binding in bindings:
        if binding.group.dimension:
            materialize(binding, WHOLE, home.features)
            continue
        for part in window.split(days):
            materialize(_altered(binding, alter, t), part, home.features)


def changes_of_the_past(
    groups: Iterable[FeatureGroup],
    views: Iterable[FeatureView],
    t: datetime,
    window: Window,
    homes: tuple[Home, Home],
) -> list[str]:
    """The names of the groups, and of the views' spines, whose rows by `t` differ between the homes.

    AssertionError when there is nothing to compare.
    """
    changed = []
    for group in groups:
        first, second = (rows_known_by(group, t, window, home) for home in homes)
        assert len(first), f"{group.name} has no row that was known by {t}"
        if not same_bits(first, second):
            changed.append(group.name)
    for view in views:
        first, second = (rows_predicted_by(view, t, window, home) for home in homes)
        assert len(first), f"the view of {view.spine.name} has no row that was predicted by {t}"
        if not same_bits(first, second):
            changed.append(f"view of {view.spine.name}")
    return changed


def rows_known_by(group: FeatureGroup, t: datetime, window: Window, home: Home) -> pl.DataFrame:
    """The stored rows of a group that were known by `t`; of a dimension all."""
    rows = home.features.read(group, window)
    return rows if group.dimension else rows.filter(pl.col(str(group.known_at)) <= t)


def rows_predicted_by(view: FeatureView, t: datetime, window: Window, home: Home) -> pl.DataFrame:
    """The view's rows, keys and features, with a prediction time up to `t`."""
    frame = read_view(view, window, home.features)
    frame = frame[frame[view.predicted_at] <= t]
    return to_polars(frame, {**view.spine.columns, **view.columns})


def _altered(binding: Binding, alter: Alter, t: datetime) -> Binding:
    if not isinstance(binding, Computed):
        return binding
    return evolve(
        binding,
        inputs=tuple(with_future(g, partial(alter, g), t) if isinstance(g, Source) else g for g in binding.inputs),
    )
