"""Three weeks of the shop, lived once through Dagster; not to be changed."""

from collections.abc import Iterator

import pytest

from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import LivingShop, definitions, opened


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingShop]:
    """Features of 36 days; a champion, a week of predictions; two cutoffs as a range, a week more; 22 January again."""
    with opened(Home(tmp_path_factory.mktemp("lived")), definitions()) as shop:
        runs = [
            shop.days("features", "2024-01-01", "2024-02-05"),
            shop.once("decide", "2024-01-22"),
            shop.once("train_returns", "2024-01-22", **{"fti/trigger": "no champion yet"}),
            shop.days("predict", "2024-01-22", "2024-01-28"),
            shop.once("decide", "2024-01-29"),
            shop.days("train_returns", "2024-01-29", "2024-02-05"),
            shop.days("predict", "2024-01-29", "2024-02-05"),
            shop.once("predict", "2024-01-22"),
            shop.once("online", None),
        ]
        assert all(run.success for run in runs)
        yield shop
