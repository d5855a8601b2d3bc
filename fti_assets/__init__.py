"""Features, datasets, models and predictions as Dagster assets.

The public names load what they need on first use: importing the package alone imports nothing heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fti_assets.assets.definitions import feature_pipeline, inference_pipeline, training_pipeline
    from fti_assets.contracts.estimator import XGBoost
    from fti_assets.contracts.feature_group import FeatureGroup
    from fti_assets.contracts.feature_view import FeatureView
    from fti_assets.contracts.gates import BeatsBaseline, BeatsChampion, MaxCalibrationGap, SliceFloor
    from fti_assets.contracts.model import Model
    from fti_assets.contracts.predictions import Predictions
    from fti_assets.contracts.retrain import Retrain
    from fti_assets.contracts.source import Source
    from fti_assets.contracts.time import UTC

_HOMES = {
    "UTC": "contracts.time",
    "Source": "contracts.source",
    "FeatureGroup": "contracts.feature_group",
    "FeatureView": "contracts.feature_view",
    "Model": "contracts.model",
    "XGBoost": "contracts.estimator",
    "BeatsBaseline": "contracts.gates",
    "BeatsChampion": "contracts.gates",
    "MaxCalibrationGap": "contracts.gates",
    "SliceFloor": "contracts.gates",
    "Retrain": "contracts.retrain",
    "Predictions": "contracts.predictions",
    "feature_pipeline": "assets.definitions",
    "training_pipeline": "assets.definitions",
    "inference_pipeline": "assets.definitions",
}

__all__ = [
    "UTC",
    "Source",
    "FeatureGroup",
    "FeatureView",
    "Model",
    "XGBoost",
    "BeatsBaseline",
    "BeatsChampion",
    "MaxCalibrationGap",
    "SliceFloor",
    "Retrain",
    "Predictions",
    "feature_pipeline",
    "training_pipeline",
    "inference_pipeline",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'fti_assets' has no attribute {name!r}; public names: {', '.join(__all__)}")
    return getattr(import_module(f"fti_assets.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
