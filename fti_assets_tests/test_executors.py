"""The whole path in one process, in two, and on a Dask cluster: the same rows, bytes, versions and findings."""

import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from attrs import evolve
from pandera.typing.pandas import DataFrame

from fti_assets.audit.system import audit_system
from fti_assets.contracts.errors import ContractViolation
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.inference.batch import issue
from fti_assets.stores.executor import Executor
from fti_assets.stores.home import Home
from fti_assets.stores.parquet import parquet_bytes
from fti_assets.training.backtest import trained_at
from fti_assets.training.datasets import build_dataset
from fti_assets.training.promotion import gate_candidates
from fti_assets.training.train import train
from fti_assets.views.slices import slices
from fti_assets_tests import worlds
from fti_assets_tests.clusters import dask_cluster
from fti_assets_tests.worlds import FIRST_DAY, LAST_DAY, Amount, amount, as_given, returns

pytestmark = pytest.mark.slow

EVERYTHING = Window.of_days(FIRST_DAY, LAST_DAY)
SCORED = Window.of_days("2024-01-25", "2024-02-12")
CUTOFF = midnight("2024-01-25")
HERE = ""


def read_orders(start: datetime, end: datetime) -> pd.DataFrame:
    """The orders placed in [start, end)."""
    return worlds.order_source.read(start, end)


def read_outcomes(start: datetime, end: datetime) -> pd.DataFrame:
    """The orders settled in [start, end)."""
    return worlds.outcome_source.read(start, end)


def read_catalogue(_start: datetime, _end: datetime) -> pd.DataFrame:
    """The catalogue."""
    return worlds.CATALOGUE


def with_a_fault(rows: pd.DataFrame) -> pd.DataFrame:
    """Orders of which those of the 20th of January are of no piece."""
    return rows.assign(quantity=rows["quantity"].where(rows["placed_at"].dt.strftime("%m-%d") != "01-20", 0))


ORDER_SOURCE = Source(worlds.Order, read_orders, name="orders_to_send")
ORDERS = worlds.orders.computed(as_given, ORDER_SOURCE)
BINDINGS = [
    ORDERS,
    worlds.outcomes.computed(as_given, Source(worlds.Outcome, read_outcomes, name="outcomes_to_send")),
    worlds.products.computed(as_given, Source(worlds.Product, read_catalogue, name="catalogue_to_send")),
    *worlds.BINDINGS[3:],
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with dask_cluster() as address:
        yield address


@pytest.fixture(params=["processes:2", "dask"])
def elsewhere(request: pytest.FixtureRequest) -> str:
    """An executor of other processes."""
    return request.getfixturevalue("cluster") if request.param == "dask" else request.param


def lived(home: Home) -> dict[str, object]:
    """A year of the shop, and what came of it."""
    told: list[Window] = []
    written = [
        materialize(binding, EVERYTHING, home.features, days=15, told=lambda part, _written: told.append(part))
        for binding in BINDINGS
    ]
    dataset = build_dataset(returns, CUTOFF, EVERYTHING.start, home).dataset
    train(returns, CUTOFF, home)
    gate_candidates(returns, home, who="a test")
    issued = issue(returns, SCORED, home, run_id="one")
    cutoffs = [CUTOFF + timedelta(days=days) for days in (0, 5, 10)]
    schedule = trained_at(returns, cutoffs, EVERYTHING.start, home, home.backtest("weekly"))
    return {
        "tables": [digest(home.features.read(binding.group, EVERYTHING)) for binding in BINDINGS],
        "told": told,
        "statistics": [digest(materialized.kept.statistics) for materialized in written],
        "unusual": [materialized.kept.unusual for materialized in written],
        "changed": [materialized.changed for materialized in written],
        "slices": [part.blob for part in slices(returns.view, EVERYTHING, home.features)],
        "dataset": dataset.id,
        "versions": [(version.version, version.content_id) for _, version in schedule],
        "predictions": digest(home.prediction_log.read(returns, SCORED)),
        "issued": issued,
    }


def digest(rows: pl.DataFrame) -> str:
    return sha256(parquet_bytes(rows)).hexdigest()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What comes of it in one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FTI_EXECUTOR", raising=False)
        return lived(Home(tmp_path_factory.mktemp("here")))


def test_all_that_is_made_is_the_same_wherever_it_is_made(
    here: dict[str, object], elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTI_EXECUTOR", elsewhere)
    there = lived(Home(tmp_path))
    assert len(here["told"]) == 3 * 3 + 1
    assert {name: there[name] == here[name] for name in here} == dict.fromkeys(here, True)


def test_a_batch_that_breaks_its_contract_leaves_the_parts_before_it_and_says_the_same_words(
    elsewhere: str, tmp_path: Path
) -> None:
    messages, told = [], list[Window]()
    for n, executor in enumerate((HERE, elsewhere)):
        home = Home(tmp_path / str(n))
        with pytest.raises(ContractViolation) as violation:
            materialize(
                worlds.orders.computed(with_a_fault, ORDER_SOURCE),
                EVERYTHING,
                home.features,
                days=15,
                told=lambda part, _written: told.append(part),
                executor=Executor(executor),
            )
        messages.append(str(violation.value))
        assert home.features.missing(worlds.orders, Window.of_days(FIRST_DAY, "2024-01-15")) == []
        assert "2024-01-20" in home.features.missing(worlds.orders, EVERYTHING)
    assert messages[0] == messages[1]
    assert told == 2 * [Window.of_days(FIRST_DAY, "2024-01-15")]


def test_a_backfill_goes_to_a_cluster_in_months_and_elsewhere_in_years(cluster: str, tmp_path: Path) -> None:
    parts = []
    for n, executor in enumerate((HERE, cluster)):
        told: list[Window] = []
        store, heard = Home(tmp_path / str(n)).features, lambda part, _written, told=told: told.append(part)
        materialize(ORDERS, EVERYTHING, store, told=heard, executor=Executor(executor))
        parts.append(told)
    assert parts == [[EVERYTHING], EVERYTHING.months]


def test_the_audit_finds_the_same(elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days, answers = Window.of_days("2024-01-05", "2024-01-06"), []
    for n, executor in enumerate((HERE, elsewhere)):
        monkeypatch.setenv("FTI_EXECUTOR", executor)
        said: list[str] = []
        audit = audit_system(BINDINGS, [returns], [days], Home(tmp_path / str(n)), 2, said.append)
        answers.append((audit, said))
    assert answers[0] == answers[1]


def die_once(frame: pd.DataFrame) -> DataFrame[Amount]:
    """What an order costs; the first worker to reach the 10th of February is killed."""
    flag = Path(os.environ["DIED"])
    if frame["placed_at"].min() >= midnight("2024-02-10") and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return amount(frame)


def test_a_killed_dask_worker_costs_time_only(shop: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIED", str(tmp_path / "died"))
    view = evolve(returns.view, on_demand=[die_once])
    with dask_cluster() as cluster:
        parts = slices(view, EVERYTHING, shop.features, executor=Executor(cluster))
    assert (tmp_path / "died").exists()
    assert [part.blob for part in parts] == [part.blob for part in slices(returns.view, EVERYTHING, shop.features)]
