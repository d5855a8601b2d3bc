"""A feature group's recent partitions in one picture, and the last of them as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from fti_assets.assets.charts import svg
from fti_assets.assets.describe import table
from fti_assets.contracts.group import Group

COLUMNS = 5
_POINTS = 60
_LEFT, _RIGHT, _HEIGHT, _STRIP = 150, svg.WIDTH - 70, 44, 12
_STEP = _HEIGHT + _STRIP + 22
_BAND, _MISSING = "#dbeafe", svg.COLORS[1]
_FIGURES: Mapping[str, str] = {"integer": "q50", "number": "q50", "boolean": "mean", "text": "distinct"}
_MEANINGS: Mapping[str, str] = {
    "integer": "median, 5 to 95 %",
    "number": "median, 5 to 95 %",
    "boolean": "share of true",
    "text": "distinct",
}

Partitions = Sequence[Mapping[str, Any]]


def profile_chart(group: Group, statistics: pl.DataFrame) -> str:
    """Rows, and up to five value columns by partition, below 30,000 characters; missing rates in orange.

    Of a number the median within its 5 to 95 % band, of a boolean the share of true, of a text how many differ; more
    than 60 partitions become means of neighbours. `statistics` is as features.statistics has it, with a partition or
    more.
    """
    chosen = _chosen(group)
    by_column: dict[str, list[Mapping[str, Any]]] = {}
    for figures in statistics.iter_rows(named=True):
        by_column.setdefault(figures["column"], []).append(figures)
    first, *_ = by_column.values()
    panels = [_panel(0, "rows", "by partition", [{"rows": p["rows"]} for p in first], "rows")]
    for place, (name, kind) in enumerate(chosen.items(), start=1):
        panels.append(_panel(place, name, _MEANINGS[kind], by_column.get(name, []), _FIGURES[kind]))
    bottom = 52 + _STEP * len(panels)
    ends = (first[0]["start"], first[-1]["start"])
    body = [
        svg.text(20, 28, f"{group.name}: {len(first)} partitions", size=16, weight=600),
        svg.text(_RIGHT, 28, "below each column: share of missing values", "end", _MISSING),
        *panels,
        svg.text(_LEFT, bottom, f"{ends[0]:%Y-%m-%d %H:%M}", fill=svg.MUTED),
        svg.text(_RIGHT, bottom, f"{ends[1]:%Y-%m-%d %H:%M}", "end", svg.MUTED),
    ]
    return svg.markdown(f"{group.name}: rows and columns by partition", svg.WIDTH, bottom + 14, body)


def statistics_table(statistics: pl.DataFrame) -> dg.MetadataValue:
    """The columns of the last partition: what is missing, the middle, what is most frequent."""
    last = statistics.filter(pl.col("start") == pl.col("start").max())
    names = ("column", "missing", "values")
    rows = [
        {"column": f["column"], "missing": _share(f["missing"], f["rows"]), "values": _values(f)}
        for f in last.iter_rows(named=True)
    ]
    return table(rows, names)


def _values(figures: Mapping[str, Any]) -> str:
    if figures["q50"] is not None:
        low, middle, high = (svg.short(figures[q]) for q in ("q05", "q50", "q95"))
        return f"{middle} ({low} to {high})"
    if figures["kind"] == "boolean" and figures["mean"] is not None:
        return f"{figures['mean']:.1%} true"
    if figures["first"] is not None:
        return f"{figures['first']:%Y-%m-%d %H:%M} to {figures['last']:%Y-%m-%d %H:%M}"
    if figures["distinct"]:
        top = zip((figures["categories"] or ())[:3], figures["counts"] or (), strict=False)
        return f"{figures['distinct']:,} distinct" + "".join(f", {name} {count:,}" for name, count in top)
    return ""


def _chosen(group: Group) -> dict[str, str]:
    """The value columns that are drawn: numbers before texts."""
    kinds = {name: group.columns[name] for name in group.values if group.columns[name] in _FIGURES}
    ranked = sorted(kinds, key=lambda name: kinds[name] == "text")
    return {name: kinds[name] for name in ranked[:COLUMNS]}


def _panel(place: int, name: str, meaning: str, partitions: Partitions, figure: str) -> str:
    top = 46 + _STEP * place
    bottom = top + _HEIGHT
    lines = {key: svg.thinned([svg.number(p.get(key)) for p in partitions], _POINTS) for key in (figure, "q05", "q95")}
    present = [value for line in lines.values() for value in line if value is not None]
    low, high = (min(present), max(present)) if present else (0.0, 0.0)
    up = svg.scale(low, high, bottom, top)
    across = svg.scale(0, max(1, len(lines[figure]) - 1), _LEFT, _RIGHT)
    band = [(across(i), up(a), up(b)) for i, (a, b) in _pairs(lines["q05"], lines["q95"])]
    drawn = [svg.text(20, top + 16, svg.cut(name, 19), weight=600), svg.text(20, top + 32, meaning, fill=svg.MUTED)]
    drawn += [svg.text(_RIGHT + 6, top + 8, svg.short(high), fill=svg.MUTED)] if present else []
    drawn += [svg.text(_RIGHT + 6, bottom, svg.short(low), fill=svg.MUTED)] if high > low else []
    if len(band) > 1:
        edge = [f"{x:.0f} {upper:.0f}" for x, _, upper in band] + [f"{x:.0f} {lower:.0f}" for x, lower, _ in band[::-1]]
        drawn.append(f'<path d="M{"L".join(edge)}Z" fill="{_BAND}"/>')
    points = [None if y is None else (across(i), up(y)) for i, y in enumerate(lines[figure])]
    return "".join([*drawn, svg.line(points, svg.COLORS[0]), _strip(partitions, bottom + 4)])


def _strip(partitions: Partitions, top: float) -> str:
    """The missing rate by partition as an area, full height where everything is missing."""
    rates = [p["missing"] / p["rows"] if p.get("rows") and "missing" in p else None for p in partitions]
    rates = svg.thinned(rates, _POINTS)
    largest = max((rate for rate in rates if rate is not None), default=0.0)
    if not largest:
        return svg.rule(_LEFT, top + _STRIP, _RIGHT, top + _STRIP)
    width = (_RIGHT - _LEFT) / len(rates)
    bars = "".join(
        f"M{_LEFT + i * width:.0f} {top + _STRIP}v{-max(1, rate * _STRIP):.0f}h{max(1, width):.0f}V{top + _STRIP}"
        for i, rate in enumerate(rates)
        if rate
    )
    return f'<path d="{bars}" fill="{_MISSING}"/>' + svg.text(
        _RIGHT + 6, top + _STRIP, f"≤ {largest:.0%}", fill=_MISSING
    )


def _pairs(low: Sequence[svg.Value], high: Sequence[svg.Value]) -> list[tuple[int, tuple[float, float]]]:
    both = enumerate(zip(low, high, strict=True))
    return [(i, (a, b)) for i, (a, b) in both if a is not None and b is not None]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""
