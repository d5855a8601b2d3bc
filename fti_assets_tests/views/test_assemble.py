from datetime import timedelta

import duckdb
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing.pandas import DataFrame

from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.selection import Selection
from fti_assets.contracts.time import UTC, midnight
from fti_assets.views import assemble as assemble_module
from fti_assets.views.assemble import assemble, conditions, join, meets


class Trip(pa.DataFrameModel):
    """A trip between two towns."""

    trip: str
    start_town: str
    end_town: str = pa.Field(nullable=True)
    at: UTC
    riders: pd.Int64Dtype = pa.Field(nullable=True)
    is_paid: bool


class Rain(pa.DataFrameModel):
    """How much it rained in a town."""

    town: str
    at: UTC
    rain: int


class Town(pa.DataFrameModel):
    """A town."""

    town: str
    height: int


class Wet(pa.DataFrameModel):
    """Rain per rider."""

    wet: float = pa.Field(nullable=True)


def wet(frame: pd.DataFrame) -> DataFrame[Wet]:
    """Rain at the start for each rider."""
    return pd.DataFrame({"wet": frame["rain"] / frame["riders"]})


trips = FeatureGroup(Trip, keys="trip", event_time="at")
rains = FeatureGroup(Rain, keys="town", event_time="at", lookback="2h")
towns = FeatureGroup(Town, keys="town", dimension=True)
FEATURES = [
    trips["is_paid"].prefixed("was_"),
    trips["riders"],
    rains["rain"].joined_on(town="start_town"),
    rains["rain"].joined_on(town="end_town").prefixed("end_"),
    towns["height"].joined_on(town="end_town"),
]
VIEW = FeatureView(trips, trips["is_paid"].within(days=1), FEATURES, on_demand=[wet])
NOON = midnight("2024-01-01") + timedelta(hours=12)


def table(group: FeatureGroup, *rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={n: k.polars for n, k in group.columns.items()}, orient="row")


SPINE = table(
    trips,
    ("t3", "ulm", "bonn", NOON, 2, True),
    ("t1", "ulm", None, NOON - timedelta(hours=3), None, False),
    ("t2", "rome", "ulm", NOON + timedelta(minutes=30), 4, True),
)
GROUPS = {
    "rain": table(rains, ("ulm", NOON - timedelta(hours=1), 8), ("bonn", NOON - timedelta(hours=3), 5)),
    "town": table(towns, ("bonn", 60), ("ulm", 478)),
}


def test_each_row_gets_what_was_known_of_its_own_keys_in_the_spines_order() -> None:
    found = assemble(VIEW, SPINE, GROUPS)
    assert list(found.columns) == [*trips.columns, "rain", "end_rain", "height", "was_is_paid", "wet"]
    # bonn's rain is three hours old at noon; rome has none, and no town's is known to be missing
    features = found[["trip", "rain", "end_rain", "height", "was_is_paid", "wet"]].astype(object)
    assert features.where(features.notna(), None).to_numpy().tolist() == [
        ["t3", 8.0, None, 60.0, True, 4.0],
        ["t1", None, None, None, False, None],
        ["t2", None, 8.0, 478.0, True, None],
    ]


def test_a_row_alone_is_the_row_in_the_batch() -> None:
    batch = assemble(VIEW, SPINE, GROUPS)
    alone = [assemble(VIEW, SPINE.slice(n, 1), GROUPS) for n in range(3)]
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), batch, check_exact=True)


def test_origin_and_destination_weather_come_from_one_group_by_renamed_keys_and_a_prefix() -> None:
    weather = [rains["rain"].joined_on(town=f"{end}_town").prefixed(f"{end}_") for end in ("start", "end")]
    found = assemble(evolve(VIEW, features=weather, on_demand=()), SPINE, GROUPS)
    rain = found.set_index("trip")[["start_rain", "end_rain"]].astype(object)
    assert rain.where(rain.notna(), None).T.to_dict("list") == {"t3": [8.0, None], "t1": [None] * 2, "t2": [None, 8.0]}


def test_no_rows_give_no_rows_of_the_same_types() -> None:
    nothing = assemble(VIEW, SPINE.head(0), {name: rows.head(0) for name, rows in GROUPS.items()})
    assert nothing.dtypes.equals(assemble(VIEW, SPINE, GROUPS).dtypes)


def nameless(frame: pd.DataFrame) -> DataFrame[Wet]:
    return frame[["rain"]]


def reordered(frame: pd.DataFrame) -> DataFrame[Wet]:
    return wet(frame).iloc[::-1]


def shortened(frame: pd.DataFrame) -> DataFrame[Wet]:
    return wet(frame).head(1)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (nameless, "on_demand nameless .*rain: is not declared.*wet: is missing"),
        (reordered, r"on_demand reordered .*index.* in another order"),
        (shortened, r"on_demand shortened .*1 rows for 3"),
    ],
)
def test_an_on_demand_function_that_breaks_its_word_is_named(function: object, message: str) -> None:
    view = FeatureView(trips, trips["is_paid"].within(days=1), FEATURES, on_demand=[function])  # type: ignore[list-item]
    with pytest.raises(ContractViolation, match=message):
        assemble(view, SPINE, GROUPS)


