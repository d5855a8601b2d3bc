import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.model import Model
from fti_assets.contracts.predictions import Predictions
from fti_assets_tests.contracts.test_model import VIEW


def test_predictions_are_a_models() -> None:
    assert Predictions(Model("returns", VIEW)).drift_days == 7
    with pytest.raises(DeclarationError, match="expected a Model"):
        Predictions(VIEW)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="drift_days=0: expected at least 1"):
        Predictions(Model("returns", VIEW), drift_days=0)
