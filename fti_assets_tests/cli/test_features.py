import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from fti_assets.cli.main import main
from fti_assets.contracts.feature_group import as_binding
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets_tests.worlds import BINDINGS, FIRST_DAY, outcomes, returns


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Ten days of the shop with a dataset, the 13th of January after a gap, outcomes twice and with an owner."""
    home = Home(tmp_path_factory.mktemp("shop"))
    owned = [evolve(BINDINGS[1], group=evolve(outcomes, owners=["team:shop"], tags={"domain": "returns"}))]
    for binding in (BINDINGS[0], *owned):
        for first, last in (("2024-01-01", "2024-01-10"), ("2024-01-13", "2024-01-13")):
            materialize(binding, Window.of_days(first, last), home.features)
    for binding in (evolve(BINDINGS[1], group=evolve(outcomes, version=2)), *BINDINGS[2:]):
        materialize(binding, Window.of_days(FIRST_DAY, "2024-01-10"), home.features)
    build_dataset(returns, midnight("2024-01-10"), midnight(FIRST_DAY), home)
    return home


def fti(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home.local), "features", *arguments])


def lines(home: Home, *arguments: str) -> list[str]:
    result = fti(home, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_the_list_says_what_is_stored_how_fresh_it_is_and_who_uses_it(home: Home) -> None:
    header, *rows = lines(home, "list")
    assert header.split()[:5] == ["group", "keys", "columns", "partitions", "stored"]
    found = {row.split()[0]: row for row in rows}
    assert found["order"].split()[1:8] == ["order_id", "6", "daily", "11", "2", "2024-01-13", "17:30Z"]
    assert found["order"].split()[8:] == ["returns", "An", "order,", "as", "placed."]
    assert found["products"].split()[3:] == ["whole", "whole", "returns", "The", "catalogue."]
    assert "returns, customer_history" in found["outcome"]
    assert "nobody" in found["outcome_v2"]


def test_how_far_ahead_rows_are_known_and_which_end_windows_hold_is_shown(tmp_path: Path) -> None:
    home, day = Home(tmp_path), Window.of_days("2024-01-02", "2024-01-02")
    ahead = evolve(outcomes, ahead="14d")
    by_then = as_binding(ahead.windows("customer", {"is_returned": "mean"}, over="1d", name="by_then", closed="right"))
    for binding in (evolve(BINDINGS[1], group=ahead), by_then):
        materialize(binding, day, home.features)
    assert "  known ahead    up to 14d" in lines(home, "show", "outcome")
    assert "windows of 1d, every 1d, closed right" in "\n".join(lines(home, "show", "by_then"))


def test_a_group_is_shown_with_everything(home: Home) -> None:
    shown = "\n".join(lines(home, "show", "outcome"))
    for said in (
        "outcome: What became of an order: due a day after it was placed, settled two hours later.",
        "owners         team:shop",
        "tags           domain=returns",
        "version        1, beside outcome_v2",
        "stored         11, 2024-01-01 to 2024-01-13",
        "missing        2024-01-11, 2024-01-12",
        "whole from     2024-01-01 00:00Z",
        "newest row     2024-01-13 19:30Z",
        "computed by    fti_assets_tests.worlds.as_given",
        "source shop_outcomes: What became of an order",
    ):
        assert said in shown
    columns = {line.split()[0]: line for line in shown.splitlines() if line.startswith("  ")}
    assert "returns (label), customer_history (windows)" in columns["is_returned"]


def test_of_windows_is_told_from_when_on_they_are_whole(home: Home) -> None:
    assert "whole from     2024-01-08 00:00Z" in "\n".join(lines(home, "show", "customer_history"))


def test_a_column_that_nobody_uses_is_said_to_be_so(home: Home) -> None:
    columns = {line.split()[0]: line.split()[1:] for line in lines(home, "show", "order") if line.startswith("  ")}
    assert columns["is_gift"] == ["boolean", "returns"]
    assert columns["quantity"] == ["integer", "pieces", "greater_than_or_equal_to(1)", "returns"]
    assert columns["customer"] == ["text", "returns", "(join)"]
    unused = {line.split()[0]: line.split()[1:] for line in lines(home, "show", "outcome_v2") if line.startswith("  ")}
    assert unused["is_returned"] == ["boolean", "nobody"]
    assert unused["order_id"] == ["text", "key", "key"]


def test_windows_are_shown_with_their_lengths_and_meaning(home: Home) -> None:
    shown = lines(home, "show", "customer_history")
    assert "  group outcome: settled_at, customer, is_returned; windows of 7d, every 1d" in shown
    assert any("mean of outcome.is_returned over the 7d before as_of" in line for line in shown)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TEAM:shop", [("outcome", "owner", "team:shop")]),
        ("domain=", [("outcome", "tag", "domain=returns")]),
        ("pieces", [("order", "column", "quantity: pieces")]),
        ("catalogue", [("products", "description", "The catalogue.")]),
        ("histor", [("customer_history", "name", "customer_history")]),
    ],
)
def test_search_says_where_it_found_the_text(home: Home, text: str, found: list[tuple[str, str, str]]) -> None:
    answered = json.loads(fti(home, "search", text, "--json").stdout)
    assert [tuple(each.values()) for each in answered] == found
    assert [line.split()[0] for line in lines(home, "search", text)[1:]] == [group for group, _, _ in found]


def test_machines_read_the_same_as_json(home: Home) -> None:
    listed = {each["group"]: each for each in json.loads(fti(home, "list", "--json").stdout)}
    assert (listed["order"]["stored"], listed["order"]["missing"]) == (11, 2)
    assert listed["outcome"]["used by"] == ["returns", "customer_history"]
    shown = json.loads(fti(home, "show", "outcome", "--json").stdout)
    assert shown["missing"] == ["2024-01-11", "2024-01-12"]
    assert shown["other versions"] == ["outcome_v2"]
    assert shown["columns"][-1]["used by"] == {"returns": "label", "customer_history": "windows"}


def test_what_is_not_there_is_said_with_what_is(home: Home, tmp_path: Path) -> None:
    failed = fti(home, "show", "ordr")
    assert failed.exit_code == 1
    assert "there is no feature group 'ordr'; there are: customer_history, order, outcome" in failed.stderr
    assert lines(home, "search", "zebra") == [
        f"nothing in {home.local} has 'zebra' in its name, description, columns, owners or tags"
    ]
    empty = Home(tmp_path / "nowhere")
    assert lines(empty, "list") == [
        f"no feature groups in {empty.url}: materialize features/<name>, or choose another --home"
    ]


def test_nothing_is_written_by_looking(home: Home) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in home.local.rglob("*"))
    for arguments in (["list"], ["show", "order"], ["search", "order"]):
        assert fti(home, *arguments).exit_code == 0
    assert sorted((path, path.stat().st_mtime_ns) for path in home.local.rglob("*")) == before


def test_the_home_alone_is_enough(home: Home) -> None:
    code = f"""
import sys
from fti_assets.cli.main import main
for command in (["list"], ["show", "order"], ["search", "order"]):
    main(["--home", {str(home.local)!r}, "features", *command], standalone_mode=False)
heavy = {{"dagster", "pandas", "pandera", "xgboost", "fti_assets_tests"}}
sys.stdout.write(f"loaded: {{sorted(heavy & set(sys.modules))}}")
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("loaded: []")


def test_every_command_says_what_it_is_for_with_an_example() -> None:
    for command in ([], ["list"], ["show"], ["search"]):
        assert "Example:\n    fti features" in CliRunner().invoke(main, ["features", *command, "--help"]).stdout
