"""The join on two axes: the value that is in force at a moment, as it was known at another one."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import polars as pl

from fti_assets.views.as_of_join import InOrder, in_order, last_at_least, microseconds, with_one_key

_MICROSECOND = timedelta(microseconds=1)


def in_force_join(
    spine: pl.DataFrame,
    features: pl.DataFrame,
    *,
    at: str,
    moment: str,
    on: Mapping[str, str],
    known_at: str,
    event_time: str,
    lookback: timedelta,
    columns: Mapping[str, str],
) -> pl.DataFrame:
    """The feature row of each spine row's key that is in force at the spine's `moment`, as known at its time `at`.

    Among the feature rows of the key with `known_at <= at`, `event_time <= moment` and
    `moment - event_time <= lookback` it is the one of the latest event; of equal events the one known last, then the
    row further down `features`. `on` maps feature key to spine column, `columns` feature column to output name. A null
    key or time matches nothing.

    Gives the output columns alone, one row per spine row in the spine's order. Neither frame needs to be sorted.
    """
    features = features.rechunk()
    left, right = with_one_key(spine, features, on)
    times = InOrder.of(spine[moment])
    left = left.with_columns(at=microseconds(spine[at]))
    left = left if times.order is None else left.rechunk().select(pl.all().gather(times.order))
    right = right.with_columns(known=microseconds(features[known_at]), event=microseconds(features[event_time]))
    right = right.with_row_index("position").drop_nulls().sort("key", "event", "known", maintain_order=True)
    right = right.with_columns(key_number=pl.col("key").rle_id(), place=pl.int_range(1, pl.len() + 1))
    candidates = left.with_columns(times.at.alias("moment")).join_asof(
        in_order(right, "event"),
        left_on="moment",
        right_on="event",
        by="key",
        tolerance=lookback // _MICROSECOND,
        check_sortedness=False,
    )
    positions = pl.Series([None], dtype=pl.get_index_type()).new_from_index(0, spine.height)
    asked = candidates.with_row_index("row").drop_nulls(["at", "place"])
    place = _last_known(right, asked["place"].to_numpy(), asked["at"].to_numpy())
    taken = right.select("position", "key_number", "event")[np.maximum(place - 1, 0)]
    is_in_force = (
        (pl.Series(place) > 0)
        & (taken["key_number"] == asked["key_number"])
        & (taken["event"] >= asked["moment"] - lookback // _MICROSECOND)
    )
    positions = positions.scatter(asked.filter(is_in_force)["row"], taken.filter(is_in_force)["position"])
    taken_by_row = positions if times.back is None else positions.gather(times.back)
    return features.select(pl.col(column).gather(taken_by_row).alias(name) for column, name in columns.items())


def _last_known(right: pl.DataFrame, place: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The last place, at or before each one, of a row that was known by `at`, be its key another one; 0 for none.

    `right` is sorted by key, event and knowledge; its places count from 1.
    """
    earliness = np.append(np.iinfo(np.int64).max, -right["known"].to_numpy())
    return last_at_least(earliness, place, -at)
