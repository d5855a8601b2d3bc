from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.views.as_of_join import InOrder, as_of_join

TIME = pl.Datetime("us", "UTC")
SPINE = {"airport": pl.String(), "at": TIME}
FEATURES = {"origin": pl.String(), "known": TIME, "event": TIME, "wind": pl.Int64()}

Row = tuple[Any, ...]


def hour(n: int | None) -> datetime | None:
    return None if n is None else datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=n)


def spine_of(rows: list[Row]) -> pl.DataFrame:
    """Rows of (airport, hour of prediction)."""
    return pl.DataFrame([(key, hour(at)) for key, at in rows], schema=SPINE, orient="row")


def features_of(rows: list[Row]) -> pl.DataFrame:
    """Rows of (origin, hour known, hour of the event); `wind` is the row's position."""
    cells = [(key, hour(known), hour(event), n) for n, (key, known, event) in enumerate(rows)]
    return pl.DataFrame(cells, schema=FEATURES, orient="row")


def join(spine: pl.DataFrame, features: pl.DataFrame, lookback: int | None = 6) -> list[int | None]:
    joined = as_of_join(
        spine,
        features,
        at="at",
        on={"origin": "airport"},
        known_at="known",
        event_time="event",
        lookback=None if lookback is None else timedelta(hours=lookback),
        columns={"wind": "gust"},
    )
    assert joined.columns == ["gust"]
    return joined["gust"].to_list()


def taken(spine: list[Row], features: list[Row], lookback: int | None = 6) -> list[int | None]:
    return join(spine_of(spine), features_of(features), lookback)


def test_the_latest_known_row_of_the_key_is_taken() -> None:
    assert taken([("JFK", 5)], [("JFK", 1, 1), ("JFK", 3, 3), ("LGA", 4, 4), ("JFK", 6, 6)]) == [1]


def test_a_row_known_at_the_very_moment_matches() -> None:
    assert taken([("JFK", 5)], [("JFK", 5, 5)]) == [0]


def test_a_row_known_a_microsecond_later_does_not_match() -> None:
    later = features_of([("JFK", 5, 5)]).with_columns(pl.col("known") + timedelta(microseconds=1))
    assert join(spine_of([("JFK", 5)]), later) == [None]


def test_of_rows_known_at_once_the_later_event_is_taken() -> None:
    assert taken([("JFK", 5)], [("JFK", 4, 3), ("JFK", 4, 2)]) == [0]


def test_of_rows_with_equal_times_the_later_position_is_taken() -> None:
    assert taken([("JFK", 5)], [("JFK", 4, 3), ("JFK", 4, 3)]) == [1]


def test_knowledge_goes_before_event_time() -> None:
    assert taken([("JFK", 5)], [("JFK", 4, 1), ("JFK", 3, 3)]) == [0]


def test_an_event_may_lie_after_the_prediction() -> None:
    assert taken([("JFK", 5)], [("JFK", 4, 9)]) == [0]


def test_a_row_exactly_as_old_as_the_lookback_matches() -> None:
    assert taken([("JFK", 7)], [("JFK", 2, 1)], lookback=6) == [0]


def test_a_row_a_microsecond_older_than_the_lookback_does_not_match() -> None:
    older = features_of([("JFK", 2, 1)]).with_columns(pl.col("event") - timedelta(microseconds=1))
    assert join(spine_of([("JFK", 7)]), older, lookback=6) == [None]


def test_without_a_lookback_any_age_matches() -> None:
    assert taken([("JFK", 5000)], [("JFK", 2, 1)], lookback=None) == [0]


def test_an_earlier_known_row_still_fresh_is_taken_when_the_latest_is_too_old() -> None:
    assert taken([("JFK", 10)], [("JFK", 6, 5), ("JFK", 7, 8), ("JFK", 8, 1), ("JFK", 9, 3)], lookback=6) == [1]
    assert taken([("JFK", 12)], [("JFK", 6, 5), ("JFK", 7, 8), ("JFK", 8, 6), ("JFK", 9, 3)], lookback=6) == [2]


