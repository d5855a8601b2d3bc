"""What became of each row of a spine within the horizon of its label."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from fti_assets.contracts.condition import expression
from fti_assets.contracts.feature_view import LABEL_COLUMNS, FeatureView
from fti_assets.contracts.kinds import Kind
from fti_assets.contracts.label import Label
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window
from fti_assets.stores.home import Home
from fti_assets.views.as_of_join import as_of_join
from fti_assets.views.label_answers import answers

LABEL, LABEL_KNOWN_AT = LABEL_COLUMNS


def read_labels(
    model: Model,
    spine: pl.DataFrame,
    window: Window,
    home: Home,
    versions: Mapping[str, int | None] | None = None,
) -> pl.DataFrame:
    """The labels of spine rows predicted in the window, from all rows that became known within their horizon.

    They are final only where the horizon has passed: see `matured`.
    """
    label = model.view.label
    reach = Window(window.start, window.end + label.horizon)
    rows = home.features.read(label.group, reach, list(label.columns_read), (versions or {}).get(label.group.name))
    return labels_of(label, spine, rows, model.view.predicted_at)


def matured(view: FeatureView, spine: pl.DataFrame, before: datetime) -> pl.Series:
    """Whether each spine row's label is final in what was known before `before`: whether its horizon has passed."""
    return spine.select(pl.col(view.predicted_at) + view.label.horizon < before).to_series().fill_null(False)


def labels_of(label: Label, spine: pl.DataFrame, rows: pl.DataFrame, at: str) -> pl.DataFrame:
    """The label's answer for each spine row, of the rows of its keys known in (t, t + horizon], t being its `at`.

    Rows come in the order of known time, then event time, then as they stand. Of those known at the first instant the
    last is the first: what a join would find then. A spine row with a null key or time has no label.

    Gives `label`, a float, which rounds whole numbers beyond 2**53, and `label_known_at`: of a first row when that
    became known, of other answers the window's end. One row per spine row in the spine's order, null where there is
    no label. Neither frame needs to be sorted.
    """
    known_at, end = label.group.known_at, pl.col(at) + label.horizon
    rows = _countable(label, rows)
    numbered = rows.select(
        *label.keys,
        known_at,
        place=pl.int_range(pl.len(), dtype=pl.Int64),
        rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(label.keys),
    )

    def latest(time: pl.Expr) -> pl.DataFrame:
        return as_of_join(
            spine.with_columns(time.alias(at)),
            numbered,
            at=at,
            on=label.spine_keys,
            known_at=known_at,
            event_time=known_at,
            lookback=None,
            columns={"place": "place", "rank": "rank"},
        ).fill_null(0)

    earlier, last = latest(pl.col(at)), latest(end)
    count = last["rank"] - earlier["rank"]
    start = (last["place"] + 1 - count).set(count == 0, 0)
    is_first = label.aggregation == "first"
    final = rows[known_at].gather(start.set(count == 0, None)) if is_first else spine.select(end).to_series()
    answered = pl.DataFrame(
        {LABEL: answers(label.aggregation, rows["value"], start.to_numpy(), count.to_numpy()), LABEL_KNOWN_AT: final}
    )
    has_keys = spine.select(pl.all_horizontal(pl.col(at, *label.spine_keys.values()).is_not_null())).to_series()
    return answered.select(pl.when(has_keys & answered[LABEL].is_not_null()).then(pl.all()))


def _countable(label: Label, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that count, with what each counts for as `value`, in the order of their keys and times."""
    group = label.group
    keys = (*label.keys, group.known_at)
    if label.where:
        rows = rows.filter(expression(label.where))
    if not label.column:
        value = pl.lit(1, pl.Int64)
    elif label.aggregation in ("any", "count") and group.columns[label.column] != Kind.BOOLEAN:
        value = pl.col(label.column).is_not_null().replace(False, None).cast(pl.Int64)
    else:
        value = pl.col(label.column)
        value = value.cast(pl.Int64) if group.columns[label.column] != Kind.NUMBER else value
    order = list(dict.fromkeys((*keys, group.event_time)))
    counted = rows.with_columns(value.alias("value")).drop_nulls([*keys]).sort(order, maintain_order=True)
    if label.aggregation == "first":
        return counted.unique(keys, keep="last", maintain_order=True)
    return counted if label.aggregation == "last" else counted.drop_nulls("value")
