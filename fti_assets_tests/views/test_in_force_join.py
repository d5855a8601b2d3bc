from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fti_assets.views.in_force_join import in_force_join

TIME = pl.Datetime("us", "UTC")
SPINE = {"shop": pl.String(), "at": TIME, "delivery": TIME}
FEATURES = {"store": pl.String(), "known": TIME, "event": TIME, "price": pl.Int64()}

Row = tuple[Any, ...]


def hour(n: int | None) -> datetime | None:
    return None if n is None else datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=n)


def spine_of(rows: list[Row]) -> pl.DataFrame:
    """Rows of (shop, hour of prediction, hour of delivery)."""
    return pl.DataFrame([(key, hour(at), hour(moment)) for key, at, moment in rows], schema=SPINE, orient="row")


def features_of(rows: list[Row]) -> pl.DataFrame:
    """Rows of (store, hour known, hour from which it is in force); `price` is the row's position."""
    cells = [(key, hour(known), hour(event), n) for n, (key, known, event) in enumerate(rows)]
    return pl.DataFrame(cells, schema=FEATURES, orient="row")


def join(spine: pl.DataFrame, features: pl.DataFrame, lookback: int = 6) -> list[int | None]:
    joined = in_force_join(
        spine,
        features,
        at="at",
        moment="delivery",
        on={"store": "shop"},
        known_at="known",
        event_time="event",
        lookback=timedelta(hours=lookback),
        columns={"price": "price_then"},
    )
    assert joined.columns == ["price_then"]
    return joined["price_then"].to_list()


def taken(spine: list[Row], features: list[Row], lookback: int = 6) -> list[int | None]:
    return join(spine_of(spine), features_of(features), lookback)


def test_the_price_that_will_be_in_force_on_delivery_is_taken() -> None:
    assert taken([("A", 5, 9)], [("A", 1, 4), ("A", 2, 8), ("A", 3, 10)]) == [1]


def test_what_becomes_known_after_the_prediction_is_not_seen_though_it_is_in_force_by_then() -> None:
    assert taken([("A", 5, 9)], [("A", 1, 4), ("A", 6, 8)]) == [0]


def test_known_and_in_force_at_the_very_moments_match_and_a_microsecond_later_do_not() -> None:
    features, microsecond = features_of([("A", 5, 9)]), timedelta(microseconds=1)
    assert join(spine_of([("A", 5, 9)]), features) == [0]
    assert join(spine_of([("A", 5, 9)]), features.with_columns(pl.col("known") + microsecond)) == [None]
    assert join(spine_of([("A", 5, 9)]), features.with_columns(pl.col("event") + microsecond)) == [None]


def test_the_lookback_is_counted_from_the_moment_to_the_microsecond() -> None:
    older = features_of([("A", 1, 3)]).with_columns(pl.col("event") - timedelta(microseconds=1))
    assert taken([("A", 5, 9), ("A", 5, 10)], [("A", 1, 3)]) == [0, None]
    assert join(spine_of([("A", 5, 9)]), older) == [None]


def test_a_correction_replaces_what_it_corrects_once_it_is_known() -> None:
    assert taken([("A", 4, 9), ("A", 6, 9)], [("A", 3, 8), ("A", 5, 8)]) == [0, 1]


def test_of_equal_times_the_later_position_is_taken() -> None:
    assert taken([("A", 5, 9)], [("A", 3, 8), ("A", 3, 8)]) == [1]


def test_the_latest_event_goes_before_the_latest_knowledge() -> None:
    assert taken([("A", 5, 9)], [("A", 2, 8), ("A", 4, 6)]) == [0]


def test_the_moment_may_lie_before_the_prediction() -> None:
    assert taken([("A", 9, 3)], [("A", 1, 1), ("A", 8, 2), ("A", 4, 4)]) == [1]


def test_a_null_key_time_or_moment_matches_nothing() -> None:
    features = [(None, 1, 1), ("A", None, 1), ("A", 1, None)]
    assert taken([(None, 5, 5), ("A", 5, 5), ("A", None, 5), ("A", 5, None)], features) == [None] * 4


