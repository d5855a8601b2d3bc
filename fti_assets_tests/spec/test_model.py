from datetime import timedelta
from typing import Any

import pytest

from fti_assets.spec.errors import DeclarationError
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.gates import BeatsBaseline, SliceFloor
from fti_assets.spec.model import Model
from fti_assets_tests.spec.shop import customers, orders, outcomes

VIEW = FeatureView(orders, outcomes["is_returned"].within(days=2), [orders["quantity"], customers])


def test_a_model_has_an_estimator_a_gate_and_a_holdout() -> None:
    model = Model("returns", VIEW)
    assert (model.gates, model.holdout_length, model.slices) == ((BeatsBaseline(),), timedelta(days=14), ())
    sliced = Model("returns", VIEW, gates=[SliceFloor("country"), SliceFloor("country", tolerance=0.2)])
    assert sliced.slices == ("country",)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"name": "Returns"}, "model name 'Returns'"),
        ({"view": orders}, "expected a FeatureView"),
        ({"estimator": "xgboost"}, r"expected an fti.XGBoost\(…\)"),
        ({"gates": []}, "at least one gate"),
        ({"gates": [BeatsBaseline]}, r"expected a value, such as fti.BeatsBaseline\(\)"),
        ({"gates": ["beats_baseline"]}, "expected a value"),
        ({"gates": [SliceFloor("quantity")]}, "no text feature 'quantity'; there are: country"),
        ({"holdout": "2w"}, "duration '2w'"),
    ],
)
def test_a_wrong_model_fails_where_it_is_written(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Model(**{"name": "returns", "view": VIEW, **declared})
