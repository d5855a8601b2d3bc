import json
import sqlite3
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fti_assets.contracts.errors import ContractViolation, MissingPartitions
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import UTC as UTC_TIME
from fti_assets.stores.frames import TIME
from fti_assets.stores.online import OnlineStore
from fti_assets.views.as_of_join import as_of_join
from fti_assets.views.in_force_join import in_force_join


class Reading(pa.DataFrameModel):
    """A value of each kind, about a station, measured at one time and known at another."""

    station: str
    measured_at: UTC_TIME
    known_at: UTC_TIME
    wind: float = pa.Field(nullable=True)
    gusts: pd.Int64Dtype = pa.Field(nullable=True)
    is_wet: pd.BooleanDtype = pa.Field(nullable=True)
    note: str = pa.Field(nullable=True)
    next_at: UTC_TIME = pa.Field(nullable=True)


class Station(pa.DataFrameModel):
    """Where a station is."""

    station: str
    altitude: int


readings = FeatureGroup(Reading, keys="station", event_time="measured_at", known_at="known_at", lookback="6h")
stations = FeatureGroup(Station, keys="station", dimension=True)

Row = tuple[Any, ...]


def hour(n: int | None) -> datetime | None:
    return None if n is None else datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=n)


def frame(group: FeatureGroup, rows: list[Row]) -> pl.DataFrame:
    schema = {name: kind.polars for name, kind in group.columns.items()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def gusts(rows: list[Row]) -> pl.DataFrame:
    """Rows of (station, hour measured, hour known); `gusts` is the row's position."""
    cells = [(s, hour(m), hour(k), None, n, None, None, None) for n, (s, m, k) in enumerate(rows)]
    return frame(readings, cells)


def requests(rows: list[Row]) -> pl.DataFrame:
    """Rows of (station, hour of prediction)."""
    return pl.DataFrame([(s, hour(at)) for s, at in rows], schema={"station": pl.String(), "at": TIME}, orient="row")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnlineStore]:
    """A store that many examples load again and again."""
    store = OnlineStore(tmp_path_factory.mktemp("shared") / "online.sqlite")
    with store.held_open():
        yield store


@pytest.fixture
def store(tmp_path: Path) -> OnlineStore:
    return OnlineStore(tmp_path / "deep" / "online.sqlite")


def found(store: OnlineStore, asked: list[Row], selection: Selection = readings["gusts"]) -> list[Any]:
    return store.look_up(selection, requests(asked), "at").to_series().to_list()


def test_the_latest_known_row_that_is_not_too_old_is_found(store: OnlineStore) -> None:
    store.load(readings, gusts([("JFK", 1, 2), ("JFK", 3, 5), ("LGA", 4, 4)]))
    assert found(store, [("JFK", 4), ("JFK", 5), ("JFK", 9), ("JFK", 10), ("LGA", 3)]) == [0, 1, 1, None, None]


def test_a_view_bounds_the_age_itself_and_names_the_columns(store: OnlineStore) -> None:
    store.load(readings, gusts([("JFK", 1, 2)]))
    selection = readings["gusts"].lookback(hours=20).prefixed("last_")
    looked_up = store.look_up(selection, requests([("JFK", 21), ("JFK", 22)]), "at")
    assert looked_up.to_dict(as_series=False) == {"last_gusts": [0, None]}


def test_a_row_may_be_looked_up_by_other_columns_than_the_keys(store: OnlineStore) -> None:
    rows = gusts([("JFK", 1, 1), ("LGA", 2, 2)]).with_columns(note=pl.lit("wet"))
    store.load(readings, rows, by=[("station",), ("note",)])
    asked = requests([("wet", 3), ("JFK", 3)])
    by_note = readings["gusts"].by("note").joined_on(note="station")
    assert store.look_up(by_note, asked, "at")["gusts"].to_list() == [1, None]
    assert found(store, [("wet", 3), ("JFK", 3)]) == [None, 0]


def test_every_lookup_has_its_index(store: OnlineStore) -> None:
    store.load(readings, gusts([("JFK", 1, 1)]), by=[("station",), ("note", "is_wet")])
    connection = sqlite3.connect(store.path)
    indexed = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'feature_reading'")
    assert [sql.split(" ON ")[1] for (sql,) in indexed] == [
        'feature_reading ("station", "known_at")',
        'feature_reading ("note", "is_wet", "known_at")',
    ]
    connection.close()


