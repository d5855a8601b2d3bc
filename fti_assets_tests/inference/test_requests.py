from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from attrs import evolve

from fti_assets.contracts.errors import ContractViolation, FailingCase
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import UTC as UTC_TIME
from fti_assets.inference.requests import refuse_others, request_fields, request_frame
from fti_assets_tests import worlds

VIEW = worlds.returns.view
ORDER = {
    "order_id": "7",
    "customer": "ada",
    "product": "boots",
    "placed_at": "2024-02-14T09:00:00Z",
    "quantity": 2,
    "is_gift": False,
}


def cases(*requests: Any, view: FeatureView = VIEW) -> dict[str, tuple[str, str, str]]:
    """The (check, value, rows) of each refused column."""
    with pytest.raises(ContractViolation) as caught:
        request_frame(view, requests)
    assert caught.value.what == "request"
    return {case.column: (case.check, case.value, case.rows) for case in caught.value.cases}


def test_a_request_is_a_row_of_the_spine() -> None:
    frame = request_frame(VIEW, [ORDER])
    assert frame.row(0, named=True) == {**ORDER, "placed_at": worlds.at(date(2024, 2, 14), 9)}
    assert frame.columns == list(worlds.orders.columns)
    assert frame.schema["placed_at"] == pl.Datetime("us", "UTC")


def test_times_of_any_zone_are_the_same_instants_in_utc() -> None:
    given = ["2024-02-14T10:00:00+01:00", "2024-02-14T09:00:00.000001Z", worlds.at(date(2024, 2, 14), 9)]
    nine = worlds.at(date(2024, 2, 14), 9)
    found = request_frame(VIEW, [{**ORDER, "placed_at": moment} for moment in given])["placed_at"].to_list()
    assert found == [nine, nine + timedelta(microseconds=1), nine]


def test_nanoseconds_are_refused_and_not_cut_off() -> None:
    cut = {**ORDER, "placed_at": "2024-02-14T09:00:00.0000001Z"}
    assert set(cases(cut)) == {"placed_at"}
    whole = request_frame(VIEW, [{**cut, "placed_at": "2024-02-14T09:00:00.000001000Z"}])["placed_at"][0]
    assert whole == worlds.at(date(2024, 2, 14), 9) + timedelta(microseconds=1)


@pytest.mark.parametrize("moment", [{}, {"placed_at": None}])
def test_a_prediction_time_that_is_left_out_is_now(moment: dict[str, None]) -> None:
    request = {name: value for name, value in ORDER.items() if name != "placed_at"} | moment
    (found,) = request_frame(VIEW, [request])["placed_at"]
    assert abs(datetime.now(UTC) - found) < timedelta(minutes=1)


def test_a_field_that_does_not_exist_is_named_beside_those_that_do() -> None:
    check, value, rows = cases(ORDER, {**ORDER, "colour": "red"})["colour"]
    assert check == (
        "there is no request field 'colour'; there are: customer, is_gift, order_id, placed_at, product, quantity"
    )
    assert (value, rows) == ("red", 1)


def test_every_wrong_field_is_named_at_once_with_the_rows_it_is_wrong_in() -> None:
    wrong = {"order_id": 7, "customer": None, "placed_at": "9 o'clock", "quantity": 2.5, "is_gift": 1}
    assert cases({**ORDER, **wrong}, ORDER, {**ORDER, "quantity": True}) == {
        "order_id": ("expected text", "7", 1),
        "customer": ("is required: text", "null", 1),
        "placed_at": ("expected an ISO time with its zone, such as 2013-12-31T21:00:00Z", "9 o'clock", 1),
        "quantity": ("expected a whole number", "2.5", 2),
        "is_gift": ("expected true or false", "1", 1),
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("placed_at", "2024-02-14T09:00:00"),
        ("placed_at", "0001-01-01T00:00:00+01:00"),
        ("placed_at", 1707901200),
        ("quantity", 2**63),
        ("quantity", "2"),
        ("customer", "\ud800"),
        ("customer", {"name": "ada"}),
    ],
)
def test_a_value_of_another_kind_is_refused(field: str, value: Any) -> None:
    assert list(cases({**ORDER, field: value})) == [field]


def test_the_checks_of_the_schema_hold_for_requests() -> None:
    assert cases(ORDER, {**ORDER, "quantity": 0}) == {"quantity": ("greater_than_or_equal_to(1)", "0", 1)}


def test_no_request_at_all_is_refused() -> None:
    assert cases() == {"rows": ("at least one row", "", 0)}


