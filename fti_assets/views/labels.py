"""What became of each row of a spine, as far as it was known in time."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from fti_assets.contracts.feature_view import LABEL_COLUMNS
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window
from fti_assets.stores.home import Home
from fti_assets.views.as_of_join import as_of_join

LABEL, LABEL_KNOWN_AT = LABEL_COLUMNS


def known_labels(
    spine: pl.DataFrame,
    labels: pl.DataFrame,
    *,
    at: str,
    on: Mapping[str, str],
    known_at: str,
    label: str,
    horizon: timedelta,
    before: datetime,
) -> pl.DataFrame:
    """The label of each spine row that was known before `before` and at most `horizon` after `at`.

    Of several rows of a key it is the one known last, then the one further down `labels`. `on` maps label key to
    spine column. A null key or time has no label.

    Gives the columns `label` and `label_known_at`, one row per spine row in the spine's order, null where no
    label was known in time.
    """
    deadline = (pl.col(at) + horizon).clip(upper_bound=before - timedelta(microseconds=1))
    return as_of_join(
        spine.with_columns(deadline.alias(at)),
        labels,
        at=at,
        on=on,
        known_at=known_at,
        event_time=known_at,
        lookback=None,
        columns={label: label, known_at: "label_known_at"},
    )


def read_labels(
    model: Model,
    spine: pl.DataFrame,
    window: Window,
    before: datetime,
    home: Home,
    versions: Mapping[str, int | None] | None = None,
) -> pl.DataFrame:
    """For each spine row its label as a float, which rounds whole numbers beyond 2**53, and when that was known.

    Null where it was not known before `before` or within its horizon. What was known by the time of the prediction is
    no label either: it needs no prediction, and how far back to look for it would depend on the window.
    """
    view, label = model.view, model.view.label
    group = label.group
    reach = Window(window.start, min(window.end + label.horizon, before))
    columns = (*group.keys, group.known_at, label.column)
    rows = home.features.read(group, reach, list(dict.fromkeys(columns)), (versions or {}).get(group.name))
    known = known_labels(
        spine,
        rows,
        at=view.predicted_at,
        on=label.spine_keys,
        known_at=group.known_at,
        label=label.column,
        horizon=label.horizon,
        before=before,
    )
    learned = known.select(pl.col(label.column).cast(pl.Float64).alias(LABEL), pl.col(LABEL_KNOWN_AT))
    return learned.select(pl.when(known[LABEL_KNOWN_AT] > spine[view.predicted_at]).then(pl.all()))
