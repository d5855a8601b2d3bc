"""What the README says is run as written: its declaration, and the reader's own system with every command."""

import importlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.error import URLError
from urllib.request import Request, urlopen

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

import fti_assets as fti
from fti_assets.cli.main import main
from fti_assets.cli.systems import system_named
from fti_assets.contracts.time import midnight
from fti_assets.flights import contracts as flights
from fti_assets.flights import schemas
from fti_assets.inference.requests import request_frame
from fti_assets.inference.service import create_app
from fti_assets.models.scorer import Scorer

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
MOST_LINES = 40
FIRST, LAST = "2024-03-02", "2024-03-27"
"""The days that the shop's life predicts."""


def code_blocks(language: str, page: Path = README) -> list[str]:
    """The fenced blocks of a language; of "" those of none."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [code for of, code in blocks if of == language]


def commands(begins: str) -> list[list[str]]:
    """The README's commands that begin so, each as its words."""
    lines = "\n".join(code_blocks("")).replace("\\\n", " ").splitlines()
    return [line.partition("#")[0].split() for line in lines if line.startswith(begins)]


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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working directory of somebody who copied the README's system and has its data."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "shop.py").write_text(own_system())
    shop_data(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(ROOT))
        for name in ("FTI_HOME", "FTI_SYSTEM", "DAGSTER_HOME"):
            patch.delenv(name, raising=False)
        yield folder
        sys.modules.pop("shop", None)


@pytest.fixture(scope="module")
def lived(folder: Path) -> str:
    """What `fti demo --system shop` prints."""
    said = fti_command("demo")
    assert (folder / ".fti" / "summary.json").exists()
    return said


@pytest.fixture(scope="module")
def shop(lived: str) -> ModuleType:
    """The module of the reader's own system, which has lived through its days."""
    assert "returns: log_loss by month" in lived
    return importlib.import_module("shop")


def own_system() -> str:
    """The README's system."""
    (system,) = [block for block in code_blocks("python") if ".feature_pipeline(" in block]
    return system


def fti_command(*words: str) -> str:
    """What a command prints for the shop; it is one of those in the README."""
    arguments = [*words, "--system", "shop"]
    assert ["fti", *arguments] in commands("fti ")
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def table(printed: str) -> list[dict[str, str]]:
    """A printed table, by its header."""
    header, *lines = (re.split(r"\s{2,}", line) for line in printed.splitlines())
    return [dict(zip(header, line, strict=False)) for line in lines]


def test_the_declaration_is_one_that_the_library_takes() -> None:
    (declaration,) = [block for block in code_blocks("python") if "late_arrival = " in block]
    names = {"fti": fti, "Departure": schemas.Departure, "Arrival": schemas.Arrival, "weather": flights.weather}
    exec(declaration, names)  # noqa: S102  # the README's own code
    values = [
        "is_late_mean_7d",
        "is_late_mean_30d",
        *(f"delay_{s}_{d}" for s in ("mean", "std") for d in ("7d", "30d")),
    ]
    assert list(names["carriers"].values) == values
    assert [model.name for model in names["flights"].models] == ["late_arrival"]