def test_another_keys_row_is_not_taken_for_an_unknown_one() -> None:
    assert taken([("B", 5, 9)], [("A", 1, 8), ("B", 6, 7), ("B", 6, 8), ("C", 1, 8)]) == [None]


def test_no_spine_row_is_dropped_or_doubled_and_order_does_not_matter() -> None:
    spine, features = [("A", 5, 9), ("B", 1, 2), ("A", 5, 9), ("A", 5, 4)], [("A", 3, 8), ("B", 1, 2), ("A", 2, 4)]
    assert taken(spine, features) == [0, 1, 0, 2]


def test_empty_frames_join() -> None:
    assert taken([("A", 4, 4)], []) == [None]
    assert taken([], [("A", 4, 4)]) == []


def test_composite_keys_of_other_names_match_in_every_part() -> None:
    spine = spine_of([("A", 5, 9), ("A", 5, 9)]).with_columns(item=pl.Series(["tea", "rum"]))
    features = features_of([("A", 3, 8), ("A", 3, 8)]).with_columns(product=pl.Series(["rum", None]))
    joined = in_force_join(
        spine,
        features,
        at="at",
        moment="delivery",
        on={"store": "shop", "product": "item"},
        known_at="known",
        event_time="event",
        lookback=timedelta(hours=6),
        columns={"price": "price", "event": "since"},
    )
    assert joined.rows() == [(None, None), (0, hour(8))]


def brute_force(spine: list[Row], features: list[Row], lookback: int) -> list[int | None]:
    answers = []
    for key, at, moment in spine:
        in_force = [
            (event, known, position)
            for position, (store, known, event) in enumerate(features)
            if None not in (key, at, moment, known, event)
            and store == key
            and known <= at
            and event <= moment
            and moment - event <= lookback
        ]
        answers.append(max(in_force)[2] if in_force else None)
    return answers


TWIN = """
    select arg_max(price, (event, known, price)) from s left join f
    on s.shop = f.store and f.known <= s."at" and f.event <= s.delivery and s.delivery - f.event <= to_hours({lookback})
    group by s.n order by s.n
"""

keys = st.sampled_from(["A", "B", None])
hours = st.integers(0, 12) | st.none()
worlds = (st.lists(st.tuples(keys, hours, hours), max_size=12), st.lists(st.tuples(keys, hours, hours), max_size=20))


@settings(max_examples=300, deadline=None)
@given(*worlds, st.integers(1, 8))
@example([("B", 5, 9)], [("A", 1, 8), ("B", 6, 7), ("B", 6, 8)], 6)
def test_it_agrees_with_brute_force(spine: list[Row], features: list[Row], lookback: int) -> None:
    assert taken(spine, features, lookback) == brute_force(spine, features, lookback)


@settings(max_examples=60, deadline=None)
@given(*worlds, st.integers(1, 8))
def test_it_agrees_with_sql(spine: list[Row], features: list[Row], lookback: int) -> None:
    with duckdb.connect() as database:
        database.register("s", spine_of(spine).with_row_index("n").to_arrow())
        database.register("f", features_of(features).to_arrow())
        expected = [price for (price,) in database.execute(TWIN.format(lookback=lookback)).fetchall()]
    assert taken(spine, features, lookback) == expected


def test_rows_that_become_known_long_after_their_event_cost_no_quadratic_walk() -> None:
    n = 20_000  # 2e8 steps if each walked back over all that are in force and not yet known
    hours = pl.Series(range(n)) * 3_600_000_000
    late = (hours + n // 2 * 3_600_000_000).cast(TIME)
    features = pl.DataFrame({"store": "A", "event": hours.cast(TIME), "known": late, "price": range(n)})
    spine = pl.DataFrame({"shop": "A", "at": hours.cast(TIME), "delivery": hours.cast(TIME)})
    assert join(spine, features, lookback=n) == [None] * (n // 2) + list(range(n // 2))
