import json
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.set_aside import SetAside
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC, Window
from fti_assets.validation.set_aside import digest_of, invalid_digests, plain, sift


class Reading(pa.DataFrameModel):
    """What a meter said."""

    meter: str
    read_at: UTC = pa.Field(nullable=True)
    level: float = pa.Field(ge=0, nullable=True)
    count: int = pa.Field(le=100)


readings = FeatureGroup(
    Reading, keys="meter", event_time="read_at", name="readings", on_invalid="quarantine", invalid_up_to=0.5
)
source = Source(Reading, lambda _start, _end: pd.DataFrame(), name="meters", on_invalid="quarantine", invalid_up_to=0.5)
DAY = Window.of_days("2024-01-02", "2024-01-02")


def batch(rows: int = 6, **columns: Any) -> pd.DataFrame:
    """Meters a, b, c … at 00:00, 01:00, 02:00 …; their level and count are the hour."""
    hours = [DAY.start + timedelta(hours=n) for n in range(rows)]
    times = pd.Series(hours, dtype="datetime64[us, UTC]")
    numbers = list(range(rows))
    frame = pd.DataFrame(
        {"meter": [chr(97 + n) for n in numbers], "read_at": times, "level": [float(n) for n in numbers]}
    )
    return frame.assign(count=numbers).assign(**columns)


