"""Small charts as Markdown for asset metadata: hand-written SVG, inlined as base64.

Dagster shows Markdown in place below 1,000 characters and behind a click above it, and each byte stays in the event
log: a sparkline is always below 1,000 characters, the charts are below 30,000. Each has a white background of its
own, so it reads the same in light and dark. None and nan leave gaps.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby, pairwise
from math import ceil, isfinite

import numpy as np
import numpy.typing as npt

from fti_assets.assets.charts import svg
from fti_assets.models.metrics import calibration_bins, calibration_gap, expected_calibration_error

Label = str | float | date

INLINE = 1_000
MAX_SERIES = 10
MAX_BARS = 30


def sparkline(values: Sequence[svg.Value], *, title: str) -> str:
    """A line with its lowest, highest and last value in words; more than 60 points become means of neighbours."""
    numbers = [svg.number(v) for v in values]
    present = [v for v in numbers if v is not None]
    said = (
        f"low {svg.short(min(present))}, high {svg.short(max(present))}, last {svg.short(present[-1])}"
        if present
        else "no values"
    )
    sizes = ((40, 60), (24, 60), (24, 30), (12, 15), (0, 5))
    drawings = (_sparkline(svg.thinned(numbers, points), svg.cut(title, length), said) for length, points in sizes)
    return next(markdown for markdown in drawings if len(markdown) < INLINE)


def line_chart(series: Mapping[str, Sequence[tuple[Label, svg.Value]]], *, title: str, y_label: str) -> str:
    """Series over common x labels, which are sorted if each series is, and else stand as they first appear.

    The first ten series are drawn; many labels become means of neighbours.
    """
    shown = {name: {x: svg.number(y) for x, y in points} for name, points in list(series.items())[:MAX_SERIES]}
    labels = list(dict.fromkeys(x for points in shown.values() for x in points))
    if all(list(points) == sorted(points, key=_order) for points in shown.values()):
        labels.sort(key=_order)
    lines = {name: [points.get(x) for x in labels] for name, points in shown.items()}
    limit = max(60, 1_200 // max(1, len(lines)))
    step = max(1, ceil(len(labels) / limit))
    lines, labels = {name: svg.thinned(line, limit) for name, line in lines.items()}, labels[::step]

    legend, legend_rows = _legend(list(lines), len(series) - len(lines))
    left, right, top, height = 64, svg.WIDTH - 52, 64 + 20 * legend_rows, 220
    bottom = top + height
    ticks = svg.ticks([y for line in lines.values() for y in line if y is not None])
    x_step = (right - left) / max(1, len(labels) - 1)
    across = [left + i * x_step if len(labels) > 1 else (left + right) / 2 for i in range(len(labels))]
    up = svg.scale(min(ticks), max(ticks), bottom, top)
    body = [svg.text(20, 30, title, size=16, weight=600), svg.text(20, 50, y_label, fill=svg.MUTED), legend]
    body += [
        svg.rule(left, up(t), right, up(t)) + svg.text(left - 8, up(t) + 4, words, "end", svg.MUTED)
        for t, words in ticks.items()
    ]
    words = [svg.cut(str(x), 16) for x in labels]
    every = max(1, ceil(len(labels) * (max(map(len, words), default=0) * 7 + 16) / (right - left)))
    for i in range(0, len(labels), every):
        body.append(svg.rule(across[i], bottom, across[i], bottom + 5))
        body.append(svg.text(across[i], bottom + 20, words[i], "middle", svg.MUTED))
    for color, line in zip(svg.COLORS, lines.values(), strict=False):
        body.append(svg.line([None if y is None else (x, up(y)) for x, y in zip(across, line, strict=True)], color))
    if not any(y is not None for line in lines.values() for y in line):
        body.append(svg.text((left + right) / 2, (top + bottom) / 2, "no values", "middle", svg.MUTED))
    lasts = [f"{name} {svg.short(last)}" for name, line in lines.items() if (last := _last(line)) is not None]
    return svg.markdown(f"{title}, {y_label}. Last: {', '.join(lasts) or 'no values'}", svg.WIDTH, bottom + 36, body)


def calibration_chart(label: npt.ArrayLike, p: npt.ArrayLike) -> str:
    """Mean prediction against mean label by deciles of the prediction; on the diagonal a model is calibrated.

    Raises ValueError as the metrics do.
    """
    predicted, observed, _ = calibration_bins(label, p)
    pairs = [(float(x), float(y)) for x, y in zip(predicted, observed, strict=True) if isfinite(x) and isfinite(y)]
    ticks = svg.ticks([0.0, *(v for pair in pairs for v in pair)])
    left, top, side = 64, 72, 330
    bottom, width = top + side, 440
    right = left + side
    along, up = svg.scale(min(ticks), max(ticks), left, right), svg.scale(min(ticks), max(ticks), bottom, top)
    gap, error = calibration_gap(label, p), expected_calibration_error(label, p)
    summary = f"gap {gap:+.4f}, ECE {error:.4f}, {np.size(p):,} rows"
    body = [svg.text(20, 30, "Calibration by decile", size=16, weight=600), svg.text(20, 50, summary, fill=svg.MUTED)]
    for t, words in ticks.items():
        body.append(svg.rule(left, up(t), right, up(t)) + svg.text(left - 8, up(t) + 4, words, "end", svg.MUTED))
        body.append(
            svg.rule(along(t), top, along(t), bottom) + svg.text(along(t), bottom + 20, words, "middle", svg.MUTED)
        )
    body.append(svg.text((left + right) / 2, bottom + 42, "mean prediction", "middle", svg.MUTED))
    body.append(
        f'<text transform="translate(18 {(top + bottom) // 2})rotate(-90)" text-anchor="middle" fill="{svg.MUTED}">'
        "mean label</text>"
    )
    body.append(
        f'<path d="M{left} {bottom}L{right} {top}" stroke="{svg.MUTED}" stroke-width="1.5" stroke-dasharray="5 5"/>'
    )
    places = [(along(x), up(y)) for x, y in pairs]
    body.append(svg.line(places, svg.COLORS[0]))
    body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{svg.COLORS[0]}" stroke="#fff"/>' for x, y in places]
    return svg.markdown(f"Calibration by decile: {summary}", width, bottom + 58, body)


def bar_chart(items: Mapping[str, svg.Value], *, title: str, threshold: float | None = None) -> str:
    """Horizontal bars, longest first; those above the threshold are orange. The 30 largest are drawn."""
    numbers = {name: svg.number(value) for name, value in items.items()}
    ranked = sorted(numbers, key=lambda name: (-(value if (value := numbers[name]) is not None else -np.inf), name))
    shown = ranked[:MAX_BARS]
    names = {name: svg.cut(name, 34) for name in shown}
    left, top, row = 20 + max([60, *(len(n) * 7 + 14 for n in names.values())]), 52, 22
    right, bottom = svg.WIDTH - 76, top + row * max(1, len(shown))
    reach = [0.0, *(v for name in shown if (v := numbers[name]) is not None)]
    along = svg.scale(min(reach), max([*reach, threshold or 0.0]), left, right)
    body, said = [svg.text(20, 30, title, size=16, weight=600)], ""
    if threshold is not None:
        x = along(threshold)
        body.append(f'<path d="M{x:.1f} {top - 4}V{bottom + 2}" stroke="{svg.INK}" stroke-dasharray="4 4"/>')
        body.append(svg.text(x, bottom + 18, f"threshold {svg.short(threshold)}", "middle"))
    for i, name in enumerate(shown):
        value, y = numbers[name], top + i * row
        body.append(svg.text(left - 8, y + 15, names[name], "end"))
        start, end = sorted((along(0), along(value or 0)))
        said += svg.text(end + 6, y + 15, "no value" if value is None else svg.short(value), fill=svg.MUTED)
        if value is not None:
            color = svg.COLORS[1] if threshold is not None and value > threshold else svg.COLORS[0]
            size = f'x="{start:.1f}" y="{y + 3}" width="{max(1, end - start):.1f}" height="16"'
            body.append(f'<rect {size} rx="3" fill="{color}"/>')
    # A halo, because a number may stand on the threshold's line.
    body.append(f'<g paint-order="stroke" stroke="#fff" stroke-width="4">{said}</g>')
    body.append(svg.rule(along(0), top - 4, along(0), bottom + 2, svg.MUTED))
    if not shown:
        body.append(svg.text(left + 8, top + 15, "no values", fill=svg.MUTED))
    if hidden := len(ranked) - len(shown):
        body.append(svg.text(20, bottom + 36, f"and {hidden} more, none larger", fill=svg.MUTED))
    first = [f"{name} {svg.short(v)}" for name in shown[:3] if (v := numbers[name]) is not None]
    return svg.markdown(
        f"{title}: {', '.join(first) or 'no values'}",
        svg.WIDTH,
        bottom + (50 if hidden else 30 if threshold is not None else 16),
        body,
    )


def _sparkline(values: Sequence[svg.Value], title: str, said: str) -> str:
    present = [v for v in values if v is not None]
    up = svg.scale(min(present, default=0.0), max(present, default=0.0), 50, 24)
    step = max(1, round(280 / max(1, len(values) - 1)))
    path = ""
    for here, run in groupby(enumerate(values), key=lambda point: point[1] is not None):
        if here:
            points = [(10 + i * step, round(up(v))) for i, v in run if v is not None]
            moves = " ".join(f"{step} {after[1] - before[1]}" for before, after in pairwise(points))
            path += f"M{points[0][0]} {points[0][1]}" + (f"l{moves}" if moves else "h0").replace(" -", "-")
    dots = ' stroke-linecap="round"' if "h0" in path else ""
    body = [
        f'<text x="10" y="15" font-weight="600">{svg.safe(title)}</text>',
        f'<text x="10" y="66" fill="{svg.MUTED}">{said}</text>',
        f'<path d="{path}" fill="none" stroke="{svg.COLORS[0]}" stroke-width="2"{dots}/>',
    ]
    return svg.markdown(f"{title}: {said}", max(300, 20 + step * (len(values) - 1)), 74, body, size=11)


def _legend(names: Sequence[str], hidden: int) -> tuple[str, int]:
    """The names with their colours, as many to a row as fit, and the number of rows."""
    drawn, x, row = "", 20, 0
    for i, name in enumerate([*names, *([f"and {hidden} more, not drawn"] if hidden else [])]):
        word = svg.cut(name, 32)
        length = 34 + 7 * len(word)
        if x > 20 and x + length > svg.WIDTH - 20:
            x, row = 20, row + 1
        y = 72 + 20 * row
        if i < len(names):
            drawn += f'<rect x="{x}" y="{y - 7}" width="14" height="4" rx="2" fill="{svg.COLORS[i]}"/>'
        drawn += svg.text(x + 20, y, word)
        x += length
    return drawn, row + 1


def _last(values: Sequence[svg.Value]) -> svg.Value:
    return next((v for v in reversed(values) if v is not None), None)


def _order(label: Label) -> tuple[bool, float, str]:
    """Numbers before texts, each in its order."""
    return (True, 0.0, str(label)) if isinstance(label, str | date) else (False, float(label), "")