def mutating(frame: pd.DataFrame) -> DataFrame[Wet]:
    computed = wet(frame)
    frame["rain"] = 0.0
    return computed


def test_an_on_demand_function_cannot_change_other_columns() -> None:
    view = FeatureView(trips, trips["is_paid"].within(days=1), FEATURES, on_demand=[mutating])
    pd.testing.assert_frame_equal(assemble(view, SPINE, GROUPS), assemble(VIEW, SPINE, GROUPS))


CONDITIONS = {
    "start_town = 'ulm'": ["t3", "t1"],
    "riders > 2": ["t2"],  # unknown riders do not count
    "riders is null": ["t1"],
    "end_rain > 1": ["t2"],
    "height < 100 and is_paid": ["t3"],
    "was_is_paid and start_town <> 'rome'": ["t3"],
    "end_rain is null and rain is null or height > 400": ["t1", "t2"],
    "riders > 100": [],
}


@pytest.mark.parametrize(("where", "trips_left"), CONDITIONS.items())
def test_only_the_rows_that_meet_the_condition_are_the_views(where: str, trips_left: list[str]) -> None:
    view = evolve(VIEW, where=where)
    found, all_rows = assemble(view, SPINE, GROUPS), assemble(VIEW, SPINE, GROUPS)
    assert found["trip"].tolist() == trips_left
    kept = all_rows[all_rows["trip"].isin(trips_left)].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, kept, check_exact=True)


@pytest.mark.parametrize("where", CONDITIONS)
def test_a_request_meets_the_condition_when_the_row_is_left_in_a_batch(where: str) -> None:
    view = evolve(VIEW, where=where, since=NOON - timedelta(hours=1), until=NOON + timedelta(minutes=30))
    left = join(view, SPINE, GROUPS)["trip"].to_list()
    looked_up = join(VIEW, SPINE, GROUPS)
    assert SPINE.filter(meets(view, looked_up))["trip"].to_list() == left
    assert [meets(view, looked_up[n]).item() for n in range(3)] == [trip in left for trip in SPINE["trip"]]
    assert meets(view, looked_up.head(0)).to_list() == []


def test_rows_are_predicted_from_since_and_before_until() -> None:
    bounded = evolve(VIEW, since=NOON, until=NOON + timedelta(minutes=30))
    assert assemble(bounded, SPINE, GROUPS)["trip"].tolist() == ["t3"]
    assert assemble(evolve(VIEW, since=NOON), SPINE, GROUPS)["trip"].tolist() == ["t3", "t2"]
    assert assemble(evolve(VIEW, until=NOON), SPINE, GROUPS)["trip"].tolist() == ["t1"]


@pytest.mark.parametrize(
    ("where", "early", "late"),
    [
        ("riders > 2 and is_paid", 2, 0),
        ("riders > 2 and is_paid and rain > 1", 2, 1),
        ("riders > 2 or rain > 1", 0, 1),
        ("(riders > 2 or is_paid) and not is_paid and (rain > 1 and start_town = 'ulm')", 3, 1),
        ("riders between 1 and 3", 1, 0),
        ("was_is_paid", 0, 1),
        ("", 0, 0),
    ],
)
def test_what_reads_the_spine_alone_filters_before_anything_is_joined(where: str, early: int, late: int) -> None:
    view = evolve(VIEW, where=where)
    assert tuple(map(len, conditions(view))) == (early, late)


def test_rows_that_a_condition_over_the_spine_leaves_out_are_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    plain = assemble_module.look_up

    def counting(view: FeatureView, selection: Selection, spine: pl.DataFrame, *rest: object) -> pl.DataFrame:
        asked.append(len(spine))
        return plain(view, selection, spine, *rest)

    monkeypatch.setattr(assemble_module, "look_up", counting)
    join(evolve(VIEW, where="start_town = 'rome' and (rain is null or rain > 1)"), SPINE, GROUPS)
    assert asked == [1] * len(VIEW.joined)


atoms = st.sampled_from(["riders > 2", "is_paid", "rain > 4", "start_town = 'ulm'", "height is null", "end_rain < 8"])
wheres = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(wheres)
def test_a_condition_leaves_the_rows_that_duckdb_finds_for_it(where: str) -> None:
    rows = join(VIEW, SPINE, GROUPS).drop("at").to_arrow()
    expected = duckdb.sql(f"select trip from rows where {where}").fetchall()
    assert sorted(join(evolve(VIEW, where=where), SPINE, GROUPS)["trip"]) == sorted(t for (t,) in expected)
    assert rows.num_rows == 3