hours = st.integers(0, 8) | st.none()
names = st.sampled_from(["a", "a", "b", None])


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(names, hours, hours), max_size=12),
    asked=st.lists(st.tuples(names, hours), min_size=1, max_size=6),
    lookback=st.integers(1, 8),
)
@example(rows=[("a", 3, 4), ("a", 2, 4)], asked=[("a", 4)], lookback=6)
@example(rows=[("a", 3, 4), ("a", 3, 4)], asked=[("a", 4)], lookback=6)
def test_a_lookup_finds_what_the_point_in_time_join_finds(
    shared: OnlineStore, rows: list[Row], asked: list[Row], lookback: int
) -> None:
    features = gusts(rows)
    selection = readings["gusts", "known_at"].lookback(hours=lookback)
    joined = as_of_join(
        requests(asked),
        features,
        at="at",
        on={"station": "station"},
        known_at="known_at",
        event_time="measured_at",
        lookback=timedelta(hours=lookback),
        columns=selection.names,
    )
    shared.load(readings, features)
    assert shared.look_up(selection, requests(asked), "at").equals(joined)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(names, hours, hours), max_size=12),
    asked=st.lists(st.tuples(names, hours, hours), min_size=1, max_size=6),
    lookback=st.integers(1, 8),
    is_ahead=st.booleans(),
)
@example(rows=[("a", 3, 1), ("a", 3, 2)], asked=[("a", 2, 4)], lookback=6, is_ahead=True)
@example(rows=[("a", 3, 1), ("a", 3, 1)], asked=[("a", 2, 4)], lookback=6, is_ahead=False)
def test_a_lookup_of_a_value_in_force_finds_what_the_join_on_two_axes_finds(
    shared: OnlineStore, rows: list[Row], asked: list[Row], lookback: int, is_ahead: bool
) -> None:
    group, features = (evolve(readings, ahead="8h") if is_ahead else readings), gusts(rows)
    columns = {"station": pl.String(), "at": TIME, "wanted_for": TIME}
    requested = pl.DataFrame([(s, hour(at), hour(then)) for s, at, then in asked], schema=columns, orient="row")
    selection = group["gusts", "known_at"].lookback(hours=lookback)
    shared.load(group, features)
    for moment, selected in {"wanted_for": selection.at("wanted_for"), "at": selection.at("at")}.items():
        joined = in_force_join(
            requested,
            features,
            at="at",
            moment=moment,
            on={"station": "station"},
            known_at="known_at",
            event_time="measured_at",
            lookback=timedelta(hours=lookback),
            columns=selection.names,
        )
        assert shared.look_up(selected, requested, "at").equals(joined)
    if is_ahead:  # without a moment it is the prediction time
        assert shared.look_up(selection, requested, "at").equals(joined)


def test_a_dimension_is_found_at_any_time_and_under_another_key(store: OnlineStore) -> None:
    store.load(stations, frame(stations, [("JFK", 4), ("LGA", 7)]))
    asked = requests([("LGA", 0), (None, 0), ("SFO", 0), ("JFK", None)]).rename({"station": "origin"})
    looked_up = store.look_up(stations["altitude"].joined_on(station="origin"), asked, "at")
    assert looked_up["altitude"].to_list() == [7, None, None, 4]


class Slot(pa.DataFrameModel):
    """Keys that are no text."""

    number: int
    is_open: bool
    begins_at: UTC_TIME
    price: float


def test_keys_may_be_of_any_kind(store: OnlineStore) -> None:
    slots = FeatureGroup(Slot, keys=("number", "is_open", "begins_at"), dimension=True)
    rows = frame(slots, [(1, True, hour(1), 0.5), (1, False, hour(1), 0.6), (1, True, hour(2), 0.7)])
    store.load(slots, rows)
    asked = rows.select("number", "is_open", "begins_at").with_columns(at=pl.lit(hour(9)))
    assert store.look_up(slots["price"], asked, "at")["price"].to_list() == [0.5, 0.6, 0.7]


