"""Features, datasets, models and predictions as Dagster assets.

The public names load what they need on first use: importing the package alone imports nothing heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fti_assets.contracts.errors import (
        AlreadyIssued,
        Conflict,
        ContractViolation,
        Corrupt,
        DeclarationError,
        FailingCase,
        MissingPartitions,
        NoChampion,
        ReadOnly,
        StorageError,
        WorkerDied,
    )
    from fti_assets.contracts.estimator import Estimator, Fitted
    from fti_assets.contracts.evaluation import Comparison, Evaluation
    from fti_assets.contracts.feature_group import FeatureGroup
    from fti_assets.contracts.feature_view import FeatureView
    from fti_assets.contracts.gates import BeatsBaseline, BeatsChampion, Gate, MaxCalibrationGap, SliceFloor, Verdict
    from fti_assets.contracts.model import Model
    from fti_assets.contracts.predictions import Predictions
    from fti_assets.contracts.retrain import Decision, History, Matured, Retrain
    from fti_assets.contracts.source import Source
    from fti_assets.contracts.time import UTC, Window
    from fti_assets.home import Home
    from fti_assets.models.boosting import XGBoost
    from fti_assets.system import System

_MODULES = {
    "contracts.time": ("UTC", "Window"),
    "contracts.source": ("Source",),
    "contracts.feature_group": ("FeatureGroup",),
    "contracts.feature_view": ("FeatureView",),
    "contracts.model": ("Model",),
    "models.boosting": ("XGBoost",),
    "contracts.estimator": ("Estimator", "Fitted"),
    "contracts.evaluation": ("Evaluation", "Comparison"),
    "contracts.gates": ("Gate", "Verdict", "BeatsBaseline", "BeatsChampion", "MaxCalibrationGap", "SliceFloor"),
    "contracts.retrain": ("Retrain", "History", "Matured", "Decision"),
    "contracts.predictions": ("Predictions",),
    "system": ("System",),
    "home": ("Home",),
    "contracts.errors": (
        "DeclarationError",
        "ContractViolation",
        "FailingCase",
        "MissingPartitions",
        "AlreadyIssued",
        "NoChampion",
        "Conflict",
        "Corrupt",
        "StorageError",
        "ReadOnly",
        "WorkerDied",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "UTC",
    "Window",
    "Source",
    "FeatureGroup",
    "FeatureView",
    "Model",
    "XGBoost",
    "Estimator",
    "Fitted",
    "Evaluation",
    "Comparison",
    "Gate",
    "Verdict",
    "BeatsBaseline",
    "BeatsChampion",
    "MaxCalibrationGap",
    "SliceFloor",
    "Retrain",
    "History",
    "Matured",
    "Decision",
    "Predictions",
    "System",
    "Home",
    "DeclarationError",
    "ContractViolation",
    "FailingCase",
    "MissingPartitions",
    "AlreadyIssued",
    "NoChampion",
    "Conflict",
    "Corrupt",
    "StorageError",
    "ReadOnly",
    "WorkerDied",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'fti_assets' has no attribute {name!r}; public names: {', '.join(__all__)}")
    return getattr(import_module(f"fti_assets.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
