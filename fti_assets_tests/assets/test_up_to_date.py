"""What is out of date, as Dagster shows it, and what automation makes again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.feature_pipeline import feature_pipeline
from fti_assets.stores.home import Home
from fti_assets_tests.assets.living_shop import (
    DATASET,
    HISTORY,
    MODEL,
    ORDERS,
    OUTCOMES,
    PREDICTIONS,
    PRODUCTS,
    LivingShop,
    definitions,
    opened,
)
from fti_assets_tests.worlds import BINDINGS, outcome_source, outcomes

FIRST, LAST, END = "2024-01-01", "2024-01-19", "2024-01-20"


def flipped(rows):
    return rows.assign(is_returned=~rows["is_returned"])


CORRECTED = outcomes.computed(flipped, outcome_source)


def shop_with(*bindings: object) -> dg.Definitions:
    return feature_pipeline(*bindings, since=FIRST, until=END, recompute="5d")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LivingShop]:
    with opened(Home(tmp_path), shop_with(*BINDINGS)) as shop:
        assert shop.days("features", FIRST, LAST, ORDERS, OUTCOMES, PRODUCTS, HISTORY).success
        yield shop


def checks(shop: LivingShop, key: dg.AssetKey) -> dict[str, str]:
    return {partition: status for partition, status in shop.checks(key, "up_to_date").items() if partition}


def failed(shop: LivingShop, key: dg.AssetKey) -> list[str]:
    return sorted(partition for partition, status in checks(shop, key).items() if status == "FAILED")


def correct(shop: LivingShop, day: str) -> LivingShop:
    """The shop after a day of outcomes was corrected at its source."""
    corrected = LivingShop(shop_with(BINDINGS[0], CORRECTED, *BINDINGS[2:]), shop.instance, shop.home)
    assert corrected.once("features", day, OUTCOMES).success
    return shop


def tell(shop: LivingShop) -> None:
    assert shop.once("features_out_of_date", None).success


def requested(shop: LivingShop, key: dg.AssetKey) -> set[str]:
    evaluated = accepting_beta(dg.evaluate_automation_conditions)(
        defs=shop.defs, instance=shop.instance, evaluation_time=datetime(2024, 1, 20, 12, tzinfo=UTC)
    )
    return set(evaluated.get_requested_partitions(key))


def test_what_was_made_just_now_passes(shop: LivingShop) -> None:
    assert set(checks(shop, HISTORY).values()) == {"SUCCEEDED"}
    assert len(checks(shop, HISTORY)) == 19


def test_the_partitions_that_read_a_corrected_one_fail_once_they_are_told_and_pass_when_made_again(
    shop: LivingShop,
) -> None:
    correct(shop, "2024-01-10")
    tell(shop)
    assert failed(shop, HISTORY) == [f"2024-01-{day}" for day in range(11, 18)]

    assert shop.days("features", "2024-01-11", "2024-01-17", HISTORY).success
    assert failed(shop, HISTORY) == []


def test_a_correction_taken_back_is_told_too(shop: LivingShop) -> None:
    correct(shop, "2024-01-10")
    tell(shop)
    assert shop.once("features", "2024-01-10", OUTCOMES).success

    tell(shop)

    assert failed(shop, HISTORY) == []


def test_automation_makes_again_what_is_out_of_date_within_the_bound_and_nothing_older(shop: LivingShop) -> None:
    correct(shop, "2024-01-10")
    assert requested(shop, HISTORY) == set()
    tell(shop)

    assert requested(shop, HISTORY) == {"2024-01-15", "2024-01-16", "2024-01-17"}

    assert shop.days("features", "2024-01-15", "2024-01-17", HISTORY).success
    assert requested(shop, HISTORY) == set()
    assert failed(shop, HISTORY) == [f"2024-01-{day}" for day in range(11, 15)], "told, for a person"


def test_datasets_and_issued_days_are_told_and_stay_as_they_are(tmp_path: Path) -> None:
    with opened(Home(tmp_path), definitions()) as shop:
        runs = [
            shop.days("features", FIRST, "2024-02-02", ORDERS, OUTCOMES, PRODUCTS, HISTORY),
            shop.days("train_returns", "2024-01-22", "2024-01-29"),
            shop.days("predict", "2024-01-29", "2024-02-02", PREDICTIONS),
        ]
        assert all(run.success for run in runs)
        for job in ("features_out_of_date", "training_out_of_date", "inference_out_of_date"):
            assert shop.once(job, None).success
        assert {status for key in (DATASET, MODEL, PREDICTIONS) for status in checks(shop, key).values()} == {
            "SUCCEEDED"
        }
        corrected = LivingShop(definitions((BINDINGS[0], CORRECTED, *BINDINGS[2:])), shop.instance, shop.home)
        assert corrected.once("features", "2024-01-25", OUTCOMES).success
        assert shop.days("features", "2024-01-26", "2024-02-01", HISTORY).success

        assert shop.once("training_out_of_date", None).success
        assert shop.once("inference_out_of_date", None).success

        assert failed(shop, DATASET) == ["2024-01-29"]
        assert failed(shop, MODEL) == []
        assert failed(shop, PREDICTIONS) == [f"2024-01-{day}" for day in (29, 30, 31)] + ["2024-02-01", "2024-02-02"]
