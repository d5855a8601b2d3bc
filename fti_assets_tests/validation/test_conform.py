from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.schema import schema_of
from fti_assets.contracts.time import UTC, Window
from fti_assets.validation.conform import conform, conform_group, widened


class Reading(pa.DataFrameModel):
    """One of each kind."""

    sensor: str
    due_at: UTC
    read_at: UTC = pa.Field(nullable=True)
    level: float = pa.Field(nullable=True, ge=0)
    count: int
    spare: pd.Int64Dtype = pa.Field(nullable=True)
    is_dry: bool
    note: str = pa.Field(nullable=True)


readings = FeatureGroup(Reading, keys="sensor", event_time="due_at", known_at="read_at")
DAY = Window.of_days("2024-01-02", "2024-01-02")
TIMES = pd.Series(pd.to_datetime(["2024-01-02 00:00", "2024-01-02 23:59"], utc=True)).astype("datetime64[us, UTC]")
GOOD = pd.DataFrame(
    {
        "sensor": ["a", "b"],
        "due_at": TIMES,
        "read_at": TIMES,
        "level": [0.5, np.nan],
        "count": [1, 2],
        "spare": pd.array([1, None], dtype="Int64"),
        "is_dry": [True, False],
        "note": ["", None],
    }
)


def cases_of(frame: Any, window: Window | None = DAY) -> list[tuple[str, str, str]]:
    with pytest.raises(ContractViolation, match="feature group reading breaks its contract") as raised:
        conform_group(frame, readings, window)
    return [(case.column, case.check, case.rows) for case in raised.value.cases]


def test_a_good_batch_comes_back_in_the_contracts_order() -> None:
    found = conform_group(GOOD[GOOD.columns[::-1]], readings, DAY)
    pd.testing.assert_frame_equal(found, GOOD)


@pytest.mark.parametrize(
    "change",
    [
        {"count": np.array([1, 2], dtype="int32"), "level": np.array([0.5, np.nan], dtype="float32")},
        {"count": pd.array([1, 2], dtype="Int64"), "is_dry": pd.array([True, False], dtype="boolean")},
        {"due_at": TIMES.astype("datetime64[ms, UTC]"), "read_at": TIMES.astype("datetime64[s, UTC]")},
        {"spare": [1.0, np.nan], "sensor": pd.Series(["a", "b"], dtype=object)},
        {"sensor": pd.array(["a", "b"], dtype="string"), "note": pd.Series(["", None], dtype=object)},
    ],
)
def test_what_loses_nothing_is_widened(change: dict[str, Any]) -> None:
    pd.testing.assert_frame_equal(conform_group(GOOD.assign(**change), readings, DAY), GOOD)


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT])
def test_a_column_of_nulls_has_its_declared_type(nothing: object) -> None:
    gone = pd.Series([nothing, nothing], dtype=object)
    found = conform(GOOD.assign(level=gone, spare=gone, note=gone, read_at=gone), schema_of(Reading), "readings")
    assert found.dtypes.equals(GOOD.dtypes)


def test_an_empty_batch_has_the_declared_types_whatever_it_came_with() -> None:
    assert conform_group(GOOD.head(0).astype(object), readings, DAY).dtypes.equals(GOOD.dtypes)
    assert conform_group(pd.DataFrame(columns=GOOD.columns, dtype=float), readings, DAY).dtypes.equals(GOOD.dtypes)


def test_whole_numbers_stand_for_floats_but_floats_not_for_whole_numbers() -> None:
    assert conform(GOOD.assign(level=[1, 2]), schema_of(Reading), "readings")["level"].dtype == "float64"
    assert cases_of(GOOD.assign(level=[1, 2**53 + 1])) == [("level", "dtype('float64')", 1)]
    assert cases_of(GOOD.assign(count=[1.0, 2.0])) == [("count", "dtype('int64')", 1)]
    assert cases_of(GOOD.assign(spare=[1.5, np.nan])) == [("spare", "dtype('Int64')", 1)]


def test_every_failing_case_is_reported_and_not_only_the_first() -> None:
    broken = GOOD.drop(columns="note").assign(
        extra=1, more=2, level=[-1.0, np.inf], count=["1", "2"], sensor=["a", None]
    )
    assert set(cases_of(broken)) == {
        ("note", "is missing", 1),
        ("extra", "is not declared", 1),
        ("more", "is not declared", 1),
        ("level", "greater_than_or_equal_to(0)", 1),
        ("level", "is finite", 1),
        ("count", "dtype('int64')", 1),
        ("sensor", "not_nullable", 1),
    }


def test_what_is_no_frame_or_has_a_column_twice_is_refused() -> None:
    assert cases_of([GOOD]) == [("(frame)", "is a pandas DataFrame", 1)]
    assert cases_of(pd.concat([GOOD, GOOD[["note"]]], axis=1)) == [("note", "is there once", 2)]


def test_what_was_widened_is_said_with_both_types() -> None:
    given = GOOD.assign(
        count=np.array([1, 2], dtype="int32"), due_at=TIMES.dt.tz_convert("Europe/Berlin"), level=[1, 2]
    )
    assert widened(given, conform_group(given, readings, DAY)) == {
        "due_at": "datetime64[us, Europe/Berlin] to datetime64[us, UTC]",
        "level": "int64 to float64",
        "count": "int32 to int64",
    }
    assert widened(GOOD, conform_group(GOOD, readings, DAY)) == {}


def test_naive_times_are_refused() -> None:
    [case] = cases_of(GOOD.assign(due_at=TIMES.dt.tz_localize(None)))
    assert case[:2] == ("due_at", "dtype('datetime64[us, UTC]')")


def test_a_batch_has_no_row_twice_and_only_rows_that_became_known_in_its_window() -> None:
    twice = pd.concat([GOOD, GOOD.head(1)], ignore_index=True)
    assert cases_of(twice) == [("sensor, due_at, read_at", "no copy of a row", 1)]
    assert cases_of(twice.assign(count=[1, 2, 3])) == [("sensor, due_at, read_at", "no row twice", 2)]
    assert conform_group(twice.assign(read_at=TIMES[[0, 1, 1]].set_axis([0, 1, 2])), readings, DAY).shape == (3, 8)
    tomorrow = GOOD.assign(read_at=[DAY.start, DAY.end]).astype({"read_at": "datetime64[us, UTC]"})
    assert cases_of(tomorrow) == [("read_at", "known in 2024-01-02", 1)]
    assert len(conform_group(tomorrow, readings, None)) == 2
    assert cases_of(GOOD.assign(read_at=pd.NaT)) == [("read_at", "is a time, not null", 2)]
    early = GOOD.assign(due_at=TIMES + pd.Timedelta(days=1, microseconds=1))
    assert cases_of(early) == [("read_at", "known at most a day before the event", 2)]


def test_a_schema_that_coerces_gives_what_it_coerced_to() -> None:
    class Coerced(pa.DataFrameModel):
        n: int

        class Config:
            coerce = True

    assert conform(pd.DataFrame({"n": ["1", "2"]}), schema_of(Coerced), "n")["n"].to_list() == [1, 2]
