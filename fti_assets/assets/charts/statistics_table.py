"""A feature group's statistics as a table: the last partition in figures, and those up to it in blocks."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from fti_assets.assets.charts.blocks import trend
from fti_assets.assets.charts.numbers import percent, short
from fti_assets.assets.describe import markdown_table

LONGEST = 30_000
_FIGURES: Mapping[str, str] = {"integer": "q50", "number": "q50", "boolean": "mean", "text": "distinct"}

Partitions = Sequence[Mapping[str, Any]]


def statistics_table(statistics: pl.DataFrame) -> dg.MetadataValue:
    """The columns of the last partition: what is missing, the middle, what is most frequent.

    With several partitions also, by partition, the median of a number, the share of true of a boolean or how many
    texts differ; the share of missing values; and how far the 5 and the 95 % quantile of a number are apart. The rows
    by partition stand above the table. More partitions than a line of blocks holds become means of neighbours, and
    columns beyond LONGEST characters are only counted. `statistics` is as features.statistics has it, with a partition
    or more.
    """
    last = statistics.filter(pl.col("start") == pl.col("start").max())
    by_column = statistics.partition_by("column", as_dict=True)
    columns = [by_column[name,].to_dicts() for name in last["column"]]
    several = statistics["start"].n_unique() > 1
    names = ["column", "missing", "values"]
    if several:
        names += ["by partition", "missing by partition", "5 to 95 % apart"]
    rows = [_row(partitions) for partitions in columns]
    above = _rows_by_partition(max(columns, key=len)) if several else ""
    text = above + markdown_table(rows, names)
    while len(text) >= LONGEST:
        rows = rows[: len(rows) * 9 // 10]
        text = above + markdown_table(rows, names) + f"\n\nand {len(columns) - len(rows)} more columns"
    return dg.MetadataValue.md(text)


def _row(partitions: Partitions) -> dict[str, str]:
    last = partitions[-1]
    figure = _FIGURES.get(last["kind"], "")
    say = percent if figure == "mean" else short
    missing = [p["missing"] / p["rows"] if p["rows"] else None for p in partitions]
    apart = [p["q95"] - p["q05"] if p["q05"] is not None else None for p in partitions]
    return {
        "column": last["column"],
        "missing": percent(last["missing"] / last["rows"]) if last["rows"] else "",
        "values": _values(last),
        "by partition": trend([p[figure] for p in partitions], say) if figure else "",
        "missing by partition": trend(missing, percent) if any(missing) else "",
        "5 to 95 % apart": trend(apart),
    }


def _rows_by_partition(partitions: Partitions) -> str:
    first, last = partitions[0]["start"], partitions[-1]["start"]
    span = f"{len(partitions)} partitions, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"
    return f"{span}. Rows: {trend([p['rows'] for p in partitions])}\n\n"


def _values(figures: Mapping[str, Any]) -> str:
    if figures["q50"] is not None:
        low, middle, high = (short(figures[q]) for q in ("q05", "q50", "q95"))
        return f"{middle} ({low} to {high})"
    if figures["kind"] == "boolean" and figures["mean"] is not None:
        return f"{figures['mean']:.1%} true"
    if figures["first"] is not None:
        return f"{figures['first']:%Y-%m-%d %H:%M} to {figures['last']:%Y-%m-%d %H:%M}"
    if figures["distinct"]:
        top = zip((figures["categories"] or ())[:3], figures["counts"] or (), strict=False)
        return f"{figures['distinct']:,} distinct" + "".join(f", {name} {count:,}" for name, count in top)
    return ""
