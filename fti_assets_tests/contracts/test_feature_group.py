from datetime import timedelta

import pandera.pandas as pa
import pytest
from attrs import evolve

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.time import DAILY, HOURLY, UTC, WEEKLY
from fti_assets_tests.contracts.shop import Customer, Order, Outcome, orders, outcomes


class Hidden(pa.DataFrameModel):
    key: str
    at: UTC
    fti_month: str


class Scheduled(pa.DataFrameModel):
    key: str
    ds: UTC
    hour: int


def test_a_group_has_daily_partitions_unless_it_says_otherwise() -> None:
    assert orders.period == DAILY
    assert evolve(orders, partitions="hourly").period == HOURLY
    assert evolve(orders, partitions="weekly").period == WEEKLY


def test_a_column_may_be_called_as_what_partitions_are_elsewhere() -> None:
    hourly = FeatureGroup(Scheduled, keys="key", event_time="ds", partitions="hourly")
    assert list(hourly.columns) == [
        "key",
        "ds",
        "hour",
    ]


def test_what_is_left_out_follows_from_the_rest() -> None:
    assert (orders.name, orders.keys, orders.known_at) == ("order", ("order_id",), "placed_at")
    assert (orders.lookback, orders.description) == (timedelta(days=1), "An order, as placed.")
    assert outcomes.times == ("due_at", "settled_at")
    assert outcomes.values == ("customer", "is_returned", "refund", "note")


def test_equal_declarations_are_equal_and_can_be_counted() -> None:
    assert {orders, FeatureGroup(Order, keys=["order_id"], event_time="placed_at")} == {orders}


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"schema": Order, "keys": "id", "event_time": "placed_at"},
            "no column 'id'; there are: customer, is_gift, order_id",
        ),
        ({"schema": Order, "keys": (), "event_time": "placed_at"}, "at least one key"),
        ({"schema": Order, "keys": "order_id"}, "event_time=, or dimension=True"),
        ({"schema": Order, "keys": "order_id", "event_time": "at"}, "no column 'at'"),
        ({"schema": Order, "keys": "order_id", "event_time": "quantity"}, "quantity is integer: expected fti.UTC"),
        (
            {"schema": Outcome, "keys": "order_id", "event_time": "due_at", "known_at": "note"},
            "note is text",
        ),
        ({"schema": Order, "keys": ("customer", "placed_at"), "event_time": "placed_at"}, "is a time and a key"),
        (
            {"schema": Order, "keys": "order_id", "event_time": "placed_at", "name": "My Orders"},
            "feature group name 'My Orders'",
        ),
        ({"schema": Order, "keys": "order_id", "event_time": "placed_at", "lookback": "a day"}, "duration 'a day'"),
        ({"schema": Order, "keys": "order_id", "event_time": "placed_at", "dimension": True}, "read whole"),
        (
            {"schema": Hidden, "keys": "key", "event_time": "at"},
            "column 'fti_month': begins with fti_, as the tables' own do: rename it",
        ),
        (
            {"schema": Order, "keys": "order_id", "event_time": "placed_at", "partitions": "monthly"},
            "partitions='monthly': expected one of hourly, daily, weekly",
        ),
        (
            {"schema": Customer, "keys": "customer", "dimension": True, "partitions": "weekly"},
            "dimension customer has no weekly partitions: it is read whole",
        ),
        (
            {"schema": Outcome, "keys": "order_id", "event_time": "due_at", "ahead": "14d"},
            "ahead='14d', but its rows are known at their event, due_at: expected known_at=",
        ),
        (
            {"schema": Outcome, "keys": "order_id", "event_time": "due_at", "known_at": "settled_at", "ahead": "0d"},
            "feature group outcome: ahead: duration .* is bounded, as the look-back is",
        ),
        (
            {"schema": Customer, "keys": "customer", "dimension": True, "ahead": "2d"},
            "dimension customer takes no ahead=: it is read whole and always known",
        ),
        ({"schema": dict, "keys": "key", "event_time": "at"}, "DataFrameModel"),
    ],
)
def test_a_wrong_declaration_fails_where_it_is_written(declared: dict[str, object], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        FeatureGroup(**declared)  # type: ignore[arg-type]


def test_a_dimension_needs_no_times() -> None:
    dimension = FeatureGroup(Customer, keys="customer", dimension=True)
    assert (dimension.times, dimension.known_at, dimension.values) == ((), "", ("country",))


def test_columns_are_selected_by_name() -> None:
    assert orders["quantity"].columns == ("quantity",)
    assert orders["quantity", "is_gift"].columns == ("quantity", "is_gift")
    assert orders.select().columns == orders.values


def test_how_long_before_its_event_a_row_may_be_known_is_declared_or_a_day() -> None:
    declared = {"keys": "order_id", "event_time": "due_at", "known_at": "settled_at"}
    assert FeatureGroup(Outcome, **declared, ahead="14d").foreknowledge == timedelta(days=14)
    assert FeatureGroup(Outcome, **declared).foreknowledge == timedelta(days=1)
    assert orders.foreknowledge == timedelta(0)