def test_a_system_of_ones_own_has_room_to_breathe_and_is_clean(folder: Path) -> None:
    lines = own_system().splitlines()
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= 120
    begins = [number for number, line in enumerate(lines) if line.startswith(("class ", "def "))]
    assert all(lines[number - 1] == "" for number in begins)
    rules = ["--select", "E,F,W,I,UP,B,SIM,RUF,N,C4,ARG", "--ignore", "ARG005", "--line-length", "120"]
    ruff = [str(Path(sys.executable).with_name("ruff")), "check", "--isolated", *rules, "shop.py"]
    done = subprocess.run(ruff, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_shop_lives_through_its_days(lived: str, shop: ModuleType) -> None:
    home = fti.Home()
    champion = home.champion(shop.returns)
    figures = champion.read_json("metrics.json")
    assert figures["loss"] < figures["baseline_loss"]
    issued = home.predictions(shop.returns, FIRST, LAST)
    placed = home.read(shop.orders, FIRST, LAST)
    assert set(issued["model_version"]) == {champion.version}
    assert sorted(issued["order_id"]) == sorted(placed["order_id"])
    assert len(issued) > 1500
    assert "1 trained, 1 promoted, 0 rejected" in lived


def test_the_shop_is_served_with_the_bits_of_the_batch(shop: ModuleType) -> None:
    home = fti.Home()
    last_day = home.read(shop.orders, "2024-03-30", "2024-03-30")  # the online store answers for the last two days
    batch = home.read(shop.view, "2024-03-30", "2024-03-30").set_index("order_id")
    rows = json.loads(last_day.to_json(orient="records", date_format="iso", date_unit="us"))
    with TestClient(create_app(system_named("shop").models, home)) as client:
        answer = client.post("/predict/returns", json={"rows": rows})
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == home.champion(shop.returns).version
    expected = Scorer(home.champion(shop.returns)).predict(batch.loc[last_day["order_id"]])
    assert answer.json()["predictions"] == expected.tolist()
    assert len(rows) > 40


def test_the_audit_finds_nothing_in_the_shop(folder: Path) -> None:
    assert folder == Path.cwd()
    assert fti_command("audit", "leakage").splitlines()[-1] == "3 groups, 1 view, 2 features, 12 moments: no leak found"


def test_the_shops_groups_are_listed_with_who_uses_them(shop: ModuleType) -> None:
    listed = {row["group"]: row for row in table(fti_command("features", "list"))}
    assert list(listed) == [group.name for group in (shop.orders, shop.outcomes, shop.customers)]
    assert {(row["stored"], row["missing"]) for row in listed.values()} == {("91", "0")}
    assert listed["outcomes"]["used by"] == "returns, customers"


def test_the_shops_versions_are_listed(shop: ModuleType) -> None:
    (row,) = table(fti_command("registry", "list"))
    assert (row["model"], row["version"], row["cutoff"], row["status"]) == (shop.returns.name, "1", FIRST, "champion")


def test_no_row_of_the_shop_was_set_aside(shop: ModuleType) -> None:
    assert shop.orders.on_invalid == "fail"
    assert fti_command("quarantine", "list").startswith("no rows are set aside in ")


@pytest.mark.slow
def test_the_shop_is_made_by_hand(folder: Path, tmp_path: Path) -> None:
    """Each `dg launch` of the README in a process of its own, in a home of its own."""
    home = {"FTI_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path / "dagster")}
    assert CliRunner().invoke(main, ["--home", str(tmp_path), "init"]).exit_code == 0
    launches = commands("dg launch -m shop")
    assert len(launches) == 4
    said = [run_in(folder, launch, home) for launch in launches]
    assert "features__customers - 2024-01-01...2024-03-30: 2,650 rows, table version 1" in said[0]
    assert "champion__returns - version 1, cutoff 2024-03-02: promoted" in said[1]
    assert "predictions__returns - 428 predictions on 7 days by version 1" in said[2]
    assert fti.Home(tmp_path).champion(system_named("shop").models[0]).cutoff == midnight("2024-03-02")


def run_in(folder: Path, words: list[str], environment: dict[str, str]) -> str:
    """What a command of the environment prints, run in the folder."""
    program = str(Path(sys.executable).with_name(words[0]))
    done = subprocess.run(
        [program, *words[1:]],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_ui_shows_the_shops_three_locations(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert ["fti", "ui", "--system", "shop"] in commands("fti ")
    program = str(Path(sys.executable).with_name("fti"))
    command = [program, "ui", "--system", "shop", "--port", str(port)]
    with (folder / "ui.log").open("w") as log:
        ui = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        shown = asked(port, "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }")
    finally:
        ui.terminate()
        ui.wait(timeout=30)
    entries = shown["data"]["workspaceOrError"]["locationEntries"]
    assert sorted(entry["name"] for entry in entries) == ["features", "inference", "training"]
    assert {entry["loadStatus"] for entry in entries} == {"LOADED"}


def asked(port: int, query: str, patience: float = 120) -> dict[str, dict[str, dict[str, list[dict[str, str]]]]]:
    """The answer of a Dagster UI, once it is up."""
    headers, body = {"Content-Type": "application/json"}, json.dumps({"query": query}).encode()
    request = Request(f"http://127.0.0.1:{port}/graphql", body, headers)
    until = time.monotonic() + patience
    while True:
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310
                return dict(json.load(answer))
        except (URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


@pytest.mark.parametrize(
    ("page", "view"),
    [(README, flights.late_arrival.view), (ROOT / "docs" / "online.md", None)],
    ids=["the flights' request", "the shop's request"],
)
def test_the_requests_are_ones_that_the_service_takes(
    page: Path, view: fti.FeatureView | None, shop: ModuleType
) -> None:
    (body,) = re.findall(r"-d '(\{.*?\})'", page.read_text(), flags=re.DOTALL)
    assert len(request_frame(view or shop.view, json.loads(body)["rows"])) == 1


def test_the_answer_on_the_page_about_serving_is_the_shops(shop: ModuleType) -> None:
    page = (ROOT / "docs" / "online.md").read_text()
    (body,) = re.findall(r"-d '(\{.*?\})'", page, flags=re.DOTALL)
    (shown,) = re.findall(r'"predictions":(\[.*?\])', page)
    with TestClient(create_app([shop.returns], fti.Home())) as client:
        answer = client.post("/predict/returns", json=json.loads(body))
    assert answer.json()["predictions"] == pytest.approx(json.loads(shown))
    assert f'"known_until":"{answer.json()["known_until"]}","stale":[false]' in page
    assert answer.json()["stale"] == [False]
