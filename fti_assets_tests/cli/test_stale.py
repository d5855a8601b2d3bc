"""`fti stale` on the shop: from a correction to the dataset, with causes and exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fti_assets.cli.main import main
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets_tests.worlds import FIRST_DAY, outcome_source, outcomes, returns, write_history

SHOP = """
import fti_assets as fti
from fti_assets_tests.worlds import BINDINGS, MODELS
shop = fti.System("shop", models=MODELS, since="2024-01-01")
features = shop.feature_pipeline(*BINDINGS)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stale_shop.py").write_text(SHOP)
    home = Home(tmp_path / "home")
    write_history(home)
    build_dataset(returns, midnight("2024-01-29"), midnight(FIRST_DAY), home)
    return home


def stale(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", home.url, "stale", "--system", "stale_shop", *arguments])


def test_what_is_out_of_date_is_told_with_its_cause_and_exit_code_1(home: Home) -> None:
    done = stale(home)
    assert (done.exit_code, done.stdout) == (0, "everything is up to date\n")
    assert json.loads(stale(home, "--json").stdout) == []
    corrected = outcomes.computed(lambda rows: rows.assign(is_returned=True), outcome_source)
    materialize(corrected, Window.of_days("2024-01-25", "2024-01-25"), home.features)

    done = stale(home)

    assert done.exit_code == 1
    header, *rows, last = done.stdout.splitlines()
    assert header.split() == ["asset", "partition", "because"]
    assert [row.split()[:2] for row in rows] == [
        ["features/outcome", "2024-01-25"],
        *(["features/customer_history", f"2024-01-{day}"] for day in range(26, 32)),
        ["features/customer_history", "2024-02-01"],
        ["datasets/returns", "2024-01-29"],
    ]
    assert "the code that makes it has changed" in rows[0]
    assert "features/outcome 2024-01-25 was written after that, at 20" in rows[1]
    assert last == "9 partitions out of date"
    facts = json.loads(stale(home, "--json").stdout)
    assert (facts[0]["asset"], facts[0]["partition"]) == ("features/outcome", "2024-01-25")
