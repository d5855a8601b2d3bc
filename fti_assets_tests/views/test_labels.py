from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.views.labels import known_labels

TIME = pl.Datetime("us", "UTC")
Row = tuple[Any, ...]


def hour(n: int | None) -> datetime | None:
    return None if n is None else datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=n)


def labels_of(spine: list[Row], labels: list[Row], horizon: int = 48, before: int = 1000) -> list[Row]:
    """(label, hour known) of each spine row (flight, hour predicted), among labels (id, hour landed, late)."""
    frame = known_labels(
        pl.DataFrame([(k, hour(t)) for k, t in spine], schema={"flight": pl.String, "at": TIME}, orient="row"),
        pl.DataFrame(
            [(k, hour(t), late) for k, t, late in labels],
            schema={"id": pl.String, "landed": TIME, "late": pl.Boolean},
            orient="row",
        ),
        at="at",
        on={"id": "flight"},
        known_at="landed",
        label="late",
        horizon=timedelta(hours=horizon),
        before=datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=before),
    )
    assert frame.columns == ["late", "label_known_at"]
    start = datetime(2013, 1, 1, tzinfo=UTC)
    return [(late, known and (known - start) // timedelta(hours=1)) for late, known in frame.rows()]


def test_labels_come_in_the_order_of_the_spine() -> None:
    assert labels_of([("b", 9), ("a", 1), ("c", 5)], [("a", 4, True), ("b", 12, False)]) == [
        (False, 12),
        (True, 4),
        (None, None),
    ]


def test_a_label_known_exactly_at_the_horizon_counts() -> None:
    assert labels_of([("a", 1)], [("a", 49, True)]) == [(True, 49)]


def test_a_label_known_beyond_the_horizon_does_not_count() -> None:
    assert labels_of([("a", 1)], [("a", 50, True)]) == [(None, None)]


def test_a_label_known_at_the_cutoff_is_not_known_before_it() -> None:
    assert labels_of([("a", 1)], [("a", 4, True)], before=4) == [(None, None)]
    assert labels_of([("a", 1)], [("a", 4, True)], before=5) == [(True, 4)]


def test_a_correction_counts_once_it_is_known() -> None:
    labels = [("a", 6, False), ("a", 4, True)]
    assert labels_of([("a", 1)], labels, before=6) == [(True, 4)]
    assert labels_of([("a", 1)], labels, before=7) == [(False, 6)]


def test_of_labels_known_at_once_the_later_row_counts() -> None:
    assert labels_of([("a", 1)], [("a", 4, True), ("a", 4, False)]) == [(False, 4)]


def test_null_keys_and_times_have_no_label() -> None:
    assert labels_of([(None, 1), ("a", None), ("a", 1)], [(None, 4, True), ("a", None, True)]) == [(None, None)] * 3


def test_two_predictions_of_one_flight_share_its_label() -> None:
    assert labels_of([("a", 1), ("a", 2)], [("a", 4, True)]) == [(True, 4), (True, 4)]


def test_without_labels_every_row_is_null() -> None:
    assert labels_of([("a", 1)], []) == [(None, None)]


def brute_force(spine: list[Row], labels: list[Row], horizon: int, before: int) -> list[Row]:
    answers = []
    for flight, at in spine:
        candidates = [
            (known, position, late)
            for position, (key, known, late) in enumerate(labels)
            if None not in (flight, at, known) and key == flight and known < before and known - at <= horizon
        ]
        known, _, late = max(candidates, default=(None, None, None))
        answers.append((late, known))
    return answers


keys = st.sampled_from(["a", "b", None])
hours = st.integers(0, 12) | st.none()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(keys, hours), max_size=10),
    st.lists(st.tuples(keys, hours, st.booleans()), max_size=15),
    st.integers(1, 8),
    st.integers(0, 14),
)
def test_it_agrees_with_brute_force(spine: list[Row], labels: list[Row], horizon: int, before: int) -> None:
    assert labels_of(spine, labels, horizon, before) == brute_force(spine, labels, horizon, before)
