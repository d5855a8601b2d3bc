from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from fti_assets.cli.main import main
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import Order, as_given, order_source

GROUP = FeatureGroup(Order, keys="order_id", event_time="placed_at", on_invalid="quarantine", invalid_up_to=0.2)
DAYS = Window.of_days("2024-01-05", "2024-01-06")


def gifts(rows: pd.DataFrame) -> pd.DataFrame:
    """Two orders of the fifth have no pieces, one of the sixth is there twice with different customers."""
    none = rows.assign(quantity=rows["quantity"].mask(rows["order_id"].isin(["2024-01-05-01", "2024-01-05-02"]), 0))
    return pd.concat([none, none[none["order_id"] == "2024-01-06-03"].assign(customer="eve")], ignore_index=True)


def spoil(home: Home, function: Callable[[pd.DataFrame], pd.DataFrame] = gifts) -> None:
    materialize(GROUP.computed(function, order_source), DAYS, home.features)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(tmp_path_factory.mktemp("spoilt"))
    spoil(home)
    nameless = Source(
        Order,
        lambda start, end: order_source.read(start, end).assign(customer=None).head(1),
        name="shop_orders",
        on_invalid="quarantine",
        invalid_up_to=0.9,
    )
    named = Source(
        Order,
        lambda start, end: pd.concat([order_source.read(start, end), nameless.read(start, end)]),
        name="shop_orders",
        on_invalid="quarantine",
    )
    strict = FeatureGroup(Order, keys="order_id", event_time="placed_at", name="named_orders")
    materialize(strict.computed(as_given, named), Window.of_days("2024-01-07", "2024-01-07"), home.features)
    return home.local


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    return Home(Path(copytree(template, tmp_path / "home")))


def fti(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home.local), "quarantine", *arguments])


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_the_list_says_where_rows_are_set_aside_how_many_and_why(home: Home) -> None:
    header, *rows = map(cells, lines(fti(home, "list")))
    assert header == ["of", "partition", "rows", "released", "most frequent reason"]
    assert rows == [
        ["features/order", "2024-01-05", "2", "no", "quantity: greater_than_or_equal_to(1) (2)"],
        ["features/order", "2024-01-06", "2", "no", "order_id, placed_at: no row twice (2)"],
        ["source/shop_orders", "2024-01-07", "1", "no", "customer: not_nullable (1)"],
    ]


@pytest.mark.parametrize("group", ["order", "features/order"])
def test_the_list_can_be_of_one_group(home: Home, group: str) -> None:
    assert [cells(line)[1] for line in lines(fti(home, "list", "--group", group))[1:]] == ["2024-01-05", "2024-01-06"]


def test_a_home_without_quarantined_rows_says_so(tmp_path: Path) -> None:
    nowhere = Home(tmp_path / "nowhere")
    assert lines(fti(nowhere, "list")) == [f"no rows are set aside in {nowhere.url}"]
    for arguments in (
        ["show", "order"],
        ["release", "order", "2024-01-05", "--why", "x"],
        ["list", "--group", "order"],
    ):
        failed = fti(nowhere, *arguments)
        assert failed.exit_code == 1
        assert failed.stderr == "Error: no rows of 'order' are set aside: no rows are set aside at all\n"


def test_rows_are_shown_with_their_reasons_and_values(home: Home) -> None:
    header, first, second, _, counted = lines(fti(home, "show", "order", "--partition", "2024-01-05"))
    assert cells(header) == ["partition", "row", "released", "why", "values"]
    partition, row, released, why, values = cells(first)
    assert (partition, released, why) == ("2024-01-05", "no", "quantity: greater_than_or_equal_to(1) (is 0)")
    assert home.features.quarantine.rows("features/order")[0].digest.startswith(row)
    assert values.startswith('{"order_id": "2024-01-05-01", "customer":')
    assert "2024-01-05-02" in second
    assert counted.startswith("2 rows, set aside since 20")


def test_rows_that_cannot_be_released_are_told_apart(home: Home) -> None:
    assert cells(lines(fti(home, "show", "shop_orders"))[1])[2] == "cannot be"


def test_no_more_rows_are_shown_than_asked_for(home: Home) -> None:
    shown = lines(fti(home, "show", "order", "--limit", "1"))
    assert len(shown) == 4
    assert shown[-1].startswith("1 of 4 rows")
    assert lines(fti(home, "show", "order", "--partition", "2024-03-01")) == [
        "no rows of features/order are set aside in 2024-03-01"
    ]


def test_a_hostile_value_stays_in_its_cell(home: Home) -> None:
    spoil(home, lambda rows: gifts(rows).assign(customer='a\n"b"\0' + "x" * 1000))
    shown = lines(fti(home, "show", "order", "--partition", "2024-01-05"))
    assert len(shown) == 5
    assert all(len(line) < 300 and line.isprintable() for line in shown)


def test_released_rows_pass_when_their_partition_is_materialized_again(home: Home) -> None:
    row = home.features.quarantine.rows("features/order")[0].digest[:12]
    said = lines(fti(home, "release", "order", "2024-01-05", "--row", row, "--why", "a prize", "--by", "ada"))
    assert said[0] == "features/order 2024-01-05: 1 row released, 1 not"
    assert said[-1] == "  dg launch -m MODULE --assets features/order --partition 2024-01-05"
    assert cells(lines(fti(home, "list"))[1])[3] == "1 of 2"
    assert cells(lines(fti(home, "show", "order"))[1])[2] == "released"
    [waiver] = home.features.quarantine._waivers.all()
    assert (waiver.who, waiver.why) == ("ada", "a prize")
    spoil(home)
    assert cells(lines(fti(home, "list"))[1])[2] == "1"
    assert "2024-01-05-01" in home.features.read(GROUP, DAYS)["order_id"].to_list()


def test_all_rows_of_a_partition_are_released_by_whoever_runs_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "eva")
    assert lines(fti(home, "release", "order", "2024-01-05", "--why", "x"))[0].endswith("2024-01-05: 2 rows released")
    assert home.features.quarantine._waivers.all()[0].who == "eva"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["order", "2024-01-06"], "cannot be released: order_id, placed_at: no row twice (it is 2024-01-06-03"),
        (["shop_orders", "2024-01-07"], "of source/shop_orders cannot be released: customer: not_nullable"),
        (["order", "2024-01-09"], "there is no partition '2024-01-09'; there are: 2024-01-05, 2024-01-06"),
        (["order", "2024-01-05", "--row", "zz"], "there is no row 'zz'; there are: "),
        (["orders", "2024-01-05"], "no rows of 'orders' are set aside; with rows set aside: features/order, source/"),
    ],
)
def test_what_cannot_be_released_is_one_line_that_says_why(home: Home, arguments: list[str], said: str) -> None:
    failed = fti(home, "release", *arguments, "--why", "x")
    assert (failed.exit_code, failed.stdout) == (1, "")
    (line,) = failed.stderr.splitlines()
    assert said in line
    assert home.features.quarantine._waivers.all() == []


def test_a_release_needs_a_reason(home: Home) -> None:
    assert fti(home, "release", "order", "2024-01-05").exit_code == 2
    assert "expected who decides it and why" in fti(home, "release", "order", "2024-01-05", "--why", " ").stderr


def test_every_command_says_what_it_is_for_with_an_example() -> None:
    for command in ([], ["list"], ["show"], ["release"]):
        text = CliRunner().invoke(main, ["quarantine", *command, "--help"]).stdout
        assert "Example:\n    fti quarantine" in text, command
