"""Features, datasets, models and predictions as Dagster assets.

The public names load what they need on first use: importing the package alone imports nothing heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fti_assets.orchestration.definitions import feature_pipeline, inference_pipeline, training_pipeline
    from fti_assets.spec.estimator import XGBoost
    from fti_assets.spec.feature_group import FeatureGroup
    from fti_assets.spec.feature_view import FeatureView
    from fti_assets.spec.gates import BeatsBaseline, BeatsChampion, MaxCalibrationGap, SliceFloor
    from fti_assets.spec.model import Model
    from fti_assets.spec.predictions import Predictions
    from fti_assets.spec.retrain import Retrain
    from fti_assets.spec.source import Source
    from fti_assets.spec.time import UTC

_HOMES = {
    "UTC": "spec.time",
    "Source": "spec.source",
    "FeatureGroup": "spec.feature_group",
    "FeatureView": "spec.feature_view",
    "Model": "spec.model",
    "XGBoost": "spec.estimator",
    "BeatsBaseline": "spec.gates",
    "BeatsChampion": "spec.gates",
    "MaxCalibrationGap": "spec.gates",
    "SliceFloor": "spec.gates",
    "Retrain": "spec.retrain",
    "Predictions": "spec.predictions",
    "feature_pipeline": "orchestration.definitions",
    "training_pipeline": "orchestration.definitions",
    "inference_pipeline": "orchestration.definitions",
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
