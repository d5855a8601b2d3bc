import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from click.testing import CliRunner, Result

from fti_assets.cli.main import main
from fti_assets.stores.home import Home
from fti_assets.training.promotion import gate_candidates
from fti_assets_tests import worlds


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four versions: 1 promoted by its gate, 2 rejected by a person, 3 and 4 not decided."""
    home = Home(tmp_path_factory.mktemp("shop"))
    worlds.write_history(home)
    worlds.train_candidate(home, date(2024, 1, 25))
    gate_candidates(worlds.returns, home, who="the gate")
    for day in (1, 2, 3):
        worlds.train_candidate(home, date(2024, 2, day))
    at = worlds.at(date(2024, 2, 1))
    home.registry.reject("returns", 2, who="eva", why="too early", verdicts=[], effective=at)
    return home.local


@pytest.fixture
def home(shop: Path, tmp_path: Path) -> Home:
    """A copy of the shop for one test."""
    return Home(Path(copytree(shop, tmp_path / "home")))


def fti(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home.local), *arguments])


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def complaint(result: Result) -> str:
    """The one line on stderr of a command that failed."""
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line.removeprefix("Error: ")


def statuses(home: Home) -> list[tuple[str, ...]]:
    """Version, cutoff and status of each line of the list."""
    return [tuple(line.split()[1:4]) for line in lines(fti(home, "registry", "list"))[1:]]


def test_the_list_says_what_became_of_each_version(home: Home) -> None:
    assert statuses(home) == [
        ("1", "2024-01-25", "champion"),
        ("2", "2024-02-01", "rejected"),
        ("3", "2024-02-02", "candidate"),
        ("4", "2024-02-03", "candidate"),
    ]
    for version in ("3", "4"):
        lines(fti(home, "registry", "promote", "returns", version, "--why", "a test"))
    assert [status for _, _, status in statuses(home)] == ["retired", "rejected", "previous", "champion"]


def test_the_list_shows_figures_and_reasons(home: Home) -> None:
    header, first, second, *_ = lines(fti(home, "registry", "list"))
    assert header.split() == ["model", "version", "cutoff", "status", "metric", "loss", "baseline", "why"]
    evaluated = home.registry.get("returns", 1).read_json("metrics.json")
    assert f"log_loss  {evaluated['loss']:.4f}  {evaluated['baseline_loss']:.4f}    beats_baseline: log_loss" in first
    assert second.endswith("too early")


def test_a_home_without_models_says_so(tmp_path: Path) -> None:
    (line,) = lines(fti(Home(tmp_path / "nowhere"), "registry", "list"))
    assert line == f"no models in {tmp_path / 'nowhere'}: materialize models/<name>, or choose another --home"


def test_a_version_is_shown_with_facts_figures_verdicts_and_journal(home: Home) -> None:
    champion = home.registry.get("returns", 1)
    shown = fti(home, "registry", "show", "returns")
    assert lines(shown)[0] == "returns version 1: champion"
    assert champion.content_id in shown.stdout
    assert champion.manifest["facts"]["dataset"] in shown.stdout
    assert "  pass  beats_baseline: log_loss" in shown.stdout
    journal = lines(shown)[lines(shown).index("journal of returns") + 1 :]
    assert [line.split()[2] for line in journal[1:]] == ["promote", "reject"]
    assert journal[2].endswith("eva       too early")


def test_a_version_that_nobody_judged_is_shown_without_verdicts(home: Home) -> None:
    shown = lines(fti(home, "registry", "show", "returns", "4"))
    assert shown[0] == "returns version 4: candidate"
    assert "gates: no verdicts" in shown


def test_a_promotion_is_recorded_with_who_when_and_why(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    arguments = ["--why", "better on gifts", "--effective", "2024-02-05T01:00:00+01:00"]
    (said,) = lines(fti(home, "registry", "promote", "returns", "3", *arguments))
    assert said == "returns: version 3 is champion from 2024-02-05 00:00Z on"
    entry = home.registry.history("returns")[-1]
    assert (entry.action, entry.version, entry.previous, entry.who, entry.why) == (
        "promote",
        3,
        1,
        "ada",
        "better on gifts",
    )
    assert entry.effective == worlds.at(date(2024, 2, 5))


def test_the_first_champion_may_be_promoted_by_hand(home: Home) -> None:
    rmtree(home.local / "models" / "returns" / "journal")
    lines(fti(home, "registry", "promote", "returns", "2", "--why", "a test"))
    assert home.registry.champion("returns").version == 2


def test_a_rollback_returns_to_the_champion_before(home: Home) -> None:
    lines(fti(home, "registry", "promote", "returns", "3", "--why", "a test"))
    (said,) = lines(fti(home, "registry", "rollback", "returns", "--why", "alarms"))
    assert said == "returns: version 1 is champion again, instead of version 3"
    assert home.registry.champion("returns").version == 1
    assert [status for _, _, status in statuses(home)][:3] == ["champion", "rejected", "retired"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "refunds"], "there is no model 'refunds'; there are: returns"),
        (["show", "returns", "9"], "model returns: there is no version '9'; there are: 1, 2, 3, 4"),
        (["show", "Returns!"], "model name 'Returns!': expected lower-case letters"),
        (["promote", "returns", "9", "--why", "x"], "model returns: there is no version '9'"),
        (["promote", "returns", "3", "--why", " "], "expected who decides it and why, got nothing"),
        (["promote", "returns", "3", "--why", "x", "--effective", "2024-01-01T00:00Z"], "cannot serve from"),
        (["rollback", "returns", "--why", "x"], "no champion came before version 1"),
        (["rollback", "refunds", "--why", "x"], "there is no model 'refunds'"),
    ],
)
def test_an_error_is_one_line_and_changes_nothing(home: Home, arguments: Sequence[str], said: str) -> None:
    before = home.registry.history("returns")
    assert said in complaint(fti(home, "registry", *arguments))
    assert home.registry.history("returns") == before


def test_a_changed_file_is_one_line_too(home: Home) -> None:
    Path(home.registry.get("returns", 1).url_of("metrics.json")).write_text("{}")
    assert "returns version 1, metrics.json: " in complaint(fti(home, "registry", "list"))


@pytest.mark.parametrize("moment", ["yesterday", "2024-02-05T00:00:00"])
def test_a_time_needs_its_zone(home: Home, moment: str) -> None:
    result = fti(home, "registry", "promote", "returns", "3", "--why", "x", "--effective", moment)
    assert result.exit_code == 2
    assert f"{moment!r}: expected an ISO time with its zone" in result.stderr


def test_a_bug_of_ours_keeps_its_traceback(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy(_registry: object) -> None:
        raise KeyError("bug")

    monkeypatch.setattr("fti_assets.stores.registry.Registry.models", buggy)
    assert isinstance(fti(home, "registry", "list").exception, KeyError)


@pytest.mark.parametrize(
    ("system", "said"),
    [
        ("no_such.system", "there is no module 'no_such.system': expected one with an fti.System"),
        ("fti_assets_tests.no_such", "there is no module 'fti_assets_tests.no_such': expected one with an fti.System"),
        (
            "fti_assets.contracts.time",
            "module fti_assets.contracts.time has no System: expected an fti.System at its top level",
        ),
    ],
)
def test_a_system_that_is_none_is_named(home: Home, system: str, said: str) -> None:
    assert complaint(fti(home, "serve", "--system", system)) == said


def test_every_command_says_what_it_is_for_with_an_example() -> None:
    for command in ([], ["serve"], ["registry"], *(["registry", c] for c in ("list", "show", "promote", "rollback"))):
        text = CliRunner().invoke(main, [*command, "--help"]).stdout
        assert "Example:\n    fti" in text, command


def run(code: str) -> str:
    finished = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_help_loads_nothing_heavy() -> None:
    code = """
import sys
from fti_assets.cli.main import main
main(["--help"], standalone_mode=False)
heavy = {"dagster", "pandas", "polars", "numpy", "pandera", "xgboost", "deltalake", "fastapi", "uvicorn"}
print("loaded:", sorted(heavy & set(sys.modules)))
"""
    assert run(code).endswith("loaded: []")


MY_SHOP = """
import fti_assets as fti
from fti_assets_tests.worlds import MODELS
shop = fti.System("shop", models=MODELS, since="2024-01-01")
"""


def test_the_service_runs_a_system_of_the_working_directory_without_dagster(home: Home, tmp_path: Path) -> None:
    (tmp_path / "my_shop.py").write_text(MY_SHOP)
    code = f"""
import os, sys, uvicorn
from fastapi.testclient import TestClient
def ask(app, host, port):
    with TestClient(app) as client:
        print(host, port, client.get("/models").json()[0]["version"])
uvicorn.run = ask
os.chdir({str(tmp_path)!r})
from fti_assets.cli.main import main
main(["--home", {str(home.local)!r}, "serve", "--system", "my_shop", "--port", "8001"], standalone_mode=False)
print("dagster" in sys.modules)
"""
    assert run(code).splitlines() == ["127.0.0.1 8001 1", "False"]