def test_what_is_shown_of_a_refused_request_can_be_sent_back() -> None:
    found = cases({**ORDER, "\ud800": "\udfff", "customer": "x" * 1000 + "\ud800"})
    assert found["\\ud800"][1] == "\\udfff"
    assert len(found["customer"][1]) == 80


class Trip(pa.DataFrameModel):
    """A trip; what may be unknown about it is nullable."""

    trip: str
    leaves_at: UTC_TIME
    distance: float = pa.Field(nullable=True, description="miles")
    stops: pd.Int64Dtype = pa.Field(nullable=True)
    is_direct: pd.BooleanDtype = pa.Field(nullable=True)
    note: str = pa.Field(nullable=True)


trips = FeatureGroup(Trip, keys="trip", event_time="leaves_at")
TRIP_VIEW = FeatureView(
    spine=trips,
    label=FeatureGroup(Trip, keys="trip", event_time="leaves_at", name="arrival")["is_direct"].within(days=1),
    features=[],
)
TRIP = {"trip": "a", "leaves_at": "2024-02-14T09:00:00Z"}


def test_nullable_fields_may_be_left_out_and_keep_their_types() -> None:
    full = {**TRIP, "distance": 3, "stops": 1, "is_direct": True, "note": "x"}
    alone, together = request_frame(TRIP_VIEW, [TRIP]), request_frame(TRIP_VIEW, [TRIP, full])
    assert alone.schema == together.schema
    assert alone["distance", "stops", "is_direct", "note"].row(0) == (None, None, None, None)
    assert together["distance", "stops", "is_direct", "note"].row(1) == (3.0, 1, True, "x")


def test_not_a_number_is_null() -> None:
    assert request_frame(TRIP_VIEW, [{**TRIP, "distance": float("nan")}])["distance"].to_list() == [None]


def test_the_fields_of_a_request_are_described() -> None:
    described = {f.name: (f.kind, f.required, f.description) for f in request_fields(TRIP_VIEW)}
    assert described["trip"] == ("text", True, "")
    assert described["leaves_at"] == ("time", False, "when it is predicted, by default now")
    assert described["distance"] == ("number", False, "miles")
    assert {f.name for f in request_fields(VIEW) if f.required} == set(worlds.orders.columns) - {"placed_at"}


LOOKED_UP = pl.DataFrame({"price": [80.0], "category": ["shoes"], "is_returned_count_7d": [3]}).with_columns(
    pl.lit(None, pl.Float64).alias("is_returned_mean_7d")
)


def looked_up(*requests: dict[str, Any]) -> pl.DataFrame:
    rows = request_frame(VIEW, requests)
    return pl.concat([rows, pl.concat([LOOKED_UP] * len(rows))], how="horizontal")


def refused(view: FeatureView, *requests: dict[str, Any]) -> list[dict[str, str]]:
    with pytest.raises(ContractViolation) as caught:
        refuse_others(view, looked_up(*requests))
    assert caught.value.what == "request"
    return caught.value.cases


def test_a_request_that_does_not_meet_the_condition_is_refused_with_its_values() -> None:
    view = evolve(VIEW, where="price > 100 or quantity = 1")
    refuse_others(view, looked_up({**ORDER, "quantity": 1}))
    assert refused(view, ORDER, {**ORDER, "quantity": 1}, {**ORDER, "quantity": 3}) == [
        FailingCase(
            "price, quantity", "the model predicts rows where price > 100 or quantity = 1", "price=80.0, quantity=2", 2
        )
    ]


def test_a_request_for_which_the_condition_is_null_is_refused() -> None:
    (case,) = refused(evolve(VIEW, where="is_returned_mean_7d < 0.5"), ORDER)
    assert case.value == "is_returned_mean_7d=None"


def test_a_condition_over_a_renamed_request_field_names_it_as_it_does() -> None:
    view = evolve(
        VIEW, features=[worlds.orders["product"].prefixed("of_")], on_demand=(), where="of_product <> 'boots'"
    )
    (case,) = refused(view, ORDER)
    assert (case.column, case.value) == ("of_product", "of_product=boots")


def test_a_request_outside_of_the_views_cutoffs_is_refused() -> None:
    view = evolve(VIEW, since="2024-02-01", until="2024-02-14")
    refuse_others(view, looked_up({**ORDER, "placed_at": "2024-02-13T23:59:59Z"}))
    (case,) = refused(view, ORDER)
    assert case.check == "rows are predicted from 2024-02-01 00:00:00+00:00 until 2024-02-14 00:00:00+00:00"
    assert (case.column, case.value) == ("placed_at", "2024-02-14 09:00:00+00:00")