def test_every_kind_comes_back_in_its_type(store: OnlineStore) -> None:
    cells = [
        ("JFK", hour(1), hour(1), 2.0, -(2**63), True, "", hour(-1)),
        ("LGA", hour(1), hour(1), 0.1, 2**63 - 1, False, "Zürich 🌧 'x'", datetime(1950, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
        ("EWR", hour(1), hour(1), None, None, None, None, None),
    ]
    rows = frame(readings, cells)
    store.load(readings, rows)
    asked = requests([("JFK", 1), ("LGA", 1), ("EWR", 1)])
    looked_up = store.look_up(readings.select(), asked, "at")
    assert looked_up.equals(rows.select(readings.values))
    assert looked_up.schema == rows.select(readings.values).schema


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
@example([-0.0, 5e-324, float("inf"), float("-inf"), 2.0**53 + 2, 1e308, 3.0])
def test_numbers_keep_their_bits(shared: OnlineStore, numbers: list[float]) -> None:
    cells = [(str(n), hour(1), hour(1), number, None, None, None, None) for n, number in enumerate(numbers)]
    shared.load(readings, frame(readings, cells))
    back = found(shared, [(str(n), 1) for n in range(len(numbers))], readings["wind"])
    assert struct.pack(f"{len(back)}d", *back) == struct.pack(f"{len(numbers)}d", *numbers)


def test_a_load_replaces_all_rows_of_the_group_and_no_others(store: OnlineStore) -> None:
    store.load(stations, frame(stations, [("JFK", 4)]))
    assert store.load(readings, gusts([("JFK", 1, 1), ("LGA", 1, 1)])) == 2
    assert store.load(readings, gusts([("EWR", 1, 1)])) == 1
    assert found(store, [("JFK", 1), ("LGA", 1), ("EWR", 1)]) == [None, None, 0]
    assert found(store, [("JFK", 1)], stations["altitude"]) == [4]


def test_a_load_that_fails_leaves_the_rows_before_it(store: OnlineStore) -> None:
    store.load(readings, gusts([("JFK", 1, 1)]))
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        store.load(readings, gusts([("JFK", 2, 2)]).drop("note"))
    assert found(store, [("JFK", 1)]) == [0]


def test_a_load_may_hold_no_rows(store: OnlineStore) -> None:
    assert store.load(readings, gusts([])) == 0
    assert found(store, [("JFK", 1)]) == [None]


def test_a_group_that_was_never_loaded_says_what_to_do(store: OnlineStore) -> None:
    with pytest.raises(MissingPartitions, match="no rows of reading: materialize online/reading"):
        found(store, [("JFK", 1)])


def test_a_prediction_before_the_loaded_rows_is_refused_not_answered_with_nulls(store: OnlineStore) -> None:
    store.load(readings, gusts([("JFK", 3, 3)]), answers_from=hour(4))
    assert found(store, [("JFK", 4)]) == [0]
    with pytest.raises(ContractViolation, match=r"at: 2013-01-01 04:00:00\+00:00 or later, where reading is loaded"):
        found(store, [("JFK", 4), ("JFK", 3)])


def test_group_names_cannot_meet_the_stores_own_tables(store: OnlineStore) -> None:
    for name in ("responses", "loads", "sqlite_master", "key_of_reading", "feature_reading", "reading"):
        group = FeatureGroup(Station, keys="station", dimension=True, name=name)
        store.load(group, frame(group, [("JFK", len(name))]))
        store.log("model", 1, [{}], [0.5])
        assert found(store, [("JFK", 1)], group["altitude"]) == [len(name)]


def logged(store: OnlineStore) -> list[Row]:
    connection = sqlite3.connect(store.path)
    rows = connection.execute("SELECT answered_at, model, version, request, prediction FROM responses").fetchall()
    connection.close()
    return rows


def test_every_answered_row_is_logged(store: OnlineStore) -> None:
    store.log("late", 3, [{"origin": "JFK", "at": hour(1)}, {"origin": None, "at": hour(2)}], [0.1, -0.0])
    (now, *first), (also_now, *second) = logged(store)
    assert first[:2] == second[:2] == ["late", 3]
    assert json.loads(first[2]) == {"origin": "JFK", "at": "2013-01-01T01:00:00+00:00"}
    assert (first[3], str(second[3])) == (0.1, "-0.0")
    assert now == also_now
    assert abs(datetime.now(UTC) - datetime.fromisoformat(now)) < timedelta(minutes=1)


def test_threads_that_open_the_file_at_once_lose_no_answer(store: OnlineStore) -> None:
    def log_fifty(version: int) -> None:
        for _ in range(50):
            store.log("late", version, [{"a": 1}], [0.5])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(log_fifty, range(4)))
    assert sorted(version for _, _, version, _, _ in logged(store)) == sorted([0, 1, 2, 3] * 50)


def test_a_store_held_open_is_like_any_other(store: OnlineStore) -> None:
    with store.held_open():
        store.load(stations, frame(stations, [("JFK", 4)]))
        store.log("late", 1, [{}], [0.5])
        assert found(store, [("JFK", 1)], stations["altitude"]) == [4]
    assert len(logged(store)) == 1
