import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fti_assets.cli.main import main
from fti_assets.contracts.time import Window
from fti_assets.features.materialize import materialize
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import BINDINGS, orders


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Orders of two months, a day at a time, two days ago."""
    home = Home(tmp_path)
    for day in Window.of_days("2024-01-30", "2024-02-02").split(1):
        materialize(BINDINGS[0], day, home.features)
    home.storage.create("models/returns/blobs/ab/" + "0" * 62, b"of a registration that was killed")
    past = time.time() - 2 * 24 * 3600
    for path in tmp_path.rglob("*"):
        os.utime(path, (past, past))
    return home


def fti(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", home.url, *arguments])


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


TABLE = "features/order 2024-01, 2024-02 version"
BLOBS = "files that no record names 1 object"
REVISIONS = "older revisions 4 objects"


def test_maintenance_says_what_it_did_and_then_that_there_is_nothing_to_do(home: Home) -> None:
    header, *rows = lines(fti(home, "maintain"))
    assert header == "where months made one file log summarized to deleted"
    assert rows == [f"{TABLE} 6", BLOBS, REVISIONS]
    assert lines(fti(home, "maintain")) == [f"nothing to do in {home.url}"]
    assert home.features.read(orders, Window.of_days("2024-01-30", "2024-02-02")).height == 80


def test_a_dry_run_says_what_would_be_done_and_does_nothing(home: Home) -> None:
    objects = home.storage.objects()
    _, *rows, last = lines(fti(home, "maintain", "--dry-run"))
    assert (rows, last) == ([f"{TABLE} 4", BLOBS, REVISIONS], "nothing was done: --dry-run")
    assert home.storage.objects() == objects


def test_an_empty_home_has_nothing_to_do_and_no_fault(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    assert lines(fti(home, "maintain")) == [f"nothing to do in {home.url}"]
    assert lines(fti(home, "verify")) == ["0 tables, 0 objects: all as it was written"]


def test_a_home_is_verified_and_each_fault_is_named(home: Home) -> None:
    fti(home, "maintain")
    (said,) = lines(fti(home, "verify"))
    assert said.startswith("1 table, ")
    assert said.endswith("objects: all as it was written")
    newest = max(
        home.storage.objects("features/order/fti_month=2024-02"), key=lambda key: (home.local / key).stat().st_mtime
    )
    home.storage.delete([newest])
    home.storage.create(newest, b"")
    result = fti(home, "verify")
    assert result.exit_code == 1
    fault, last = result.stdout.splitlines()
    assert fault.startswith(f"{home.url}/{newest}: it was cut: it has 0 of ")
    assert last.endswith(": 1 fault")
