"""A quarter of the flights on a bucket, a Dask cluster and Postgres, and in a folder by one process: the same bits."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

import fti_assets as fti
from fti_assets.assets.instance.settings import instance_directory, open_instance
from fti_assets.contracts.binding import Binding
from fti_assets.contracts.time import Window, midnight
from fti_assets.demo.runner import Runner
from fti_assets.flights.contracts import late_arrival
from fti_assets.flights.features import defs as feature_pipeline
from fti_assets.stores.executor import VARIABLE
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.home import Home
from fti_assets.stores.parquet import parquet_bytes
from fti_assets.stores.sealed import sha256
from fti_assets.stores.storage import Storage
from fti_assets_tests.clusters import dask_cluster
from fti_assets_tests.databases import postgres_server
from fti_assets_tests.stores.buckets import s3_server

pytestmark = pytest.mark.slow

QUARTER = Window.of_days("2013-01-01", "2013-03-31")
CUTOFF = "2013-03-25"
WEEK = Window.of_days(CUTOFF, "2013-03-31")
SYSTEM = fti.System("flights", models=[late_arrival], since="2013-01-01", until="2013-04-01")
BINDINGS: tuple[Binding, ...] = feature_pipeline.bindings
DEFS = SYSTEM.merged(
    SYSTEM.feature_pipeline(*BINDINGS),
    SYSTEM.training_pipeline(retrain=fti.Retrain(max_age="28d"), first_cutoff=CUTOFF),
    SYSTEM.inference_pipeline(first_day=CUTOFF),
)
ON_POSTGRES = "storage: {postgres: {postgres_url: {env: DAGSTER_POSTGRES}}}\ntelemetry: {enabled: false}\n"


@dataclass(frozen=True)
class Lived:
    """What came of the quarter, in digests."""

    tables: dict[str, str]
    dataset: str
    dataset_files: list[str]
    model: str
    predictions: str
    issued: set[str]


def live(home: Home) -> Lived:
    """Backfill the features, build the dataset, train and promote the model, and predict the week, through Dagster."""
    with open_instance(home) as instance:
        runner = Runner(DEFS, instance, lambda _: None)
        runner.run_window("features", "features", QUARTER)
        runner.run_partition("train", "train_late_arrival", CUTOFF)
        runner.run_window("predict", "predict", WEEK)
        issued = instance.get_materialized_partitions(dg.AssetKey(["predictions", "late_arrival"]))
    groups = [binding.group for binding in BINDINGS]
    dataset = home.datasets.get("late_arrival", midnight(CUTOFF))
    predictions = home.prediction_log.read(late_arrival, WEEK).drop("run_id")  # Dagster's, another each time
    return Lived(
        {group.name: digest(home.features.read(group, WHOLE if group.dimension else QUARTER)) for group in groups},
        dataset.id,
        [part[of]["blob"] for part in dataset.manifest["parts"] for of in ("rows", "labels")],
        home.registry.champion("late_arrival", WEEK.start).content_id,
        digest(predictions),
        issued,
    )


def digest(rows: pl.DataFrame) -> str:
    return sha256(parquet_bytes(rows))


@pytest.fixture
def in_a_folder(tmp_path: Path) -> Lived:
    """The quarter in a folder, in this process, with the storage that Dagster has by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(VARIABLE, raising=False)
        patch.setenv("FTI_HOME", str(tmp_path / "home"))
        return live(Home())


@pytest.fixture
def in_a_bucket(tmp_path: Path) -> Iterator[Lived]:
    """The same in a bucket, by two processes of a Dask cluster, with Postgres as Dagster's storage."""
    with pytest.MonkeyPatch.context() as patch, s3_server(tmp_path) as bucket, postgres_server() as database:
        patch.chdir(tmp_path)  # for what must lie on this machine
        dagster = {"DAGSTER_POSTGRES": database, "DAGSTER_EVENT_BATCH_SIZE": "500"}
        for name, value in (bucket | dagster | {"FTI_HOME": "s3://flights/quarter"}).items():
            patch.setenv(name, value)
        Storage("s3://flights").create("ready", b"")  # the bucket is there once it is written to
        with dask_cluster() as cluster:
            patch.setenv(VARIABLE, cluster)
            (instance_directory(Home()) / "dagster.yaml").write_text(ON_POSTGRES)
            yield live(Home())


def test_a_quarter_of_the_flights_is_the_same_bit_for_bit(
    in_a_folder: Lived, in_a_bucket: Lived, tmp_path: Path
) -> None:
    assert in_a_bucket == in_a_folder
    assert len(in_a_bucket.issued) == len(WEEK.days)
    events = list(tmp_path.rglob("event_log.db"))
    assert events == [tmp_path / "home" / "dagster" / "event_log" / "event_log.db"], "Postgres has the others"
