import pandas as pd
import pandera.pandas as pa
import pytest
from pandera.typing.pandas import DataFrame

from fti_assets.audit.findings import LOOK_ALIKE, TOO_LATE
from fti_assets.audit.labels import audit_labels
from fti_assets.audit.views import audit_view, origin_of
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets_tests import worlds
from fti_assets_tests.audit import planted_leaks as p

DAYS = Window.of_days("2024-01-20", "2024-01-22")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("planted"))
    for binding in (
        p.departures_with_outcome.computed(p.as_given, p.schedule_with_outcome),
        p.departures.computed(p.as_given, p.schedule),
        p.arrivals.computed(p.as_given, p.landings),
    ):
        materialize(binding, Window.of_days("2024-03-01", "2024-03-06"), home.features)
    return home


@pytest.mark.parametrize("column", ["status", "final_delay"])
def test_a_label_copied_into_a_feature_is_found_with_its_group(home: Home, column: str) -> None:
    (leak,) = audit_labels(p.model_of(p.departures_with_outcome, "carrier", column), p.WINDOW, home)
    assert (leak.severity, leak.where, leak.column) == ("leak", "model late", column)
    assert (leak.source, leak.advice) == ("feature group departures_with_outcome", LOOK_ALIKE)
    assert leak.rows == 120


def test_a_model_without_the_label_among_its_features_passes(home: Home, shop: Home) -> None:
    assert audit_labels(p.model_of(p.departures, "carrier"), p.WINDOW, home) == []
    assert audit_labels(worlds.returns, DAYS, shop) == []


def test_the_shops_view_passes(shop: Home) -> None:
    assert audit_view(worlds.returns.view, DAYS, shop, a_day=2) == []


class Share(pa.DataFrameModel):
    """How the order compares with others."""

    share: float


def share_of_batch(frame: pd.DataFrame) -> DataFrame[Share]:
    """Depends on the other rows of the batch."""
    return pd.DataFrame({"share": frame["quantity"] / frame["quantity"].sum()})


def test_an_on_demand_function_that_looks_at_later_rows_is_found_with_the_spine_that_it_looked_at(shop: Home) -> None:
    leaky = FeatureView(
        spine=worlds.orders,
        label=worlds.returns.view.label,
        features=[worlds.orders["quantity"], worlds.products["price"]],
        on_demand=[share_of_batch],
    )
    (leak,) = audit_view(leaky, DAYS, shop, a_day=2)
    assert (leak.where, leak.column) == ("view of order, on_demand share_of_batch", "share")
    assert leak.source == "feature group order"
    assert leak.key.startswith("order_id=2024-01-2")


def share_of_the_clock(frame: pd.DataFrame) -> DataFrame[Share]:
    """Depends on the time of day at which it is called."""
    return pd.DataFrame({"share": frame["quantity"] * float(pd.Timestamp.now("UTC").day_of_year)})


def test_an_on_demand_function_that_reads_the_clock_is_found(shop: Home) -> None:
    leaky = FeatureView(
        spine=worlds.orders,
        label=worlds.returns.view.label,
        features=[worlds.orders["quantity"]],
        on_demand=[share_of_the_clock],
    )
    (leak,) = audit_view(leaky, DAYS, shop, a_day=1)
    assert (leak.where, leak.column, leak.because) == (
        "view of order, on_demand share_of_the_clock",
        "share",
        "another clock",
    )


def test_a_feature_that_is_known_only_after_the_prediction_is_suspicious(home: Home) -> None:
    view = FeatureView(
        spine=p.departures, label=p.arrivals["is_late"].within(days=1), features=[p.arrivals["delay"].prefixed("last_")]
    )
    (late,) = audit_view(view, p.WINDOW, home, a_day=1)
    assert (late.severity, late.column, late.advice) == ("suspicion", "last_delay", TOO_LATE)
    assert late.because == "known too late in 100% of rows"
    by_tail = FeatureView(
        spine=p.departures, label=view.label, features=[p.arrivals["delay"].by("tail").prefixed("last_")]
    )
    assert audit_view(by_tail, p.WINDOW, home, a_day=1) == []


def test_a_column_comes_from_a_group_a_function_or_the_spine() -> None:
    view = worlds.returns.view
    names = {"quantity": "feature group order", "price": "feature group products", "amount": "on_demand amount"}
    assert {name: origin_of(view, name) for name in names} == names