def test_another_keys_fresh_row_is_not_taken_for_a_stale_one() -> None:
    assert taken([("JFK", 10)], [("EWR", 9, 9), ("JFK", 8, 2), ("JFK", 9, 1), ("LGA", 9, 9)], lookback=6) == [None]


def test_null_keys_and_times_match_nothing() -> None:
    features = [(None, 4, 4), ("JFK", None, 4), ("JFK", 4, None)]
    assert taken([(None, 5), ("JFK", 5), ("JFK", None)], features) == [None, None, None]


def test_unsorted_input_gives_the_same_answers() -> None:
    spine, features = [("JFK", 9), ("JFK", 2), ("LGA", 5)], [("JFK", 8, 8), ("LGA", 1, 1), ("JFK", 1, 1)]
    assert taken(spine, features) == [0, 2, 1]
    assert taken(sorted(spine), sorted(features)) == [0, 1, 2]  # JFK at 2, JFK at 9, LGA


def test_a_correction_is_not_seen_by_an_earlier_prediction() -> None:
    assert taken([("JFK", 4), ("JFK", 6)], [("JFK", 3, 3), ("JFK", 5, 3)]) == [0, 1]


def test_no_spine_row_is_dropped_or_duplicated() -> None:
    assert taken([("JFK", 4), ("JFK", 4), ("SFO", 4), ("JFK", 0)], [("JFK", 3, 3), ("JFK", 3, 3)]) == [1, 1, None, None]


def test_empty_frames_join() -> None:
    assert taken([("JFK", 4)], []) == [None]
    assert taken([], [("JFK", 4, 4)]) == []


def test_composite_keys_of_other_names_and_types_match_in_every_part() -> None:
    spine = pl.DataFrame(
        {"key": ["UA", "UA", None, "UA"], "number": [1, 2, 1, None], "at": [hour(5)] * 4},
        schema={"key": pl.String, "number": pl.Int32, "at": TIME},
    )
    features = pl.DataFrame(
        {"carrier": ["UA", "DL", None], "flight": [1, 2, 1], "event": [hour(3)] * 3, "delay": [1.5, 2.5, 3.5]},
        schema={"carrier": pl.String, "flight": pl.Int64, "event": TIME, "delay": pl.Float64},
    )
    joined = as_of_join(
        spine,
        features,
        at="at",
        on={"carrier": "key", "flight": "number"},
        known_at="event",
        event_time="event",
        lookback=timedelta(days=1),
        columns={"delay": "delay", "event": "observed_at"},
    )
    assert joined.to_dict(as_series=False) == {
        "delay": [1.5, None, None, None],
        "observed_at": [hour(3), None, None, None],
    }


