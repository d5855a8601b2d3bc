from datetime import UTC as UTC_ZONE
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest
from attrs import evolve
from pandera.typing.pandas import DataFrame

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import UTC, Window
from fti_assets_tests.contracts.shop import Order, customers, doubled, history, orders, outcomes

LABEL = outcomes["is_returned"].within(days=2)


class Visit(pa.DataFrameModel):
    """A visit by customer number."""

    customer: int
    seen_at: UTC
    quantity: int


class Quantity(pa.DataFrameModel):
    """A name that the spine has."""

    quantity: int


class Labelled(Order):
    """A spine that has a label already."""

    label: int


visits = FeatureGroup(Visit, keys="customer", event_time="seen_at")
labelled = FeatureGroup(Labelled, keys="order_id", event_time="placed_at")


def overwriting(frame: pd.DataFrame) -> DataFrame[Quantity]:
    """One more."""
    return frame[["quantity"]] + 1


def test_features_come_in_the_order_they_are_written_and_times_are_none() -> None:
    features = [orders["quantity", "placed_at"], customers, history.select().lookback("12h")]
    view = FeatureView(orders, LABEL, features, on_demand=[doubled])
    assert list(view.columns) == ["quantity", "country", "refund_count_7d", "refund_mean_7d", "doubled"]
    assert [s.group for s in view.joined] == [customers, history]
    assert view.groups == (orders, customers, history)
    assert (view.predicted_at, view.halo) == ("placed_at", timedelta(hours=12))
    assert FeatureView(orders, LABEL, [orders["quantity"]]).halo == timedelta(0)


@pytest.mark.parametrize(
    ("spine", "features", "message"),
    [
        (customers, [], "spine customers is a dimension"),
        (labelled, [], "column 'label' comes from the dataset and from spine labelled"),
        (orders, ["quantity"], "feature 'quantity': expected a feature group or a selection"),
        (orders, [history, history], "column 'refund_count_7d' comes from history and from history: use .prefixed"),
        (orders, [orders["quantity"], orders["quantity"]], "column 'quantity' comes from spine order and from order"),
        (orders, [outcomes["customer"]], "column 'customer' comes from spine order and from outcome"),
        (orders, [history.select().joined_on(customer="payer")], "there is no column 'payer'; .* .joined_on"),
        (
            orders,
            [history.select().at("delivery_day")],
            r"history.at\('delivery_day'\): spine order: there is no time column 'delivery_day'; there are: placed_at",
        ),
        (orders, [history.select().at("quantity")], "there is no time column 'quantity'; there are: placed_at"),
        (
            evolve(outcomes, ahead="3d"),
            [],
            "spine outcome declares ahead=: a spine's rows are predicted at due_at, when they are known",
        ),
        (orders, [visits.select().prefixed("seen_")], "visit.customer is integer, but spine column customer is text"),
    ],
)
def test_a_view_that_cannot_be_read_is_refused(spine: FeatureGroup, features: list[object], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        FeatureView(spine, LABEL, features)  # type: ignore[arg-type]


def test_an_on_demand_feature_does_not_replace_a_column_of_the_spine() -> None:
    with pytest.raises(DeclarationError, match="column 'quantity' comes from spine order and from overwriting"):
        FeatureView(orders, LABEL, [], on_demand=[overwriting])


def test_a_label_without_its_horizon_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"within\(days=2\)"):
        FeatureView(orders, outcomes["is_returned"], [])  # type: ignore[arg-type]


def test_the_spine_has_the_labels_keys() -> None:
    with pytest.raises(DeclarationError, match="spine visit: there is no column 'order_id'"):
        FeatureView(visits, LABEL, [])


JOINED = [orders["quantity", "is_gift"], customers, history.select().prefixed("own_")]


def view(**declared: Any) -> FeatureView:
    return FeatureView(**{"spine": orders, "label": LABEL, "features": JOINED, "on_demand": [doubled], **declared})


