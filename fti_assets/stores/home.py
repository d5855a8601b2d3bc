"""Where a system keeps everything: one folder or bucket, the stores inside it."""

import hashlib
import json
import os
from functools import cached_property
from pathlib import Path

from fti_assets.contracts.errors import Corrupt
from fti_assets.contracts.names import checked_name
from fti_assets.stores.catalogue import Catalogue
from fti_assets.stores.datasets import DatasetStore
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.monitoring import MonitoringStore
from fti_assets.stores.online import OnlineStore
from fti_assets.stores.prediction_log import PredictionLog
from fti_assets.stores.registry import Registry
from fti_assets.stores.storage import Storage

STORES = ("features", "datasets", "models", "catalogue", "predictions", "monitoring", "backtests")
"""What lies in a home and is its own; beside it a folder holds what Dagster, the online store and a demo need."""
LOCAL = ".fti"
"""The folder in the working directory that is a home, or holds what a home in a bucket needs on this machine."""


class Home:
    """The stores below a folder, or a bucket's keys that begin alike: without one, `$FTI_HOME`, or `.fti`.

    `features` names where a feature store lies that several homes share.
    """

    def __init__(self, url: Path | str | None = None, features: Storage | None = None) -> None:
        self.storage = Storage(url or os.environ.get("FTI_HOME") or LOCAL)
        self._features = features or self.storage.at("features")

    def __reduce__(self) -> tuple[type, tuple[str, Storage]]:
        return type(self), (self.url, self._features)  # another process opens its own stores

    @property
    def url(self) -> str:
        """The folder's path, or the bucket's URL."""
        return self.storage.url

    @property
    def local(self) -> Path:
        """What must lie on this machine lies here: Dagster's instance, the online store, figures of a demo.

        A folder is its own; a home in a bucket has one in the working directory, for itself alone.
        """
        if self.storage.folder is not None:
            return self.storage.folder
        return (Path(LOCAL) / hashlib.sha256(self.url.encode()).hexdigest()[:12]).absolute()

    @cached_property
    def features(self) -> FeatureStore:
        """The feature store."""
        return FeatureStore(self._features)

    def backtest(self, name: str) -> "Home":
        """A home of its own for models and predictions that never serve, on the same features."""
        return Home(self.storage.at("backtests", checked_name("backtest", name)).url, self._features)

    def kept_versions(self) -> dict[str, set[int]]:
        """The versions of tables that datasets, or the registry's models, were made of, by where the table lies.

        `features/orders`: maintenance leaves them readable. Those of backtests count too. Corrupt, naming the object,
        for a manifest that cannot be read.
        """
        kept: dict[str, set[int]] = {}
        keys = [key for store in ("datasets", "models", "backtests") for key in self.storage.objects(store)]
        for key in keys:
            if key.endswith(".json") and "/_delta_log/" not in key:
                for group, version in self._pins(key).items():
                    if version is not None:
                        kept.setdefault(f"features/{group}", set()).add(version)
        return kept

    def _pins(self, key: str) -> dict[str, int | None]:
        """The versions of tables by their group, where a JSON object is the manifest of a dataset or a model."""
        try:
            manifest = json.loads(self.storage.read(key) or b"")
        except ValueError as error:
            raise Corrupt(f"{self.storage.url_of(key)}: expected JSON: {error}") from error
        return dict(manifest.get("tables") or manifest.get("facts", {}).get("tables") or {})

    @cached_property
    def datasets(self) -> DatasetStore:
        """The training datasets."""
        return DatasetStore(self.storage.at("datasets"), self.features.slices)

    @cached_property
    def registry(self) -> Registry:
        """The model registry."""
        return Registry(self.storage.at("models"))

    @cached_property
    def models(self) -> Catalogue:
        """What there is to say of each model."""
        return Catalogue(self.storage.at("catalogue"))

    @cached_property
    def prediction_log(self) -> PredictionLog:
        """The prediction log."""
        return PredictionLog(self.storage.at("predictions"))

    @cached_property
    def monitoring(self) -> MonitoringStore:
        """The monitoring tables."""
        return MonitoringStore(self.storage.at("monitoring"))

    @cached_property
    def online(self) -> OnlineStore:
        """The online store."""
        return OnlineStore(self.local / "online.sqlite")
