"""Where a system keeps everything: one directory, the stores inside it."""

import os
from functools import cached_property
from pathlib import Path

from fti_assets.contracts.names import checked_name
from fti_assets.stores.datasets import DatasetStore
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.monitoring import MonitoringStore
from fti_assets.stores.online import OnlineStore
from fti_assets.stores.prediction_log import PredictionLog
from fti_assets.stores.registry import Registry


class Home:
    """The stores under one directory: without one, `$FTI_HOME`, or `.fti` in the working directory.

    `features` names the directory of a feature store that several homes share.
    """

    def __init__(self, root: Path | str | None = None, features: Path | None = None) -> None:
        self.root = Path(root or os.environ.get("FTI_HOME") or ".fti").absolute()
        self._feature_root = features or self.root / "features"

    @cached_property
    def features(self) -> FeatureStore:
        """The feature store."""
        return FeatureStore(self._feature_root)

    def backtest(self, name: str) -> "Home":
        """A home of its own for models and predictions that never serve, on the same features."""
        return Home(self.root / "backtests" / checked_name("backtest", name), self.features.root)

    @cached_property
    def datasets(self) -> DatasetStore:
        """The training datasets."""
        return DatasetStore(self.root / "datasets")

    @cached_property
    def registry(self) -> Registry:
        """The model registry."""
        return Registry(self.root / "models")

    @cached_property
    def prediction_log(self) -> PredictionLog:
        """The prediction log."""
        return PredictionLog(self.root / "predictions")

    @cached_property
    def monitoring(self) -> MonitoringStore:
        """The monitoring tables."""
        return MonitoringStore(self.root / "monitoring")

    @cached_property
    def online(self) -> OnlineStore:
        """The online store."""
        return OnlineStore(self.root / "online.sqlite")