def sifted(frame: pd.DataFrame, waivers: Any = None) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The meters that stay, and those set aside with the checks that they break."""
    done = sift(frame, readings, DAY, waivers or {})
    return done.frame["meter"].to_list(), [(values(row)["meter"], [r.check for r in row.reasons]) for row in done.aside]


def values(row: SetAside) -> dict[str, Any]:
    return dict(json.loads(row.row))


@pytest.mark.parametrize(
    ("spoilt", "check"),
    [
        ({"level": [0.0, -1.0, *[1.0] * 4]}, "greater_than_or_equal_to(0)"),
        ({"level": [0.0, np.inf, *[1.0] * 4]}, "is finite"),
        ({"count": [0, None, 2, 3, 4, 5]}, "not_nullable"),
        ({"count": pd.Series([0, "one", 2, 3, 4, 5], dtype=object)}, "is a whole number of 64 bits"),
        ({"read_at": batch()["read_at"].mask([False, True, *[False] * 4])}, "is a time, not null"),
    ],
    ids=["a check", "infinite", "null", "another type", "no time"],
)
def test_a_row_that_breaks_its_contract_is_set_aside_and_the_others_stay(spoilt: dict, check: str) -> None:
    assert sifted(batch(**spoilt)) == (["a", "c", "d", "e", "f"], [("b", [check])])


def test_what_stays_is_what_the_contract_gives_for_it_alone() -> None:
    stays = sift(batch(count=pd.Series([0, "one", 2, 3, None, 5], dtype=object)), readings, DAY, {}).frame
    expected = batch().drop(index=[1, 4]).reset_index(drop=True)
    pd.testing.assert_frame_equal(stays, expected)


def test_a_row_known_outside_the_window_or_long_before_its_event_is_set_aside() -> None:
    class Due(Reading):
        known: UTC

    due = FeatureGroup(Due, keys="meter", event_time="read_at", known_at="known", name="due", on_invalid="quarantine",
                       invalid_up_to=0.5)  # fmt: skip
    known = batch()["read_at"].to_list()
    known[1] += timedelta(days=1)
    frame = batch(known=pd.Series(known, dtype="datetime64[us, UTC]"))
    frame.loc[2, "read_at"] = known[2] + timedelta(days=1, microseconds=1)
    aside = sift(frame, due, DAY, {}).aside
    assert [[(r.column, r.check) for r in row.reasons] for row in aside] == [
        [("known", "known in 2024-01-02")],
        [("known", "known at most a day before the event")],
    ]
    assert [row.known_at for row in aside] == [known[1], known[2]]


def test_of_rows_of_one_identity_that_differ_all_are_set_aside_and_of_copies_all_but_one() -> None:
    twice = batch(meter=list("aabbef"), read_at=batch()["read_at"].iloc[[0, 0, 2, 2, 4, 5]].to_list())
    twice["level"], twice["count"] = [0.0, 9.0, 2.0, 2.0, 4.0, 5.0], [0, 0, 2, 2, 4, 5]
    assert sifted(twice) == (
        ["b", "e", "f"],
        [("a", ["no row twice"]), ("a", ["no row twice"]), ("b", ["no copy of a row"])],
    )


def test_a_row_says_all_that_is_wrong_with_it() -> None:
    done = sift(batch(level=[-1.0, *[1.0] * 5], count=[101, *[1] * 5]), readings, DAY, {})
    [row] = done.aside
    assert [(r.column, r.value, r.releasable) for r in row.reasons] == [("level", "-1.0", True), ("count", "101", True)]
    assert row.digest == digest_of(row.row)
    assert values(row) == {"meter": "a", "read_at": "2024-01-02T00:00:00+00:00", "level": -1.0, "count": 101}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (batch().drop(columns="level"), "level: is missing"),
        (batch(more=1), "more: is not declared"),
        (batch(count=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), "count: dtype"),
        (None, "is a pandas DataFrame"),
        (pd.concat([batch(), batch()[["level"]]], axis=1), "level: is there once"),
    ],
)
def test_what_is_wrong_with_the_frame_as_a_whole_always_fails(broken: Any, said: str) -> None:
    for contract in (readings, source):
        with pytest.raises(ContractViolation, match=said):
            sift(broken, contract, DAY, {})


def test_a_check_of_the_whole_is_judged_on_the_rows_that_stay() -> None:
    class Level(Reading):
        @pa.check("level", name="low on the whole")
        def low(cls, level: pd.Series) -> bool:  # noqa: N805
            return bool(level.max() < 10)

    low = Source(Level, source.read, name="meters", on_invalid="quarantine", invalid_up_to=0.5)
    assert len(sift(batch(level=[99.0, *[1.0] * 5], count=[101, *[1] * 5]), low, None, {}).aside) == 1
    with pytest.raises(ContractViolation, match="low on the whole"):
        sift(batch(level=[99.0, *[1.0] * 5], count=[1, *[101], *[1] * 4]), low, None, {})


def test_a_waived_row_passes_the_checks_it_was_set_aside_for_and_no_others() -> None:
    frame = batch(level=[-1.0, *[1.0] * 5], count=[101, *[1] * 5])
    [row] = sift(frame, readings, DAY, {}).aside
    checks = frozenset((r.column, r.check) for r in row.reasons)
    done = sift(frame, readings, DAY, {row.digest: checks})
    pd.testing.assert_frame_equal(done.frame, frame)
    assert done.aside == ()
    assert len(sift(frame, readings, DAY, {row.digest: checks - {("count", "less_than_or_equal_to(100)")}}).aside) == 1
    assert len(sift(frame.assign(meter=list("zbcdef")), readings, DAY, {row.digest: checks}).aside) == 1


def test_a_digest_is_the_rows_whatever_batch_it_comes_in() -> None:
    alone = batch(3, level=[-1.0, 1.0, 2.0])
    beside_a_null = alone.assign(count=[0.0, None, 2.0], level=pd.Series([-1, 1, 2], dtype="int8"))
    with_a_null = Source(Reading, source.read, name="meters", on_invalid="quarantine", invalid_up_to=0.9)
    [first] = sift(alone, with_a_null, None, {}).aside
    again, _ = sift(beside_a_null, with_a_null, None, {}).aside
    assert again.digest == first.digest
    assert invalid_digests(alone.set_axis([7, 7, 7]), source) == [first.digest]


def test_any_value_has_a_word_in_json() -> None:
    given = [
        None,
        pd.NaT,
        np.nan,
        np.inf,
        np.int64(1),
        True,
        "ü",
        "half \ud800",
        b"x",
        2.5,
        [1],
        pd.Timestamp(DAY.start),
    ]
    assert [plain(value) for value in given] == [
        *[None] * 3, "inf", 1, True, "ü", "half \\ud800", "b'x'", 2.5, "[1]", "2024-01-02T00:00:00+00:00",
    ]  # fmt: skip


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from([-1, 0, 5, 23, 24, None]),
        st.sampled_from([0.5, -0.5, np.inf, None]),
        st.sampled_from([1, 101, None, "x"]),
    ),
    max_size=8,
)


def slowly(rows: list[tuple[Any, ...]]) -> list[bool]:
    """Whether each row stays, by the words of the contract, a row at a time."""
    stays = []
    for n, (meter, hour, level, count) in enumerate(rows):
        valid = meter is not None and hour is not None and 0 <= hour < 24
        valid = valid and (level is None or (level >= 0 and level != np.inf)) and count == 1
        same = [other for other in rows if other[:2] == (meter, hour) and meter is not None and hour is not None]
        stays.append(valid and all(other == rows[n] for other in same) and rows[n] not in rows[:n])
    return stays


@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_the_rows_that_stay_are_those_that_a_slow_reader_would_keep(rows: list[tuple[Any, ...]]) -> None:
    every = FeatureGroup(Reading, keys="meter", event_time="read_at", name="r", on_invalid="quarantine",
                         invalid_up_to=0.999999)  # fmt: skip
    good = [(f"good{n}", 1, 1.0, 1) for n in range(2)]
    given_rows = [*rows, *good]
    times = [None if hour is None else DAY.start + timedelta(hours=hour) for _, hour, _, _ in given_rows]
    frame = pd.DataFrame(
        {
            "meter": pd.Series([row[0] for row in given_rows], dtype="str"),
            "read_at": pd.Series(times, dtype="datetime64[us, UTC]"),
            "level": pd.Series([row[2] for row in given_rows], dtype=float),
            "count": pd.Series([row[3] for row in given_rows], dtype=object),
        }
    )
    done = sift(frame, every, DAY, {})
    stays = slowly(given_rows)
    assert done.frame["meter"].to_list() == [row[0] for row, kept in zip(given_rows, stays, strict=True) if kept]
    assert len(done.aside) == stays.count(False)
