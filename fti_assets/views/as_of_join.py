"""The point-in-time join: what was known about a key at a moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class InOrder:
    """A spine's times in order, and back: sorted once, however many groups are joined to it."""

    at: pl.Series
    order: pl.Series | None
    back: pl.Series | None

    @classmethod
    def of(cls, times: pl.Series) -> "InOrder":
        """The times as microseconds, sorted unless they are; a null comes before all that was ever known."""
        at = microseconds(times.rechunk()).fill_null(np.iinfo(np.int64).min)
        if at.is_sorted():
            return cls(at, None, None)
        order = at.arg_sort()
        back = np.empty(len(at), dtype=np.uint32)
        back[order.to_numpy()] = np.arange(len(at), dtype=np.uint32)
        return cls(at.gather(order), order, pl.Series(back))


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
    times: InOrder | None = None,
) -> pl.DataFrame:
    """The latest known feature row of each spine row's key, as of the spine's time `at`.

    Among the feature rows of the key with `known_at <= at` and `at - event_time <= lookback` (None: any age) it is
    the one known last; of those known at once the later `event_time`, then the row further down `features`.
    `on` maps feature key to spine column, `columns` feature column to output name. A null key or time matches nothing.
    `times`, where several groups are joined, is `InOrder.of(spine[at])`.

    Gives the output columns alone, one row per spine row in the spine's order. Neither frame needs to be sorted.
    """
    times = times or InOrder.of(spine[at])
    features = features.rechunk()  # gathered from several chunks strings take eight times as long
    left, right = with_one_key(spine, features, on)
    left = left if times.order is None else left.rechunk().select(pl.all().gather(times.order))
    left = left.with_columns(times.at.alias("at"))
    right = right.with_columns(known=microseconds(features[known_at]), event=microseconds(features[event_time]))
    right = right.with_row_index("position").drop_nulls()
    right = in_order(in_order(right, "event"), "known")
    bound = None if lookback is None else lookback // _MICROSECOND
    # of rows known when they happen those before the latest are older still; of others one may be younger
    is_enough = known_at == event_time
    # join_asof is silently wrong on unsorted input and cannot check it itself when there is a key
    matched = left.join_asof(
        right.drop("event") if is_enough else right,
        left_on="at",
        right_on="known",
        by="key",
        tolerance=bound if is_enough else None,
        check_sortedness=False,
    )
    positions = matched["position"]
    if bound is not None and not is_enough:
        matched = matched.with_columns(oldest=pl.col("at") - bound).with_row_index("row")
        stale = matched.filter(pl.col("event") < pl.col("oldest"))
        if stale.height:
            positions = positions.scatter(stale["row"], _still_fresh(stale, right))
    taken = positions if times.back is None else positions.gather(times.back)
    return features.select(pl.col(column).gather(taken).alias(name) for column, name in columns.items())


def microseconds(times: pl.Series) -> pl.Series:
    """Times as whole microseconds since 1970."""
    return times.dt.cast_time_unit("us").to_physical()


def with_one_key(
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


def in_order(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    """The frame in order, equal rows left in theirs; as it is when in order already, as stored days often are."""
    return frame if frame[by].is_sorted() else frame.sort(by, maintain_order=True)


def _still_fresh(stale: pl.DataFrame, right: pl.DataFrame) -> pl.Series:
    """The position of the last row before each stale candidate that is not older than `oldest`, or null.

    Where event times never decrease as rows become known there is none; the running maximum of each key says so too.
    """
    if right["event"].is_sorted():
        return pl.Series([None], dtype=stale.schema["position"]).new_from_index(0, stale.height)
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
        answers[hopeful] = by_key[last_at_least(right["event"].to_numpy(), start, oldest)]
    last_fresh = pl.Series(answers)
    return last_fresh.set(last_fresh < 0, None).cast(stale.schema["position"])


def last_at_least(values: np.ndarray, start: np.ndarray, bound: np.ndarray) -> np.ndarray:
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
