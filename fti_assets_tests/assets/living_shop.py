"""The shop as a running system: its three pipelines in one instance, and short ways to run them and look at them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from fti_assets.assets.code_location import merged
from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.assets.inference_pipeline import inference_pipeline
from fti_assets.assets.instance.settings import open_instance
from fti_assets.assets.training_pipeline import training_pipeline
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.model import Model
from fti_assets.contracts.predictions import Predictions
from fti_assets.contracts.retrain import Retrain
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import BINDINGS, returns

SINCE, FIRST_CUTOFF, UNTIL = "2024-01-01", "2024-01-22", "2024-02-15"
POLICY = Retrain(max_age="7d", calibration_gap=0.5, cooldown="7d")
"""At every cutoff the champion is a week old, or there is none: the shop retrains each week."""
ORDERS, OUTCOMES, PRODUCTS, HISTORY = (
    dg.AssetKey(["features", name]) for name in ("order", "outcome", "products", "customer_history")
)
DATASET, MODEL, CHAMPION, PREDICTIONS, MONITORING = (
    dg.AssetKey([kind, "returns"]) for kind in ("datasets", "models", "champion", "predictions", "monitoring")
)
DECISION = dg.AssetKey(["monitoring", "returns_retrain"])
ONLINE_HISTORY, ONLINE_PRODUCTS = (dg.AssetKey(["online", name]) for name in ("customer_history", "products"))

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def definitions(
    bindings: Sequence[Binding] = BINDINGS, model: Model = returns, until: str | None = UNTIL
) -> dg.Definitions:
    """The shop's three locations as one."""
    return merged(
        feature_pipeline(*bindings, since=SINCE, until=until),
        training_pipeline(model, retrain=POLICY, since=SINCE, first_cutoff=FIRST_CUTOFF, until=until),
        inference_pipeline(Predictions(model), since=SINCE, first_day=FIRST_CUTOFF, until=until),
    )


@dataclass(frozen=True)
class LivingShop:
    """A system, its instance and its home."""

    defs: dg.Definitions
    instance: dg.DagsterInstance
    home: Home

    def days(self, job: str, first: str, last: str, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
        """A range run of the job, or of some of its assets."""
        tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        return self._run(job, None, tags, keys)

    def once(self, job: str, partition: str | None, *keys: dg.AssetKey, **tags: str) -> dg.ExecuteInProcessResult:
        """A run of one partition, or of assets that have none."""
        return self._run(job, partition, tags, keys)

    def partitions(self, key: dg.AssetKey) -> list[str]:
        """The partitions that are materialized."""
        return sorted(self.instance.get_materialized_partitions(key))

    def metadata(self, key: dg.AssetKey, partition: str | None = None) -> dict[str, Any]:
        """The newest materialization's metadata as plain values."""
        return {name: value.value for name, value in self.event(key, partition).metadata.items()}

    def event(self, key: dg.AssetKey, partition: str | None = None) -> dg.AssetMaterialization:
        """The newest materialization."""
        asked = dg.AssetRecordsFilter(key, asset_partitions=[partition] if partition else None)
        return self.instance.fetch_materializations(asked, limit=1).records[0].asset_materialization

    def checks(self, key: dg.AssetKey, name: str) -> dict[str | None, str]:
        """The newest status of each partition, and under None of the whole run."""
        found = self.instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(key, name), 1000)
        return {record.partition: record.status.value for record in reversed(found)}

    def check_metadata(self, key: dg.AssetKey, name: str) -> dict[str, Any]:
        """The metadata of the evaluation that Dagster shows as the newest."""
        check = dg.AssetCheckKey(key, name)
        newest = self.instance.event_log_storage.get_latest_asset_check_execution_by_key([check])[check]
        return {name: value.value for name, value in newest.evaluation.metadata.items()}

    def runs(self) -> Counter[str]:
        """How many runs ended in each way."""
        return Counter(run.status.value for run in self.instance.get_runs())

    def _run(
        self, job: str, partition: str | None, tags: dict[str, str], keys: Sequence[dg.AssetKey]
    ) -> dg.ExecuteInProcessResult:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FTI_HOME", str(self.home.local))
            return self.defs.resolve_job_def(job).execute_in_process(
                instance=self.instance,
                partition_key=partition,
                tags=tags,
                run_config=_QUIET,
                raise_on_error=False,
                asset_selection=list(keys) or None,
            )


@contextmanager
def opened(home: Home, defs: dg.Definitions) -> Iterator[LivingShop]:
    """The system with the home's instance open."""
    with open_instance(home) as instance:
        yield LivingShop(defs, instance, home)
