"""The shop's history, built once; each test gets a copy of its own to change."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from fti_assets.pipelines.promotion import gate_candidates
from fti_assets.stores.home import Home
from fti_assets_tests.worlds import returns, train_candidate, write_history

CUTOFFS = (date(2024, 1, 22), date(2024, 1, 29))
"""When the two champions of `served` took effect."""


@pytest.fixture(scope="session")
def shop_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the shop's whole history of features, and nothing else. Copy it, do not change it."""
    root = tmp_path_factory.mktemp("shop")
    write_history(Home(root))
    return root


@pytest.fixture(scope="session")
def served_template(shop_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with a champion from each of CUTOFFS on, versions 1 and 2. Copy it, do not change it."""
    root = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(shop_template, root)
    home = Home(root)
    for cutoff in CUTOFFS:
        train_candidate(home, cutoff)
        gate_candidates(returns, home, who="conftest")
    return root


@pytest.fixture
def shop(shop_template: Path, tmp_path: Path) -> Home:
    """The shop's history in a home of the test's own."""
    return Home(Path(shutil.copytree(shop_template, tmp_path / "shop")))


@pytest.fixture
def served(served_template: Path, tmp_path: Path) -> Home:
    """The shop with its two champions in a home of the test's own."""
    return Home(Path(shutil.copytree(served_template, tmp_path / "served")))
