"""What became of each row of a spine, as far as it was known in time."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from fti_assets.views.as_of_join import as_of_join


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
