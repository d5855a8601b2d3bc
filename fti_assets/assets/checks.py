"""Check results that are right for one partition and for a range of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

CheckResult = dg.AssetCheckEvaluation | dg.AssetCheckResult


def check_results(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    name: str,
    passed: Mapping[str, bool] | bool,
    metadata: Mapping[str, Any],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    metadata_by_partition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[CheckResult]:
    """An evaluation for each partition of the run, and the result of the whole: it passes when all do.

    Dagster plans a check for each partition of a run but stores one result without a partition; a partition that is
    not evaluated by name stays planned and shows as skipped. `passed` is by partition key, or one answer for all. The
    last partition carries the metadata too: where the run holds assets without partitions, Dagster shows it as newest.
    Other partitions carry their own, if they have any.
    """
    of_partition = metadata_by_partition or {}
    by_partition = {} if isinstance(passed, bool) else passed
    default = passed if isinstance(passed, bool) else True
    has_partitions = context.has_partition_key_range or context.has_partition_key
    partitions: Sequence[str] = context.partition_keys if has_partitions else []
    for partition in partitions:
        yield dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=name,
            passed=by_partition.get(partition, default),
            partition=partition,
            metadata=metadata if partition == partitions[-1] else of_partition.get(partition, {}),
            blocking=False,
            severity=severity,
        )
    yield dg.AssetCheckResult(
        check_name=name,
        passed=default and all(by_partition.values()),
        severity=severity,
        metadata=metadata,
    )
