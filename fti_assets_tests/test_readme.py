"""The README's system of a reader's own, run as written on data that the test makes."""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from fti_assets.assets.instance.settings import open_instance
from fti_assets.contracts.time import Window
from fti_assets.flights.contracts import late_arrival
from fti_assets.inference.requests import request_frame
from fti_assets.inference.service import create_app
from fti_assets.stores.home import Home

README = Path(__file__).parent.parent / "README.md"
MOST_LINES = 45
FIRST, LAST = "2024-03-02", "2024-03-08"


def code_blocks(language: str) -> list[str]:
    """The README's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), flags=re.MULTILINE | re.DOTALL)


def shop_data(folder: Path) -> None:
    """Ninety days of orders; some customers send more back than others."""
    random, orders = np.random.default_rng(0), 6000
    placed = pd.Timestamp("2024-01-01", tz="UTC").as_unit("us") + pd.to_timedelta(
        np.sort(random.integers(0, 90 * 86_400, orders)), unit="s"
    )
    customer = random.integers(0, 30, orders)
    proneness = random.uniform(0.02, 0.7, 30)
    times = {
        "placed_at": placed.astype("datetime64[us, UTC]"),
        "settled_at": (placed + pd.to_timedelta(random.integers(3600, 2 * 86_400, orders), unit="s")).astype(
            "datetime64[us, UTC]"
        ),
    }
    rows = pd.DataFrame(
        {
            "order_id": [f"o{n}" for n in range(orders)],
            "customer": [f"c{n}" for n in customer],
            "amount": random.uniform(5, 200, orders).round(2),
            "is_returned": random.random(orders) < proneness[customer],
            **times,
        }
    )
    rows[["order_id", "customer", "amount", "placed_at"]].to_parquet(folder / "orders.parquet")
    outcomes = rows[["order_id", "customer", "settled_at", "is_returned"]]
    outcomes.to_parquet(folder / "outcomes.parquet")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("readme")
    (system,) = [block for block in code_blocks("python") if "fti.feature_pipeline" in block]
    assert len(system.splitlines()) <= MOST_LINES
    (folder / "shop.py").write_text(system)
    shop_data(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FTI_HOME", str(folder / ".fti"))
        patch.syspath_prepend(str(folder))
        yield importlib.import_module("shop")
        del sys.modules["shop"]


def run(defs: dg.Definitions, job: str, home: Home, tags: dict[str, str], partition: str | None = None) -> None:
    with open_instance(home) as instance:
        defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            tags=tags,
            partition_key=partition,
            run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
        )


def days(first: str, last: str) -> dict[str, str]:
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def test_the_readers_own_system_learns_predicts_and_answers(shop: ModuleType) -> None:
    home = Home()
    run(shop.features, "features", home, days("2024-01-01", "2024-03-30"))
    run(shop.training, "train_returns", home, {}, "2024-03-02")
    run(shop.inference, "predict", home, days(FIRST, LAST))
    run(shop.inference, "online", home, {})

    champion = home.registry.champion("returns")
    log = home.prediction_log.read(shop.returns, Window.of_days(FIRST, LAST))
    assert champion.read_json("metrics.json")["loss"] < champion.read_json("metrics.json")["baseline_loss"]
    assert set(log["model_version"]) == {champion.version}
    assert len(log) == len(shop.known("orders.parquet", "placed_at")(*_instants(FIRST, LAST)))
    request = {"order_id": "x", "customer": "c3", "amount": 80.0, "placed_at": "2024-03-30T18:00:00Z"}
    with TestClient(create_app(shop.MODELS, home)) as client:
        answer = client.post("/predict/returns", json={"rows": [request]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == champion.version


def test_the_flights_request_in_the_readme_is_one_that_the_service_takes() -> None:
    (body,) = re.findall(r"-d '(\{.*?\})'", README.read_text(), flags=re.DOTALL)
    assert len(request_frame(late_arrival.view, json.loads(body)["rows"])) == 1


def _instants(first: str, last: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    window = Window.of_days(first, last)
    return pd.Timestamp(window.start), pd.Timestamp(window.end)
