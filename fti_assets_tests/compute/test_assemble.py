from datetime import timedelta

import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from pandera.typing.pandas import DataFrame

from fti_assets.compute.assemble import assemble
from fti_assets.compute.frames import POLARS_TYPES
from fti_assets.spec.errors import ContractViolation
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.time import UTC, midnight


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
    return pl.DataFrame(rows, schema={n: POLARS_TYPES[k] for n, k in group.columns.items()}, orient="row")


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
