"""What Dagster calls stale when a definition changed: what it made, then what depends on that, and nothing else."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from attrs import evolve
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from fti_assets.contracts.binding import Binding
from fti_assets.contracts.time import Window
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import (
    DATASET,
    HISTORY,
    MODEL,
    ORDERS,
    OUTCOMES,
    PREDICTIONS,
    LivingShop,
    definitions,
    opened,
)
from fti_assets_tests.worlds import BINDINGS, outcomes, returns

WATCHED = (ORDERS, OUTCOMES, HISTORY, DATASET, MODEL, PREDICTIONS)
LOOKED_AT = {str(day) for day in Window.of_days("2024-01-19", "2024-01-30").days}
Stale = set[tuple[str, str, str, str]]
"""Asset, partition, category and what it is about."""


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """The source's rows, the earliest settled first."""
    return rows.sort_values("settled_at", ignore_index=True)


def none_returned(rows: pd.DataFrame) -> pd.DataFrame:
    """The source's rows, none of them sent back."""
    return rows.assign(is_returned=False)


def commented() -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The shop's `as_given` in other words."""

    def as_given(
        rows: pd.DataFrame,
    ) -> pd.DataFrame:
        # a source of outcomes needs no more
        return rows

    return as_given


def with_outcomes(function: Callable[[pd.DataFrame], pd.DataFrame]) -> list[Binding]:
    """The shop, its outcomes computed by another function."""
    return [evolve(each, function=function) if each.group is outcomes else each for each in BINDINGS]


def stale(shop: LivingShop, defs: dg.Definitions) -> Stale:
    """Why Dagster would call each partition that is LOOKED_AT stale, were these the definitions."""
    resolver = CachingStaleStatusResolver(
        shop.instance, defs.resolve_asset_graph(), LoadingContextForTest(shop.instance)
    )
    return {
        (named(key), partition, cause.category.value, named(cause.dependency_asset_key))
        for key in WATCHED
        for partition in made(shop, key)
        for cause in resolver.get_stale_causes(key, partition)
    }


def made(shop: LivingShop, key: dg.AssetKey) -> list[str]:
    """The materialized partitions that are LOOKED_AT."""
    return [partition for partition in shop.partitions(key) if partition in LOOKED_AT]


def named(key: dg.AssetKey | None) -> str:
    return key.to_user_string() if key else ""


@pytest.fixture(scope="module")
def already(lived: LivingShop) -> Stale:
    """What is stale with the definitions as they are: days issued by a champion that is no longer."""
    return stale(lived, lived.defs)


@pytest.fixture
def own(lived: LivingShop, tmp_path: Path) -> Iterator[LivingShop]:
    """The shop that lived three weeks, in a home of the test's own, where nobody sends anything back any more."""
    copied = Home(Path(shutil.copytree(lived.home.local, tmp_path / "own")))
    with opened(copied, definitions(with_outcomes(none_returned))) as shop:
        yield shop


def days(first: str, last: str) -> list[str]:
    return [str(day) for day in Window.of_days(first, last).days]


def test_the_same_definitions_mark_nothing_as_made_by_old_code(already: Stale) -> None:
    assert {each for each in already if each[2] == "CODE"} == set()


def test_a_changed_function_marks_its_group_stale_and_nothing_else(lived: LivingShop, already: Stale) -> None:
    new = stale(lived, definitions(with_outcomes(in_order))) - already
    assert new == {("features/outcome", day, "CODE", "") for day in made(lived, OUTCOMES)}


def test_a_changed_comment_owner_tag_or_description_marks_nothing(lived: LivingShop, already: Stale) -> None:
    owned = evolve(outcomes, owners=["team:shop"], tags={"domain": "returns"})
    bindings = [evolve(each, group=owned) if each.group is outcomes else each for each in with_outcomes(commented())]
    model = evolve(returns, description="Whether it comes back.", owners=["eva@example.com"])
    assert stale(lived, definitions(bindings, model)) == already


def test_a_changed_view_marks_its_dataset_model_and_predictions_stale(lived: LivingShop, already: Stale) -> None:
    narrower = evolve(returns, view=evolve(returns.view, on_demand=()))
    found = stale(lived, definitions(model=narrower)) - already
    assert found == {(named(key), p, "CODE", "") for key in (DATASET, MODEL, PREDICTIONS) for p in made(lived, key)}


def test_a_changed_recipe_marks_its_models_stale_and_nothing_else(lived: LivingShop, already: Stale) -> None:
    found = stale(lived, definitions(model=evolve(returns, holdout="6d"))) - already
    assert found == {("models/returns", cutoff, "CODE", "") for cutoff in made(lived, MODEL)}


def test_a_group_that_is_made_again_as_it_was_leaves_what_depends_on_it_fresh(own: LivingShop) -> None:
    same_rows = replace(own, defs=definitions(with_outcomes(in_order)))
    before = stale(same_rows, same_rows.defs)
    assert same_rows.once("features", "2024-01-20", OUTCOMES).success
    after = stale(same_rows, same_rows.defs)
    assert (before - after, after - before) == ({("features/outcome", "2024-01-20", "CODE", "")}, set())


def test_what_depends_on_a_group_is_stale_once_it_is_made_again_and_so_on_to_the_predictions(own: LivingShop) -> None:
    before = stale(own, own.defs)
    assert own.once("features", "2024-01-20", OUTCOMES).success
    after = stale(own, own.defs)

    assert before - after == {("features/outcome", "2024-01-20", "CODE", "")}
    assert {(category, about) for _, _, category, about in after - before} == {("DATA", "features/outcome")}
    assert partitions(after - before, HISTORY) == days("2024-01-21", "2024-01-27"), "whose last week holds the 20th"
    assert partitions(after - before, DATASET) == ["2024-01-22", "2024-01-29"]
    assert partitions(after - before, PREDICTIONS) == partitions(after - before, MODEL) == []

    assert own.days("features", "2024-01-21", "2024-01-24", HISTORY).success
    assert own.once("train_returns", "2024-01-22", DATASET).success
    last = stale(own, own.defs) - after
    assert partitions(last, PREDICTIONS) == days("2024-01-22", "2024-01-27"), "which look three days back"
    assert partitions(last, MODEL) == ["2024-01-22"]


def partitions(found: Stale, key: dg.AssetKey) -> list[str]:
    """Those of one asset."""
    return sorted({partition for asset, partition, _, _ in found if asset == named(key)})
