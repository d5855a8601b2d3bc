"""A home in a folder is all in it: it can be copied and moved, and lie under any path."""

import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from fti_assets.assets.instance.settings import open_instance
from fti_assets.contracts.time import Window
from fti_assets.inference.batch import issue
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import ORDERS, PREDICTIONS, definitions, opened
from fti_assets_tests.worlds import orders, returns

DAY = Window.of_days("2024-02-01", "2024-02-01")
NEXT_DAY = Window.of_days("2024-02-02", "2024-02-02")


def read(home: Home) -> dict[str, pl.DataFrame]:
    """A table's rows, and the predictions of a day."""
    return {"orders": home.features.read(orders, DAY), "predictions": home.prediction_log.read(returns, DAY)}


def partitions(home: Home, key: dg.AssetKey) -> set[str]:
    with open_instance(home) as instance:
        return instance.get_materialized_partitions(key)


@pytest.fixture
def lived(own_served: Home, tmp_path: Path) -> Home:
    """The shop with champions, under a path that needs care, after two days of Dagster."""
    home = Home(Path(shutil.copytree(own_served.local, tmp_path / 'a "quoted" häuschen, 100%')))
    with opened(home, definitions()) as shop:
        assert shop.days("features", "2024-02-01", "2024-02-02").success
        assert shop.once("predict", "2024-02-01", PREDICTIONS).success
    return home


def test_a_copy_has_everything_and_lives_by_itself(lived: Home, tmp_path: Path) -> None:
    copy = Home(Path(shutil.copytree(lived.local, tmp_path / "copy of it")))
    with opened(copy, definitions()) as shop:
        assert shop.once("predict", "2024-02-02", PREDICTIONS).success
    assert all(rows.equals(read(lived)[name]) and len(rows) for name, rows in read(copy).items())
    assert partitions(copy, ORDERS) == partitions(lived, ORDERS) == {"2024-02-01", "2024-02-02"}
    assert partitions(copy, PREDICTIONS) == {"2024-02-01", "2024-02-02"}
    assert partitions(lived, PREDICTIONS) == {"2024-02-01"}
    assert lived.prediction_log.read(returns, NEXT_DAY).is_empty()


def test_a_moved_home_goes_on_where_it_is_and_leaves_nothing_behind(lived: Home, tmp_path: Path) -> None:
    before = read(lived)
    moved = Home(Path(shutil.move(lived.local, tmp_path / "größer/now here")))
    assert all(rows.equals(before[name]) for name, rows in read(moved).items())
    [issued] = issue(returns, NEXT_DAY, moved)
    assert (issued.rows > 0, issued.kept) == (True, False)
    assert partitions(moved, PREDICTIONS) == {"2024-02-01"}
    assert not lived.local.exists()
