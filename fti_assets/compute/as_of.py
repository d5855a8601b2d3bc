"""The point-in-time join: what was known about a key at a moment."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import polars as pl

_MICROSECOND = timedelta(microseconds=1)


def as_of_join(
    spine: pl.DataFrame,
    features: pl.DataFrame,
    *,
    at: str,
    on: Mapping[str, str],
    known_at: str,
    event_time: str,
    lookback: timedelta | None,
    columns: Mapping[str, str],
) -> pl.DataFrame:
    """The latest known feature row of each spine row's key, as of the spine's time `at`.

    Among the feature rows of the key with `known_at <= at` and `at - event_time <= lookback` (None: any age) it is
    the one known last; of those known at once the later `event_time`, then the row further down `features`.
    `on` maps feature key to spine column, `columns` feature column to output name. A null key or time matches nothing.

    Gives the output columns alone, one row per spine row in the spine's order. Neither frame needs to be sorted.
    """
    left, right = _with_one_key(spine, features, on)
    left = left.with_columns(at=spine[at].dt.epoch("us")).with_row_index("row").drop_nulls("at")
    right = right.with_columns(known=features[known_at].dt.epoch("us"), event=features[event_time].dt.epoch("us"))
    right = right.with_row_index("position").drop_nulls()
    left, right = _sorted(left, "at"), _sorted(_sorted(right, "event"), "known")
    # join_asof is silently wrong on unsorted input and cannot check it itself when there is a key
    found = left.join_asof(right, left_on="at", right_on="known", by="key", check_sortedness=False)
    found = found.drop_nulls("position")
    positions = np.full(spine.height, -1, dtype=np.int64)
    positions[found["row"].to_numpy()] = found["position"].to_numpy()
    if lookback is not None:
        found = found.with_columns(oldest=pl.col("at") - lookback // _MICROSECOND)
        stale = found.filter(pl.col("event") < pl.col("oldest"))
        if stale.height:
            positions[stale["row"].to_numpy()] = _still_fresh(stale, right)
    taken = pl.Series(positions)
    taken = taken.set(taken < 0, None)
    return features.select(pl.col(column).gather(taken).alias(name) for column, name in columns.items())


def _with_one_key(
    spine: pl.DataFrame, features: pl.DataFrame, on: Mapping[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both frames' keys as one column `key`, null where any part is."""
    left = spine.select(pl.col(column).alias(f"part_{n}") for n, column in enumerate(on.values()))
    right = features.select(pl.col(column).alias(f"part_{n}") for n, column in enumerate(on))
    if len(on) == 1 and left.dtypes == right.dtypes:
        return left.rename({"part_0": "key"}), right.rename({"part_0": "key"})
    ids = right.unique().drop_nulls().with_row_index("key")
    return (
        left.join(ids, on=right.columns, how="left", maintain_order="left").select("key"),
        right.join(ids, on=right.columns, how="left", maintain_order="left").select("key"),
    )


def _sorted(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    """The frame in order, equal rows left in theirs; as it is when in order already, as stored days often are."""
    return frame if frame[by].is_sorted() else frame.sort(by, maintain_order=True)


def _still_fresh(stale: pl.DataFrame, right: pl.DataFrame) -> np.ndarray:
    """The position of the last row before each stale candidate that is not older than `oldest`, or -1.

    Where event times never decrease as rows become known there is none, and the running maximum says so at once.
    """
    right = right.with_columns(freshest=pl.col("event").cum_max().over("key"))
    positions = right["position"].to_numpy()
    freshest = np.empty(positions.max() + 1, dtype=np.int64)
    freshest[positions] = right["freshest"].to_numpy()
    answers = np.full(stale.height, -1, dtype=np.int64)
    hopeful = freshest[stale["position"].to_numpy()] >= stale["oldest"].to_numpy()
    walking = stale.filter(hopeful)
    if walking.height:
        right = right.join(walking, on="key", how="semi", maintain_order="left").sort("key", maintain_order=True)
        by_key = right["position"].to_numpy()
        place = np.empty_like(freshest)
        place[by_key] = np.arange(len(by_key))
        start, oldest = place[walking["position"].to_numpy()], walking["oldest"].to_numpy()
        answers[hopeful] = by_key[_last_at_least(right["event"].to_numpy(), start, oldest)]
    return answers


def _last_at_least(values: np.ndarray, start: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """The last index at or before each `start` whose value is at least its `bound`; one must exist.

    Walks a tree of maxima up and down again: logarithmic, whatever the values.
    """
    tree = [values]
    while len(tree[-1]) > 1:
        if len(tree[-1]) % 2:
            tree[-1] = np.append(tree[-1], np.iinfo(np.int64).min)
        tree.append(np.maximum(tree[-1][::2], tree[-1][1::2]))
    node, level, height = start.copy(), np.zeros_like(start), 0
    climbing = np.arange(len(node))
    while (climbing := climbing[tree[height][node[climbing]] < bound[climbing]]).size:
        # the parent of the block before: it may cover this one again, which is known to hold nothing
        node[climbing] = (node[climbing] - 1) >> 1
        height += 1
        level[climbing] = height
    for below in reversed(range(height)):
        descending = np.flatnonzero(level > below)
        newer = 2 * node[descending] + 1
        node[descending] = newer - (tree[below][newer] < bound[descending])
    return node