def test_event_times_that_run_backwards_cost_no_quadratic_walk() -> None:
    n = 20_000  # 2e8 steps if each stale row walked back over all before it
    hours = pl.Series(np.arange(n, dtype=np.int64) * 3_600_000_000).cast(TIME)
    features = pl.DataFrame({"origin": "JFK", "known": hours, "event": hours.reverse(), "wind": range(n)})
    spine = pl.DataFrame({"airport": "JFK", "at": hours})
    # at hour a the rows 0 … a are known, of hours n-1 … n-1-a: the last one at most n/2 hours old is wanted
    expected = [min(a, n - 1 - (a - n // 2)) for a in range(n)]
    assert join(spine, features, lookback=n // 2) == expected


def brute_force(spine: list[Row], features: list[Row], lookback: int) -> list[int | None]:
    answers = []
    for key, at in spine:
        candidates = [
            (known, event, position)
            for position, (origin, known, event) in enumerate(features)
            if None not in (key, at, known, event) and origin == key and known <= at and at - event <= lookback
        ]
        answers.append(max(candidates)[2] if candidates else None)
    return answers


TWIN = """
    select arg_max(wind, (known, event, wind)) from s left join f
    on s.airport = f.origin and f.known <= s."at" and s."at" - f.event <= to_hours({lookback})
    group by s.n order by s.n
"""

keys = st.sampled_from(["JFK", "LGA", None])
hours = st.integers(0, 12) | st.none()
worlds = (st.lists(st.tuples(keys, hours), max_size=12), st.lists(st.tuples(keys, hours, hours), max_size=20))


@settings(max_examples=150, deadline=None)
@given(*worlds, st.integers(1, 8))
def test_it_agrees_with_brute_force(spine: list[Row], features: list[Row], lookback: int) -> None:
    assert taken(spine, features, lookback) == brute_force(spine, features, lookback)


@settings(max_examples=40, deadline=None)
@given(*worlds, st.integers(1, 8))
def test_it_agrees_with_sql(spine: list[Row], features: list[Row], lookback: int) -> None:
    with duckdb.connect() as database:
        database.register("s", spine_of(spine).with_row_index("n").to_arrow())
        database.register("f", features_of(features).to_arrow())
        expected = [wind for (wind,) in database.execute(TWIN.format(lookback=lookback)).fetchall()]
    assert taken(spine, features, lookback) == expected


@settings(max_examples=50, deadline=None)
@given(*worlds, st.integers(1, 8))
def test_a_composite_key_gives_the_same_as_one_key(spine: list[Row], features: list[Row], lookback: int) -> None:
    joined = as_of_join(
        spine_of(spine).with_columns(city=pl.lit("NYC")),
        features_of(features).with_columns(place=pl.lit("NYC")),
        at="at",
        on={"place": "city", "origin": "airport"},
        known_at="known",
        event_time="event",
        lookback=timedelta(hours=lookback),
        columns={"wind": "wind"},
    )
    assert joined["wind"].to_list() == taken(spine, features, lookback)


def at_once(spine: list[Row], features: list[Row], lookback: int) -> list[int | None]:
    """The positions taken where a row is known at its event: one column is both times."""
    joined = as_of_join(
        spine_of(spine),
        features_of(features),
        at="at",
        on={"origin": "airport"},
        known_at="known",
        event_time="known",
        lookback=timedelta(hours=lookback),
        columns={"wind": "gust"},
    )
    return joined["gust"].to_list()


def test_rows_known_at_their_event_match_up_to_the_lookback_and_no_further() -> None:
    assert at_once([("JFK", 7), ("JFK", 8), ("LGA", 7)], [("JFK", 1, None), ("LGA", 8, None)], 6) == [0, None, None]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["JFK", "LGA", None]), st.integers(0, 12) | st.none()), max_size=12),
    st.lists(st.tuples(st.sampled_from(["JFK", "LGA", None]), st.integers(0, 12) | st.none()), max_size=12),
    st.integers(1, 5),
)
def test_rows_known_at_their_event_are_joined_as_if_event_and_knowledge_were_two_columns(
    spine: list[Row], features: list[Row], lookback: int
) -> None:
    rows = [(key, known, known) for key, known in features]
    assert at_once(spine, rows, lookback) == taken(spine, rows, lookback)


def test_a_spine_sorted_once_serves_every_group() -> None:
    spine, features = spine_of([("JFK", 9), ("JFK", None), ("JFK", 2)]), features_of([("JFK", 8, 8), ("JFK", 1, 1)])
    given_times = {"times": InOrder.of(spine["at"])}
    options = {"at": "at", "on": {"origin": "airport"}, "known_at": "known", "event_time": "event"}
    rest = {"lookback": timedelta(hours=6), "columns": {"wind": "gust"}}
    assert as_of_join(spine, features, **options, **rest, **given_times)["gust"].to_list() == [0, None, 1]
    assert as_of_join(spine, features, **options, **rest)["gust"].to_list() == [0, None, 1]