@pytest.mark.parametrize(
    "where",
    [
        "quantity > 1",
        "customer <> 'ada' and not is_gift",
        "country = 'at'",
        "own_refund_mean_7d is null or quantity > 1",
    ],
)
def test_a_condition_reads_the_spine_and_the_joined_columns_by_the_views_names(where: str) -> None:
    assert view(where=where).where == where


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("quantity >", "view of order: where='quantity >': it cannot be read"),
        ("refund_mean_7d > 1", "there is no column 'refund_mean_7d'; there are: country, customer, doubled, is_gift"),
        ("doubled > 2", "doubled is computed by doubled, for the rows that were chosen before; a condition may read"),
        ("quantity + 1", "expected true or false"),
        ("quantity > avg(quantity)", "it looks at other rows"),
        (7, "expected an SQL condition"),
    ],
)
def test_a_condition_that_no_row_can_be_asked_is_refused(where: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        view(where=where)


@pytest.mark.parametrize(
    "given",
    ["2024-01-02", date(2024, 1, 2), "2024-01-02T01:00+01:00", datetime(2024, 1, 2, tzinfo=UTC_ZONE)],
)
def test_an_event_time_cutoff_is_a_utc_day_or_an_instant(given: Any) -> None:
    assert view(since=given).since == datetime(2024, 1, 2, tzinfo=UTC_ZONE)
    assert view(until=given).until == datetime(2024, 1, 2, tzinfo=UTC_ZONE)
    assert view(until=given).since is None


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        (
            {"since": "2024-13-01"},
            "since='2024-13-01': expected a day, such as '2013-02-01', or an instant with its zone",
        ),
        ({"since": datetime(2024, 1, 2)}, "expected a day, such as"),
        ({"until": "2024-01-02T00:00"}, "until='2024-01-02T00:00': expected a day"),
        ({"until": 20240102}, "until=20240102: expected a day"),
        ({"since": "2024-01-02", "until": "2024-01-02"}, "view of order: until=2024-01-02 .* expected it after since="),
    ],
)
def test_an_event_time_cutoff_that_bounds_nothing_is_refused(bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        view(**bounds)


def test_the_part_of_a_window_that_a_view_has_is_half_open() -> None:
    bounded = view(since="2024-01-03", until="2024-01-05")
    assert bounded.part_of(Window.of_days("2024-01-01", "2024-01-31")) == Window.of_days("2024-01-03", "2024-01-04")
    assert bounded.part_of(Window.of_days("2024-01-04", "2024-01-09")) == Window.of_days("2024-01-04", "2024-01-04")
    assert bounded.part_of(Window.of_days("2024-01-01", "2024-01-02")) is None
    assert bounded.part_of(Window.of_days("2024-01-05", "2024-01-06")) is None
    assert view().part_of(Window.of_days("2024-01-05", "2024-01-06")) == Window.of_days("2024-01-05", "2024-01-06")


REFUND = outcomes["refund"].within(hours=30)


def test_several_labels_of_one_spine_have_names_and_horizons_of_their_own() -> None:
    several = view(label={"returned": LABEL, "refund": REFUND})
    horizons = {name: label.horizon for name, label in several.labels.items()}
    assert horizons == {"returned": timedelta(days=2), "refund": timedelta(hours=30)}
    chosen = several.learning("returned")
    assert (chosen.label.column, chosen.label.name, list(chosen.labels)) == ("is_returned", "returned", ["returned"])
    assert chosen.columns == several.columns
    assert view().labels == {"is_returned": LABEL} == view(label={"is_returned": LABEL}).labels


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({}, "expected at least one"),
        ({"Returned": LABEL}, "label name 'Returned': expected lower-case"),
        ({"returned": outcomes["is_returned"]}, r"within\(days=2\)"),
    ],
)
def test_labels_that_cannot_be_told_apart_are_refused(label: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        view(label=label)


def test_a_label_that_does_not_exist_is_named_beside_those_that_do() -> None:
    with pytest.raises(DeclarationError, match="view of order: there is no label 'late'; there are: refund, returned"):
        view(label={"returned": LABEL, "refund": REFUND}).learning("late")


@pytest.mark.parametrize(
    "selection",
    [
        orders["quantity"].by("customer"),
        orders["quantity"].lookback(days=1),
        orders["quantity"].at("placed_at"),
        orders["quantity"].joined_on(order_id="customer"),
    ],
)
def test_earlier_rows_of_the_spine_itself_are_refused_not_ignored(selection: object) -> None:
    with pytest.raises(DeclarationError, match=r"feature of spine order: .* bind earlier rows to a feature group"):
        view(features=[selection])


def test_one_group_is_joined_twice_under_renamed_keys_and_a_prefix() -> None:
    features = [history, history.select().joined_on(customer="order_id").prefixed("of_order_")]
    found = view(features=features)
    assert [s.spine_keys for s in found.joined] == [{"customer": "customer"}, {"customer": "order_id"}]
    assert {"refund_mean_7d", "of_order_refund_mean_7d"} <= set(found.columns)
    assert found.groups == (orders, history)


def test_the_declaration_tells_all_views_apart_that_differ_in_their_rows() -> None:
    base = view()
    others = [
        view(where="quantity > 1"),
        view(since="2024-01-01"),
        view(until="2024-01-01"),
        view(label=REFUND),
        view(label=evolve(LABEL, horizon=timedelta(days=3))),
        view(features=[*JOINED[:2], history.select().prefixed("own_").lookback("1d")]),
        view(features=[*JOINED[:2], history.select().prefixed("own_").hidden()]),
        view(features=[*JOINED[:2], history.select().prefixed("own_").at("placed_at")]),
        view(on_demand=[]),
    ]
    declared = [repr(each.declaration) for each in (base, *others)]
    assert len(set(declared)) == len(declared)
    assert repr(view(label={"renamed": LABEL}).declaration) == repr(base.declaration)
    assert " at 0x" not in declared[0]


def test_one_group_is_wanted_at_several_moments_under_prefixes() -> None:
    ahead = evolve(outcomes, ahead="14d", lookback="3d")
    features = [ahead["refund"].at("placed_at"), ahead["refund"].prefixed("present_"), customers]
    declared = view(features=features, on_demand=[])
    assert (declared.moments, declared.halo) == (("placed_at",), timedelta(days=17))
    with pytest.raises(DeclarationError, match=r"column 'refund' comes from outcome and from outcome: use .prefixed"):
        view(features=[ahead["refund"].at("placed_at"), ahead["refund"]], on_demand=[])
