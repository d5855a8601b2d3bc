"""What the world sends: it is right at the end of the pipeline, or refused with a clear error, never silently wrong."""

from datetime import UTC as UTC_ZONE
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest

from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets_tests.validation.hostile_world import (
    DAY,
    SEEN,
    Visit,
    frame,
    joined,
    objects,
    profiles,
    put,
    times,
    visited,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_an_empty_frame_is_an_empty_day_that_counts_as_written(home: Home) -> None:
    assert put(home, frame([])).is_empty()
    home.features.require(profiles, DAY)
    offline, online = joined(home, ["a", "b"])
    assert offline["score"].isna().all()
    assert online["score"].isna().all()


def test_all_null_columns_stay_null_to_the_end(home: Home) -> None:
    rows = put(home, frame(score=None, note=np.nan, spare=objects(pd.NA, None, np.nan)))
    assert rows["score"].to_list() == rows["note"].to_list() == rows["spare"].to_list() == [None] * 3
    offline, online = joined(home, ["a", "b", "c"])
    assert offline[["score", "note", "spare"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(offline, online)


def test_unsorted_rows_give_the_same_answers_as_sorted_ones(home: Home, tmp_path: Path) -> None:
    rows = frame(list("abcdef"))
    rows["known_at"] = rows["seen_at"] = times(*[SEEN + timedelta(minutes=n) for n in (3, 1, 5, 0, 4, 2)])
    put(home, rows)
    other = Home(tmp_path / "sorted")
    put(other, rows.sort_values("seen_at"))
    for one, two in zip(joined(home, list("fedcba")), joined(other, list("fedcba")), strict=True):
        pd.testing.assert_frame_equal(one, two)
    assert joined(home, list("fedcba"))[0]["visits"].to_list() == [5, 4, 3, 2, 1, 0]


def test_ten_thousand_categories_are_each_found(home: Home) -> None:
    names = [f"category {n}" for n in range(10_000)]
    put(home, frame(names, note=names))
    asked = names[::-3]
    assert [answered["note"].to_list() for answered in joined(home, asked)] == [asked, asked]


def test_numbers_at_the_edges_keep_every_bit(home: Home) -> None:
    spare = pd.array([2**53 + 1, -(2**63), 2**63 - 1], dtype="Int64")
    scores = [-0.0, 5e-324, 1.7976931348623157e308]
    rows = put(home, frame(visits=[2**63 - 1, -(2**63), 2**53 + 1], spare=spare, score=scores))
    assert rows["visits"].to_list() == [2**63 - 1, -(2**63), 2**53 + 1]
    assert rows["spare"].to_list() == [2**53 + 1, -(2**63), 2**63 - 1]
    assert [value.hex() for value in rows["score"]] == [value.hex() for value in scores]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([datetime(1677, 1, 1, tzinfo=UTC_ZONE)] * 3, datetime(1677, 1, 1, tzinfo=UTC_ZONE)),
        ([datetime(1, 1, 1, tzinfo=UTC_ZONE)] * 3, datetime(1, 1, 1, tzinfo=UTC_ZONE)),
    ],
)
def test_times_before_the_year_1678_are_what_they_are(home: Home, seen: list[datetime], expected: datetime) -> None:
    for given in (times(*seen), objects(*seen)):
        assert put(home, frame(seen_at=given))["seen_at"].to_list() == [expected] * 3
        offline, online = joined(home, ["a"])
        assert offline["score"].isna().all(), "older than the lookback"
        assert online["score"].isna().all()


def test_times_after_2262_are_read_where_a_contract_allows_them(home: Home) -> None:
    class Plan(pa.DataFrameModel):
        visitor: str
        made_at: UTC
        ends_at: UTC

    plans = FeatureGroup(Plan, keys="visitor", event_time="made_at", name="plans")
    far = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC_ZONE)
    rows = pd.DataFrame({"visitor": ["a"], "made_at": times(SEEN), "ends_at": times(far)})
    binding = plans.computed(lambda _: rows, Source(Visit, lambda *_: visited([]), name="nothing"))
    materialize(binding, DAY, home.features)
    assert home.features.read(plans, DAY)["ends_at"].to_list() == [far]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/New_York"])
def test_another_zone_is_the_same_instant_in_utc(home: Home, zone: str) -> None:
    rows = put(home, frame(known_at=frame()["known_at"].dt.tz_convert(zone)))
    assert rows["known_at"].to_list() == [SEEN] * 3


def test_nanoseconds_that_say_nothing_are_dropped(home: Home) -> None:
    assert put(home, frame(seen_at=frame()["seen_at"].dt.as_unit("ns")))["seen_at"].to_list() == [SEEN] * 3


def test_objects_of_one_kind_are_read_as_it(home: Home) -> None:
    rows = put(
        home,
        frame(visits=objects(1, np.int32(2), 3), score=objects(1, 2.5, None), is_member=objects(True, False, np.True_)),
    )
    assert rows["visits"].to_list() == [1, 2, 3]
    assert rows["score"].to_list() == [1.0, 2.5, None]
    assert rows["is_member"].to_list() == [True, False, True]


