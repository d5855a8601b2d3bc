"""What the UI shows of a group's statistics: figures of each partition, a profile, and whether it is as usual."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl

from fti_assets.assets.charts.plots import sparkline
from fti_assets.assets.charts.statistics_table import statistics_table
from fti_assets.assets.checks import CheckResult, check_results
from fti_assets.assets.describe import table
from fti_assets.assets.keys import feature_key
from fti_assets.contracts.group import Group
from fti_assets.features.expectations import PEERS
from fti_assets.features.kept_statistics import Kept

AS_USUAL = "as_usual"
_SHOWN = 20


def as_usual_spec(group: Group) -> dg.AssetCheckSpec:
    """The check that a partition looks like those before it; it warns and blocks nothing."""
    return dg.AssetCheckSpec(
        AS_USUAL,
        asset=feature_key(group),
        description="Rows, missing values, categories and freshness are as in the partitions before.",
    )


def as_usual(context: dg.AssetExecutionContext, group: Group, kept: Kept) -> Iterator[CheckResult]:
    """The check's results: for each partition, and for the run, with what was found and what was expected."""
    cases = {
        _name(group, start): [{"partition": _name(group, start), **asdict(surprise)} for surprise in surprises]
        for start, surprises in kept.unusual.items()
    }
    every = [case for surprises in cases.values() for case in surprises]
    yield from check_results(
        context,
        feature_key(group),
        AS_USUAL,
        not every if group.dimension else {partition: not surprises for partition, surprises in cases.items()},
        _shown(every),
        dg.AssetCheckSeverity.WARN,
        {partition: _shown(surprises) for partition, surprises in cases.items() if surprises},
    )


def partition_figures(group: Group, kept: Kept) -> dict[str, dict[str, Any]]:
    """Metadata by partition: rows and the share of missing values; the last also shows the statistics up to it.

    These cover the partitions written, or the last 28 where those are fewer. Dagster stores what a run says of all its
    partitions with each of them, so what is long is said of one.
    """
    by_partition = kept.statistics.group_by("start", maintain_order=True)
    sums = by_partition.agg(pl.first("rows"), pl.sum("rows").alias("values"), pl.sum("missing"))
    figures: dict[str, dict[str, Any]] = {
        _name(group, partition["start"]): {
            "dagster/partition_row_count": partition["rows"],
            "missing values": partition["missing"] / partition["values"] if partition["values"] else 0.0,
        }
        for partition in sums.iter_rows(named=True)
    }
    recent = pl.concat([kept.before, kept.statistics])
    shown = recent["start"].unique().sort().tail(max(PEERS, len(figures)))
    last = figures[list(figures)[-1]]
    if len(figures) > 1:
        title = "rows by partition"
        last[title] = dg.MetadataValue.md(sparkline(sums["rows"].to_list(), title=title))
    last["statistics"] = statistics_table(recent.filter(pl.col("start") >= shown[0]))
    return figures


def _name(group: Group, start: datetime) -> str:
    return "" if group.dimension else group.period.key(start)


def _shown(cases: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    shown: dict[str, Any] = {"unusual": len(cases)}
    if cases:
        shown["cases"] = table(cases[:_SHOWN], ("partition", "check", "column", "found", "expected"))
    return shown
