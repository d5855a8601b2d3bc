"""Datasets over slices: one at a new cutoff against the same from nothing, and slices made by a cluster of two.

A cutoff is a week after one whose dataset is there. The cluster is Dask's, of two processes with a thread each; one
process uses as many threads as there are cores.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
from attrs import evolve
from pandera.typing.pandas import DataFrame

from benchmarks.harness import Call, Row, Size, contest, main, measure
from benchmarks.point_in_time_join import prepare
from benchmarks.world import FIRST, VIEW, span
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import DAY
from fti_assets.stores.executor import Executor
from fti_assets.stores.feature_store import FeatureStore
from fti_assets.stores.home import Home
from fti_assets.stores.storage import Storage
from fti_assets.training.datasets import build_dataset
from fti_assets.views.slices import slices

TITLE = "Datasets over slices, and slices on a cluster"
ME = "benchmarks.datasets"
WEEK = 7
CLUSTER_YEARS = 20


class Spelled(pa.DataFrameModel):
    """What Python alone can say of a row."""

    spelled: float


def spelled(frame: pd.DataFrame) -> DataFrame[Spelled]:
    """A loop over rows, as people write one: what it takes is Python's."""
    sums = [float(sum(ord(letter) for letter in text) % 97) for text in frame["flight_id"]]
    return pd.DataFrame({"spelled": [sum(total**power for power in range(9)) for total in sums]})


FUNCTIONS = {"": (), ", Python functions": (spelled,)}


def run(folder: Path, size: Size) -> list[Row]:
    """Each pair takes turns; slices are deleted before they are made."""
    return [_new_cutoff(folder, size), *_on_a_cluster(folder, size)]


def _new_cutoff(folder: Path, size: Size) -> Row:
    days = size.days(size.years)
    prepare(folder, days)
    store, home = str(folder / f"store{days}"), str(folder / "home")
    before, new = (Call(ME, "build", (store, home, day)) for day in (days - (1 if size.tiny else WEEK), days))
    seconds: dict[str, list[float]] = {"kept": [], "nothing": []}
    for _ in range(size.rounds):
        _forget(store, home)
        from_nothing = measure(new)
        _forget(store, home)
        measure(before)
        seconds["kept"].append(measure(new).seconds)
        seconds["nothing"].append(from_nothing.seconds)
    ratio = min(seconds["kept"]) / min(seconds["nothing"])
    limit = None if size.tiny else 0.35
    return Row("dataset at a new cutoff", "from nothing", size.scale(size.years), ratio, limit, from_nothing.peak_mib)


def _on_a_cluster(folder: Path, size: Size) -> Iterator[Row]:
    years = size.years if size.tiny else CLUSTER_YEARS
    days = size.days(years)
    prepare(folder, days)
    store = str(folder / f"store{days}")
    with _cluster() as address:
        for name, limit in (("", 1.2), (", Python functions", 0.7)):
            calls = {where: Call(ME, "make", (store, days, name, where)) for where in ("", address)}
            best = contest(calls, min(size.rounds, 2))
            if best[""].answer != best[address].answer:
                raise ValueError(f"slices{name}: on the cluster they have other bytes")
            ratio = best[address].seconds / best[""].seconds
            yield Row(
                f"slices on Dask{name}",
                "one process",
                size.scale(years),
                ratio,
                None if size.tiny else limit,
                best[""].peak_mib,
            )


def build(store: str, home: str, days: int) -> int:
    """The dataset of all rows known in so many days."""
    model = Model("late", VIEW)
    return build_dataset(model, FIRST + days * DAY, FIRST, Home(home, Storage(store))).rows


def build_anew(store: str, home: str, days: int) -> int:
    """The same when no slice is there yet."""
    _forget(store, home)
    return build(store, home, days)


def make(store: str, days: int, functions: str, executor: str) -> list[str]:
    """The names of the slices' bytes."""
    _forget(store)
    view = evolve(VIEW, on_demand=FUNCTIONS[functions])
    return [part.blob for part in slices(view, span(days), FeatureStore(Storage(store)), executor=Executor(executor))]


def _forget(store: str, home: str = "") -> None:
    for folder in (f"{store}/_slices", home):
        shutil.rmtree(folder or "/nowhere", ignore_errors=True)


@contextmanager
def _cluster() -> Iterator[str]:
    from distributed import LocalCluster

    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"
    try:
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0")
    finally:
        os.environ.pop("POLARS_MAX_THREADS") if before is None else os.environ.update(POLARS_MAX_THREADS=before)
    with cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


if __name__ == "__main__":
    main(TITLE, run)