def test_rows_of_any_index_are_rows(home: Home) -> None:
    assert len(put(home, frame().set_axis([0, 0, 0]))) == 3
    assert len(put(home, frame().set_axis(pd.MultiIndex.from_product([["x"], [1, 2, 3]])))) == 3


def ns(nanosecond: int) -> pd.Series:
    return pd.Series(pd.to_datetime([SEEN] * 3, utc=True).as_unit("ns") + pd.Timedelta(nanosecond, "ns"))


def years(text: str) -> pd.Series:
    return pd.Series(np.array([text] * 3, dtype="datetime64[us]")).dt.tz_localize("UTC")


REFUSED = {
    "infinities": (frame(score=[1.0, np.inf, -np.inf]), "score: is finite (e.g. inf, 2 rows)"),
    "mixed types": (frame(visits=objects(1, "two", 2.5)), "visits: is a whole number of 64 bits (e.g. two, 2 rows)"),
    "mixed text": (frame(note=objects("a", 1, b"c")), "note: is text (e.g. 1, 2 rows)"),
    "half a surrogate pair": (frame(note=objects("a", "b", "\ud800")), "note: is text (e.g. \\ud800, 1 rows)"),
    "lists in cells": (frame(note=objects("a", ["b"], {"c": 1})), "note: is text (e.g. ['b'], 2 rows)"),
    "bools as ints": (frame(visits=[True, False, True]), "visits: dtype('int64') (e.g. bool"),
    "bools among ints": (frame(visits=objects(1, True, 2)), "visits: is a whole number of 64 bits (e.g. True, 1 rows)"),
    "bools as floats": (frame(score=[True, False, True]), "score: dtype('float64') (e.g. bool"),
    "ints as bools": (frame(is_member=[1, 0, 1]), "is_member: dtype('bool') (e.g. int64"),
    "ints beyond floats": (frame(score=[2**53, 2**53 + 1, 1]), "score: dtype('float64') (e.g. int64"),
    "ints beyond 64 bits": (frame(visits=objects(2**64, 1, 2)), "visits: is a whole number of 64 bits (e.g. 184467"),
    "a null among ints": (frame(visits=[1, None, 3]), "visits: not_nullable (e.g. nan, 1 rows)"),
    "a null key": (frame(["a", None, "c"]), "visitor: not_nullable (e.g. nan, 1 rows)"),
    "a null time": (frame(known_at=times(SEEN, None, SEEN)), "known_at: not_nullable (e.g. NaT, 1 rows)"),
    "text for numbers": (frame(visits=["1", "2", "3"]), "visits: dtype('int64') (e.g. str"),
    "text for times": (frame(seen_at=["2024-01-02"] * 3), "seen_at: dtype('datetime64[us, UTC]') (e.g. str"),
    "no zone": (
        frame(known_at=frame()["known_at"].dt.tz_localize(None)),
        "known_at: dtype('datetime64[us, UTC]') (e.g. datetime64[us]: which zone is it? .dt.tz_localize('UTC')",
    ),
    "nanoseconds": (
        frame(seen_at=ns(1)),
        "seen_at: is a time with its zone, in whole microseconds (e.g. 2024-01-02 01",
    ),
    "year 10000": (frame(seen_at=years("10000-01-01")), "seen_at: is in the years 1 to 9999 (e.g. 10000-01-01"),
    "year -1": (frame(seen_at=years("-001-01-01")), "seen_at: is in the years 1 to 9999"),
    "year 2262 for an event": (frame(seen_at=years("2262-12-01")), "known_at: known at most a day before the event"),
    "another day": (frame(known_at=times(SEEN, DAY.end, SEEN)), "known_at: known in 2024-01-02 (e.g. 2024-01-03"),
    "a key twice": (frame(list("aab")), "visitor, seen_at, known_at: no row twice (e.g. a, 2024-01-02 01:00"),
    "a row twice": (pd.concat([frame(), frame()]), "visitor, seen_at, known_at: no copy of a row (e.g. a, 2024"),
    "a column twice": (pd.concat([frame(), frame()[["note"]]], axis=1), "note: is there once (e.g. twice"),
    "two levels of columns": (
        frame().set_axis(pd.MultiIndex.from_product([["x"], list(frame())]), axis=1),
        "(frame): has columns of one name each",
    ),
    "a column named by a number": (frame().rename(columns={"note": 0}), "note: is missing"),
    "a very long value": (frame(note=objects("a", "b", b"x" * 10**6)), "(1,000,003 characters), 1 rows)"),
    "no columns at all": (pd.DataFrame(), "visitor: is missing"),
    "a Polars frame": (pl.from_pandas(frame()), "(frame): is a pandas DataFrame (e.g. polars"),
    "nothing": (None, "(frame): is a pandas DataFrame (e.g. builtins.NoneType"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_right_is_refused_with_its_column_check_and_value(home: Home, case: str) -> None:
    rows, said = REFUSED[case]
    with pytest.raises(ContractViolation) as raised:
        put(home, rows)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 1_000
    str(raised.value).encode()
    assert home.features.version(profiles) is None
