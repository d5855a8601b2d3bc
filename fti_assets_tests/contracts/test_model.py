from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.gates import BeatsBaseline, SliceFloor
from fti_assets.contracts.model import Model
from fti_assets_tests.contracts.shop import customers, orders, outcomes

LABELS = {"returned": outcomes["is_returned"].within(days=2), "refund": outcomes["refund"].within(days=3)}
VIEW = FeatureView(orders, outcomes["is_returned"].within(days=2), [orders["quantity"], customers])


def test_a_model_has_an_estimator_a_gate_and_a_holdout() -> None:
    model = Model("returns", VIEW)
    assert (model.gates, model.holdout, model.slices) == ((BeatsBaseline(),), timedelta(days=14), ())
    sliced = Model("returns", VIEW, gates=[SliceFloor("country"), SliceFloor("country", tolerance=0.2)])
    assert sliced.slices == ("country",)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"name": "Returns"}, "model name 'Returns'"),
        ({"view": orders}, "expected a FeatureView"),
        ({"estimator": "xgboost"}, r"expected one such as fti\.XGBoost\(rounds=100\)"),
        ({"gates": []}, "at least one gate"),
        ({"gates": [BeatsBaseline]}, r"expected a value, such as fti.BeatsBaseline\(\)"),
        ({"gates": ["beats_baseline"]}, "expected a value"),
        ({"gates": [SliceFloor("quantity")]}, "no text feature 'quantity'; there are: country"),
        ({"holdout": "2w"}, "duration '2w'"),
        ({"label": "late"}, "model returns: there is no label 'late'; there are: is_returned"),
    ],
)
def test_a_wrong_model_fails_where_it_is_written(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Model(**{"name": "returns", "view": VIEW, **declared})


def test_a_model_picks_one_of_the_views_labels_by_its_name() -> None:
    view = evolve(VIEW, label=LABELS)
    refund = Model("refund", view, label="refund")
    assert (refund.view.label.column, refund.view.label.horizon) == ("refund", timedelta(days=3))
    assert Model("returns", view, label="returned").view.label.is_binary
    assert evolve(refund, holdout="7d").view == refund.view
    assert Model("returns", VIEW, label="is_returned").view == Model("returns", VIEW).view == VIEW


def test_a_model_of_several_labels_says_which() -> None:
    view = evolve(VIEW, label=LABELS)
    with pytest.raises(
        DeclarationError, match="model returns: its view has several labels: expected label=, one of refund, ret"
    ):
        Model("returns", view)
    with pytest.raises(
        DeclarationError, match="model returns: there is no label 'is_returned'; there are: refund, returned"
    ):
        Model("returns", view, label="is_returned")
