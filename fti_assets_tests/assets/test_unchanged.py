"""Data versions of partitions that are made again, on one asset whose rows are told to it."""

from collections.abc import Callable, Iterator

import dagster as dg
import pytest
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from fti_assets.assets.beta import accepting_beta
from fti_assets.assets.unchanged import restored, unchanged_versions, version_of

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-06", timezone="UTC")
ROWS: dict[str, int] = {}
HELD: dict[str, int] = {}


@accepting_beta
def daily_asset(function: Callable[..., object]) -> dg.AssetsDefinition:
    policy = dg.BackfillPolicy.single_run()
    return dg.asset(partitions_def=DAYS, backfill_policy=policy, code_version="1")(function)


@daily_asset
def table(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetMaterialization]:
    changed = {day for day in context.partition_keys if HELD.get(day) != ROWS.get(day, 0)}
    HELD.update({day: ROWS.get(day, 0) for day in changed})
    for day in context.partition_keys:
        context.add_asset_metadata({"rows": HELD[day]}, partition_key=day)
    unchanged = unchanged_versions(context, context.asset_key, changed)
    yield dg.MaterializeResult(data_version=version_of(context, unchanged))
    yield from restored(context, context.asset_key, unchanged)


@dg.asset
def whole(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetMaterialization]:
    unchanged = unchanged_versions(context, context.asset_key, {"all"} if HELD.get("all") != ROWS.get("all", 0) else ())
    HELD["all"] = ROWS.get("all", 0)
    yield dg.MaterializeResult(data_version=version_of(context, unchanged))
    yield from restored(context, context.asset_key, unchanged)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    ROWS.clear()
    HELD.clear()
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(instance: dg.DagsterInstance, first: str, last: str) -> None:
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    assert dg.materialize([table], instance=instance, tags=tags).success


def version(instance: dg.DagsterInstance, day: str | None, asset: dg.AssetsDefinition = table) -> str:
    return newest(instance, day, asset).tags[DATA_VERSION_TAG]


def newest(instance: dg.DagsterInstance, day: str | None, asset: dg.AssetsDefinition) -> dg.AssetMaterialization:
    asked = dg.AssetRecordsFilter(asset.key, asset_partitions=[day] if day else None)
    return instance.fetch_materializations(asked, limit=1).records[0].asset_materialization


def events(instance: dg.DagsterInstance) -> int:
    return len(instance.fetch_materializations(dg.AssetRecordsFilter(table.key), limit=100).records)


def test_a_first_range_has_one_version_and_one_event_for_each_partition(instance: dg.DagsterInstance) -> None:
    run(instance, "2024-01-01", "2024-01-05")
    assert len({version(instance, day) for day in DAYS.get_partition_keys()}) == 1
    assert events(instance) == 5


def test_one_partition_made_again_keeps_its_version_while_it_keeps_its_rows(instance: dg.DagsterInstance) -> None:
    run(instance, "2024-01-01", "2024-01-05")
    before = version(instance, "2024-01-03")
    assert dg.materialize([table], instance=instance, partition_key="2024-01-03").success
    assert (version(instance, "2024-01-03"), events(instance)) == (before, 6)
    ROWS["2024-01-03"] = 7
    assert dg.materialize([table], instance=instance, partition_key="2024-01-03").success
    assert version(instance, "2024-01-03") != before


def test_in_a_range_those_that_keep_their_rows_keep_their_versions_metadata_and_provenance(
    instance: dg.DagsterInstance,
) -> None:
    run(instance, "2024-01-01", "2024-01-03")
    run(instance, "2024-01-04", "2024-01-05")
    before = {day: version(instance, day) for day in DAYS.get_partition_keys()}
    ROWS["2024-01-02"] = 7
    run(instance, "2024-01-01", "2024-01-05")
    after = {day: version(instance, day) for day in DAYS.get_partition_keys()}
    assert {day for day, each in after.items() if each != before[day]} == {"2024-01-02"}
    kept = newest(instance, "2024-01-04", table)
    assert kept.metadata["rows"].value == 0
    assert kept.tags["dagster/code_version"] == "1"


def test_a_range_that_keeps_all_of_one_version_needs_no_second_event(instance: dg.DagsterInstance) -> None:
    run(instance, "2024-01-01", "2024-01-05")
    before = version(instance, "2024-01-02")
    run(instance, "2024-01-02", "2024-01-04")
    assert (version(instance, "2024-01-02"), events(instance)) == (before, 8)


def test_an_asset_without_partitions_keeps_its_version_too(instance: dg.DagsterInstance) -> None:
    assert dg.materialize([whole], instance=instance).success
    before = version(instance, None, whole)
    assert dg.materialize([whole], instance=instance).success
    assert version(instance, None, whole) == before
    ROWS["all"] = 1
    assert dg.materialize([whole], instance=instance).success
    assert version(instance, None, whole) != before
