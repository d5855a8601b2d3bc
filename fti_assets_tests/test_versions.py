"""Two versions of a feature group side by side: two tables, one view, two models."""

import pandas as pd
import pytest
from attrs import evolve

from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.fingerprint import binding_version, view_version
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.views.reading import read_view
from fti_assets_tests.worlds import (
    BINDINGS,
    CATALOGUE,
    FIRST_DAY,
    catalogue_source,
    orders,
    outcomes,
    products,
    returns,
)

dearer = evolve(products, version=2)


def with_tax(rows: pd.DataFrame) -> pd.DataFrame:
    """Prices with a fifth added."""
    return rows.assign(price=rows["price"] * 1.2)


OF_TAX = dearer.computed(with_tax, catalogue_source)
BOTH = FeatureView(
    orders, outcomes["is_returned"].within(days=2), [products["price"], dearer["price"].prefixed("taxed_")]
)


@pytest.fixture
def both(own_shop: Home) -> Home:
    """The shop with a second version of its products."""
    materialize(OF_TAX, Window.of_days(FIRST_DAY, FIRST_DAY), own_shop.features)
    return own_shop


def test_both_are_kept_in_tables_of_their_own(both: Home) -> None:
    whole = Window.of_days(FIRST_DAY, FIRST_DAY)
    assert dearer.name == "products_v2"
    prices = {group.name: both.features.read(group, whole)["price"].to_list() for group in (products, dearer)}
    assert prices["products"] == CATALOGUE["price"].to_list()
    assert prices["products_v2"] == [price * 1.2 for price in prices["products"]]


def test_both_are_joined_in_one_view_under_prefixes(both: Home) -> None:
    rows = read_view(BOTH, Window.of_days("2024-01-05", "2024-01-06"), both.features)
    assert (rows["taxed_price"] == rows["price"] * 1.2).all()
    with pytest.raises(
        DeclarationError, match=r"column 'price' comes from products and from products_v2: use .prefixed"
    ):
        FeatureView(orders, outcomes["is_returned"].within(days=2), [products["price"], dearer["price"]])


def test_models_of_different_versions_learn_from_their_own(both: Home) -> None:
    second = evolve(returns, name="returns_taxed", view=evolve(returns.view, features=[orders["quantity"], dearer]))
    built = {m.name: build_dataset(m, midnight("2024-01-12"), midnight(FIRST_DAY), both) for m in (returns, second)}
    frames = {name: each.dataset.read() for name, each in built.items()}
    assert (frames["returns_taxed"]["price"] == frames["returns"]["price"] * 1.2).all()
    assert (
        frames["returns_taxed"]["amount"] == frames["returns_taxed"]["quantity"] * frames["returns_taxed"]["price"]
    ).all()
    assert "products_v2" in built["returns_taxed"].dataset.manifest["tables"]


def test_both_are_assets_with_versions_of_their_own() -> None:
    graph = feature_pipeline(*BINDINGS, OF_TAX, since="2024-01-01").resolve_asset_graph()
    names = {key.path[-1] for key in graph.executable_asset_keys}
    assert {"products", "products_v2"} <= names
    assert binding_version(OF_TAX) != binding_version(BINDINGS[2])
    assert view_version(BOTH) != view_version(evolve(BOTH, features=[products["price"]]))
