"""Partitions that were made again and are what they were: they keep their data version, so nothing becomes stale."""

from collections.abc import Collection, Iterator, Mapping

import dagster as dg

from fti_assets.assets.data_versions import run_version
from fti_assets.assets.instance.dagster_private import DATA_VERSION_TAG

Partition = str | None


def unchanged_versions(
    context: dg.AssetExecutionContext, key: dg.AssetKey, changed: Collection[str]
) -> dict[Partition, str]:
    """The data version of each of the run's partitions (None of an asset without any) that kept its rows.

    `changed` are the keys of those that did not; one that Dagster has not seen yet has no version to keep.
    """
    has_partitions = context.has_partition_key_range or context.has_partition_key
    again: list[Partition] = [*context.partition_keys] if has_partitions else [None]
    versions = {
        partition: (newest.tags or {}).get(DATA_VERSION_TAG)
        for partition in again
        if (partition not in changed if partition else not changed) and (newest := _newest(context, key, partition))
    }
    return {partition: version for partition, version in versions.items() if version}


def version_of(context: dg.AssetExecutionContext, unchanged: Mapping[Partition, str]) -> dg.DataVersion:
    """The data version of the whole run: the one that all of its partitions had and kept, or else a new one."""
    has_partitions = context.has_partition_key_range or context.has_partition_key
    whole = len(unchanged) == (len(context.partition_keys) if has_partitions else 1)
    had = set(unchanged.values())
    return dg.DataVersion(had.pop()) if whole and len(had) == 1 else run_version(context)


def restored(
    context: dg.AssetExecutionContext, key: dg.AssetKey, unchanged: Mapping[Partition, str]
) -> Iterator[dg.AssetMaterialization]:
    """The run's materializations of its unchanged partitions, once more, with the versions that these had.

    A run of a range has one data version for all of its partitions, so this follows its result.
    """
    of_run = version_of(context, unchanged).value
    for partition, version in unchanged.items():
        made = _newest(context, key, partition)
        if version != of_run and made:
            yield dg.AssetMaterialization(
                key, partition=partition, metadata=made.metadata, tags={**(made.tags or {}), DATA_VERSION_TAG: version}
            )


def _newest(
    context: dg.AssetExecutionContext, key: dg.AssetKey, partition: Partition
) -> dg.AssetMaterialization | None:
    asked = dg.AssetRecordsFilter(key, asset_partitions=[partition] if partition else None)
    records = context.instance.fetch_materializations(asked, limit=1).records
    return records[0].asset_materialization if records else None
