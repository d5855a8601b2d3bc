import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fti_assets.audit.system import in_order
from fti_assets.cli.audit import _first_day
from fti_assets.cli.main import main
from fti_assets_tests import worlds

SHOP = """
import fti_assets as fti
from fti_assets_tests.worlds import BINDINGS, MODELS
shop = fti.System("shop", models=MODELS, since="2024-01-01")
features = shop.feature_pipeline(*BINDINGS)
"""
LEAKY = """
import fti_assets as fti
from fti_assets_tests.audit import planted_leaks as p
flights = fti.System("flights", models=[{model}], since="2024-03-01")
pipeline = flights.feature_pipeline(
    p.departures.computed(p.as_given, p.schedule),
    p.arrivals.computed(p.as_given, p.landings),
    p.delays.computed(p.{function}, p.landings),
)
"""
MODEL = 'p.model_of(p.departures, "carrier")'
OF_WHAT_IS_KNOWN_TOO_LATE = """fti.Model("late", view=fti.FeatureView(
    spine=p.departures,
    label=p.arrivals["is_late"].within(days=1),
    features=[p.departures["carrier"], p.arrivals["delay"].prefixed("last_")],
))"""


@pytest.fixture
def systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def leakage(module: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", "leakage", "--system", module, *arguments])


def test_a_system_of_the_working_directory_that_does_not_leak_passes(systems: Path) -> None:
    (systems / "audited_shop.py").write_text(SHOP)
    done = leakage("audited_shop", "--from", "2024-01-20", "--days", "1", "--moments", "2")
    assert done.exit_code == 0, done.output
    *progress, last = done.stdout.splitlines()
    assert progress[0] == "computing 4 feature groups for 2024-01-20, with the history that they need"
    assert "feature group customer_history: nothing found" in progress
    assert last == "4 groups, 1 view, 7 features, 2 moments: no leak found"
    assert not (systems / ".fti").exists(), "nothing is written to the home"


def test_a_leak_fails_and_says_in_words_what_moved_why_that_is_one_and_what_to_do(systems: Path) -> None:
    (systems / "leaky_flights.py").write_text(LEAKY.format(function="next_delay", model=MODEL))
    done = leakage("leaky_flights", "--from", "2024-03-02", "--days", "2")
    assert done.exit_code == 1
    for said in (
        "LEAK  feature group delays: value",
        "  altered   source landings",
        "  row       flight_id=F",
        "  known     2024-03-0",
        "  moved     ",
        "  rows      ",
        "  -> A row was known by the moment, yet changes with what became known after it",
        "3 groups, 1 view, 1 feature, 8 moments: 1 leak",
    ):
        assert said in done.stdout


def test_findings_are_json_for_machines_and_suspicions_fail_when_strict(systems: Path) -> None:
    (systems / "doubtful.py").write_text(LEAKY.format(function="last_delay", model=OF_WHAT_IS_KNOWN_TOO_LATE))
    arguments = ["--from", "2024-03-02", "--days", "2", "--moments", "1", "--json"]
    done = leakage("doubtful", *arguments)
    (finding,) = json.loads(done.stdout)
    assert (done.exit_code, finding["severity"], finding["because"]) == (
        0,
        "suspicion",
        "known too late in 100% of rows",
    )
    assert leakage("doubtful", *arguments, "--strict").exit_code == 1


def test_without_from_the_first_days_with_a_full_history_are_audited() -> None:
    first = _first_day("2024-01-01", in_order(worlds.BINDINGS), worlds.MODELS)
    assert str(first) == "2024-01-11"  # ten days: a window of seven, a look-back of three


@pytest.mark.parametrize(
    ("module", "arguments", "said"),
    [
        ("no_such", [], "there is no module 'no_such': expected one with an fti.System"),
        ("fti_assets.contracts.time", [], "has no System: expected an fti.System at its top level"),
        ("audited", ["--from", "soon"], "'soon': expected a day, such as 2013-03-01"),
        ("audited", ["--from", "1999-01-01"], "choose other days with --from"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(systems: Path, module: str, arguments: list[str], said: str) -> None:
    (systems / "audited.py").write_text(SHOP)
    done = leakage(module, *arguments)
    assert done.exit_code in (1, 2)
    assert said in done.stderr


def test_the_command_says_what_it_is_for_with_an_example() -> None:
    for command in (["audit"], ["audit", "leakage"]):
        assert "Example:\n    fti audit" in CliRunner().invoke(main, [*command, "--help"]).stdout
