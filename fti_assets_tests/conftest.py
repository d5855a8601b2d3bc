"""The shop's history, built once; each test gets a copy of its own to change."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from fti_assets.stores.home import Home
from fti_assets.stores.storage import Storage
from fti_assets.training.promotion import gate_candidates
from fti_assets.views.inputs import table_versions
from fti_assets_tests.worlds import returns, train_candidate, write_history

# threads that wait for work by spinning take the cores from each other: it would quadruple the time of tiny fits
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

CUTOFFS = (date(2024, 1, 22), date(2024, 1, 29))
"""When the two champions of `served` took effect."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: of two processes the one should not wait for the other's last file."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="module", autouse=True)
def written_modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Modules that a file's tests wrote and imported are forgotten: another file may give one the same name."""
    yield
    folder = tmp_path_factory.getbasetemp()
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
            del sys.modules[name]


@pytest.fixture(scope="session")
def shop_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the shop's whole history of features, and nothing else. Not to be changed."""
    home = Home(tmp_path_factory.mktemp("shop"))
    write_history(home)
    versions = table_versions(returns.view, home.features)
    yield home.local
    assert table_versions(returns.view, home.features) == versions, "a test wrote features: it needs own_shop"


@pytest.fixture(scope="session")
def served_template(shop_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's datasets and models, with a champion from each of CUTOFFS on, versions 1 and 2. Not to be changed."""
    home = Home(tmp_path_factory.mktemp("served"), Storage(shop_template / "features"))
    for cutoff in CUTOFFS:
        train_candidate(home, cutoff)
        gate_candidates(returns, home, who="conftest")
    return home.local


@pytest.fixture
def shop(shop_template: Path, tmp_path: Path) -> Home:
    """An empty home on the shop's features, which it shares: a test that writes features takes `own_shop`."""
    return Home(tmp_path / "home", Storage(shop_template / "features"))


@pytest.fixture
def served(shop: Home, served_template: Path) -> Home:
    """The shop with its two champions, on shared features: a test that writes features takes `own_served`."""
    shutil.copytree(served_template, shop.local)
    return shop


@pytest.fixture
def own_shop(shop_template: Path, tmp_path: Path) -> Home:
    """The shop's features in a home of the test's own."""
    shutil.copytree(shop_template / "features", tmp_path / "own" / "features")
    return Home(tmp_path / "own")


@pytest.fixture
def own_served(own_shop: Home, served_template: Path) -> Home:
    """The shop with its two champions, and features, in a home of the test's own."""
    shutil.copytree(served_template, own_shop.local, dirs_exist_ok=True)
    return own_shop
