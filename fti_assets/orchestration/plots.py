"""Small charts as Markdown for asset metadata: hand-written SVG, inlined as base64.

Dagster shows Markdown in place below 1,000 characters and behind a click above it, and each byte stays in the event
log: a sparkline is always below 1,000 characters, the charts are below 30,000. Each has a white background of its
own, so it reads the same in light and dark. None and nan leave gaps.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from html import escape
from itertools import groupby, pairwise
from math import ceil, floor, isfinite, log10

import numpy as np
import numpy.typing as npt

from fti_assets.compute.metrics import calibration_bins, calibration_gap, expected_calibration_error

Value = float | None
Label = str | float | date

INLINE = 1_000
MAX_SERIES = 10
MAX_BARS = 30
_COLORS = ("#2563eb", "#ea580c", "#059669", "#9333ea", "#dc2626", "#0891b2", "#ca8a04", "#475569", "#db2777", "#65a30d")
_INK, _MUTED, _GRID = "#1e293b", "#64748b", "#e2e8f0"
_WIDTH = 720


def sparkline(values: Sequence[Value], *, title: str) -> str:
    """A line with its lowest, highest and last value in words; more than 60 points become means of neighbours."""
    numbers = [_number(v) for v in values]
    present = [v for v in numbers if v is not None]
    said = (
        f"low {_short(min(present))}, high {_short(max(present))}, last {_short(present[-1])}"
        if present
        else "no values"
    )
    sizes = ((40, 60), (24, 60), (24, 30), (12, 15), (0, 5))
    drawings = (_sparkline(_thinned(numbers, points), _cut(title, length), said) for length, points in sizes)
    return next(markdown for markdown in drawings if len(markdown) < INLINE)


def line_chart(series: Mapping[str, Sequence[tuple[Label, Value]]], *, title: str, y_label: str) -> str:
    """Series over common x labels, which are sorted if each series is, and else stand as they first appear.

    The first ten series are drawn; many labels become means of neighbours.
    """
    shown = {name: {x: _number(y) for x, y in points} for name, points in list(series.items())[:MAX_SERIES]}
    labels = list(dict.fromkeys(x for points in shown.values() for x in points))
    if all(list(points) == sorted(points, key=_order) for points in shown.values()):
        labels.sort(key=_order)
    lines = {name: [points.get(x) for x in labels] for name, points in shown.items()}
    limit = max(60, 1_200 // max(1, len(lines)))
    step = max(1, ceil(len(labels) / limit))
    lines, labels = {name: _thinned(line, limit) for name, line in lines.items()}, labels[::step]

    legend, legend_rows = _legend(list(lines), len(series) - len(lines))
    left, right, top, height = 64, _WIDTH - 52, 64 + 20 * legend_rows, 220
    bottom = top + height
    ticks = _ticks([y for line in lines.values() for y in line if y is not None])
    x_step = (right - left) / max(1, len(labels) - 1)
    across = [left + i * x_step if len(labels) > 1 else (left + right) / 2 for i in range(len(labels))]
    up = _scale(min(ticks), max(ticks), bottom, top)
    body = [_text(20, 30, title, size=16, weight=600), _text(20, 50, y_label, fill=_MUTED), legend]
    body += [
        _rule(left, up(t), right, up(t)) + _text(left - 8, up(t) + 4, words, "end", _MUTED)
        for t, words in ticks.items()
    ]
    words = [_cut(str(x), 16) for x in labels]
    every = max(1, ceil(len(labels) * (max(map(len, words), default=0) * 7 + 16) / (right - left)))
    for i in range(0, len(labels), every):
        body.append(_rule(across[i], bottom, across[i], bottom + 5))
        body.append(_text(across[i], bottom + 20, words[i], "middle", _MUTED))
    for color, line in zip(_COLORS, lines.values(), strict=False):
        body.append(_line([None if y is None else (x, up(y)) for x, y in zip(across, line, strict=True)], color))
    if not any(y is not None for line in lines.values() for y in line):
        body.append(_text((left + right) / 2, (top + bottom) / 2, "no values", "middle", _MUTED))
    lasts = [f"{name} {_short(last)}" for name, line in lines.items() if (last := _last(line)) is not None]
    return _markdown(f"{title}, {y_label}. Last: {', '.join(lasts) or 'no values'}", _WIDTH, bottom + 36, body)


def calibration_chart(label: npt.ArrayLike, p: npt.ArrayLike) -> str:
    """Mean prediction against mean label by deciles of the prediction; on the diagonal a model is calibrated.

    Raises ValueError as the metrics do.
    """
    predicted, observed, _ = calibration_bins(label, p)
    pairs = [(float(x), float(y)) for x, y in zip(predicted, observed, strict=True) if isfinite(x) and isfinite(y)]
    ticks = _ticks([0.0, *(v for pair in pairs for v in pair)])
    left, top, side = 64, 72, 330
    bottom, width = top + side, 440
    right = left + side
    along, up = _scale(min(ticks), max(ticks), left, right), _scale(min(ticks), max(ticks), bottom, top)
    gap, error = calibration_gap(label, p), expected_calibration_error(label, p)
    summary = f"gap {gap:+.4f}, ECE {error:.4f}, {np.size(p):,} rows"
    body = [_text(20, 30, "Calibration by decile", size=16, weight=600), _text(20, 50, summary, fill=_MUTED)]
    for t, words in ticks.items():
        body.append(_rule(left, up(t), right, up(t)) + _text(left - 8, up(t) + 4, words, "end", _MUTED))
        body.append(_rule(along(t), top, along(t), bottom) + _text(along(t), bottom + 20, words, "middle", _MUTED))
    body.append(_text((left + right) / 2, bottom + 42, "mean prediction", "middle", _MUTED))
    body.append(
        f'<text transform="translate(18 {(top + bottom) // 2})rotate(-90)" text-anchor="middle" fill="{_MUTED}">'
        "mean label</text>"
    )
    body.append(
        f'<path d="M{left} {bottom}L{right} {top}" stroke="{_MUTED}" stroke-width="1.5" stroke-dasharray="5 5"/>'
    )
    places = [(along(x), up(y)) for x, y in pairs]
    body.append(_line(places, _COLORS[0]))
    body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{_COLORS[0]}" stroke="#fff"/>' for x, y in places]
    return _markdown(f"Calibration by decile: {summary}", width, bottom + 58, body)


def bar_chart(items: Mapping[str, Value], *, title: str, threshold: float | None = None) -> str:
    """Horizontal bars, longest first; those above the threshold are orange. The 30 largest are drawn."""
    numbers = {name: _number(value) for name, value in items.items()}
    ranked = sorted(numbers, key=lambda name: (-(value if (value := numbers[name]) is not None else -np.inf), name))
    shown = ranked[:MAX_BARS]
    names = {name: _cut(name, 34) for name in shown}
    left, top, row = 20 + max([60, *(len(n) * 7 + 14 for n in names.values())]), 52, 22
    right, bottom = _WIDTH - 76, top + row * max(1, len(shown))
    reach = [0.0, *(v for name in shown if (v := numbers[name]) is not None)]
    along = _scale(min(reach), max([*reach, threshold or 0.0]), left, right)
    body, said = [_text(20, 30, title, size=16, weight=600)], ""
    if threshold is not None:
        x = along(threshold)
        body.append(f'<path d="M{x:.1f} {top - 4}V{bottom + 2}" stroke="{_INK}" stroke-dasharray="4 4"/>')
        body.append(_text(x, bottom + 18, f"threshold {_short(threshold)}", "middle"))
    for i, name in enumerate(shown):
        value, y = numbers[name], top + i * row
        body.append(_text(left - 8, y + 15, names[name], "end"))
        start, end = sorted((along(0), along(value or 0)))
        said += _text(end + 6, y + 15, "no value" if value is None else _short(value), fill=_MUTED)
        if value is not None:
            color = _COLORS[1] if threshold is not None and value > threshold else _COLORS[0]
            size = f'x="{start:.1f}" y="{y + 3}" width="{max(1, end - start):.1f}" height="16"'
            body.append(f'<rect {size} rx="3" fill="{color}"/>')
    # A halo, because a number may stand on the threshold's line.
    body.append(f'<g paint-order="stroke" stroke="#fff" stroke-width="4">{said}</g>')
    body.append(_rule(along(0), top - 4, along(0), bottom + 2, _MUTED))
    if not shown:
        body.append(_text(left + 8, top + 15, "no values", fill=_MUTED))
    if hidden := len(ranked) - len(shown):
        body.append(_text(20, bottom + 36, f"and {hidden} more, none larger", fill=_MUTED))
    first = [f"{name} {_short(v)}" for name in shown[:3] if (v := numbers[name]) is not None]
    return _markdown(
        f"{title}: {', '.join(first) or 'no values'}",
        _WIDTH,
        bottom + (50 if hidden else 30 if threshold is not None else 16),
        body,
    )


def _sparkline(values: Sequence[Value], title: str, said: str) -> str:
    present = [v for v in values if v is not None]
    up = _scale(min(present, default=0.0), max(present, default=0.0), 50, 24)
    step = max(1, round(280 / max(1, len(values) - 1)))
    path = ""
    for here, run in groupby(enumerate(values), key=lambda point: point[1] is not None):
        if here:
            points = [(10 + i * step, round(up(v))) for i, v in run if v is not None]
            moves = " ".join(f"{step} {after[1] - before[1]}" for before, after in pairwise(points))
            path += f"M{points[0][0]} {points[0][1]}" + (f"l{moves}" if moves else "h0").replace(" -", "-")
    dots = ' stroke-linecap="round"' if "h0" in path else ""
    body = [
        f'<text x="10" y="15" font-weight="600">{_safe(title)}</text>',
        f'<text x="10" y="66" fill="{_MUTED}">{said}</text>',
        f'<path d="{path}" fill="none" stroke="{_COLORS[0]}" stroke-width="2"{dots}/>',
    ]
    return _markdown(f"{title}: {said}", max(300, 20 + step * (len(values) - 1)), 74, body, size=11)


def _markdown(alt: str, width: int, height: float, body: Iterable[str], size: int = 12) -> str:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" '
        f'style="font:{size}px sans-serif" fill="{_INK}">'
        f'<rect width="100%" height="100%" rx="8" fill="#fff"/>{"".join(body)}</svg>'
    )
    words = " ".join(re.sub(r"[^\w\s.,:;%+()=/-]", " ", _cut(alt, 300)).split())
    return f"![{words or 'chart'}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _line(points: Sequence[tuple[float, float] | None], color: str) -> str:
    """A line that breaks at gaps; a point between two gaps is a dot."""
    path, drawing = "", False
    for point in points:
        path += (
            "" if point is None else f"{'L' if drawing else 'M'}{point[0]:.1f} {point[1]:.1f}{'' if drawing else 'h0'}"
        )
        drawing = point is not None
    ends = 'stroke-linejoin="round" stroke-linecap="round"'
    return f'<path d="{path}" fill="none" stroke="{color}" stroke-width="2" {ends}/>'


def _legend(names: Sequence[str], hidden: int) -> tuple[str, int]:
    """The names with their colours, as many to a row as fit, and the number of rows."""
    drawn, x, row = "", 20, 0
    for i, name in enumerate([*names, *([f"and {hidden} more, not drawn"] if hidden else [])]):
        word = _cut(name, 32)
        length = 34 + 7 * len(word)
        if x > 20 and x + length > _WIDTH - 20:
            x, row = 20, row + 1
        y = 72 + 20 * row
        if i < len(names):
            drawn += f'<rect x="{x}" y="{y - 7}" width="14" height="4" rx="2" fill="{_COLORS[i]}"/>'
        drawn += _text(x + 20, y, word)
        x += length
    return drawn, row + 1


def _text(x: float, y: float, words: str, anchor: str = "", fill: str = "", size: int = 0, weight: int = 0) -> str:
    named = (("text-anchor", anchor), ("fill", fill), ("font-size", size), ("font-weight", weight))
    attributes = "".join(f' {name}="{value}"' for name, value in named if value)
    return f'<text x="{x:.0f}" y="{y:.0f}"{attributes}>{_safe(_cut(words, 80))}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, color: str = _GRID) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{color}"/>'


def _safe(words: str) -> str:
    """The words for XML: escaped, without the control characters that it forbids."""
    return escape(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]", " ", words))


def _cut(words: str, length: int) -> str:
    return words if len(words) <= length else words[: max(0, length - 1)] + "…"


def _number(value: Value) -> Value:
    return float(value) if value is not None and isfinite(value) else None


def _last(values: Sequence[Value]) -> Value:
    return next((v for v in reversed(values) if v is not None), None)


def _order(label: Label) -> tuple[bool, float, str]:
    """Numbers before texts, each in its order."""
    return (True, 0.0, str(label)) if isinstance(label, str | date) else (False, float(label), "")


def _thinned(values: Sequence[Value], limit: int) -> list[Value]:
    """At most `limit` values: means of as many neighbours as it takes, None where all of them are."""
    step = max(1, ceil(len(values) / limit))
    groups = ([v for v in values[i : i + step] if v is not None] for i in range(0, len(values), step))
    return [sum(group) / len(group) if group else None for group in groups]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From values to pixels; a constant lies in the middle."""
    if low == high:
        return lambda _: (start + end) / 2
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _ticks(values: Sequence[float]) -> dict[float, str]:
    """Four to eight round numbers (steps of 1, 2 or 5) that enclose the values, and how they read."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low == high:
        low, high = low - (abs(low) / 2 or 1.0), high + (abs(high) / 2 or 1.0)
    rough = (high - low) / 7
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    ticks = [float(f"{i * step:.12g}") for i in range(floor(low / step + 1e-9), ceil(high / step - 1e-9) + 1)]
    decimals = max(0, -floor(log10(step * 1.001)))
    plain = step > 1e-6 and max(map(abs, ticks)) < 1e6
    return {t: f"{t:,.{decimals}f}" if plain else _short(t) for t in ticks}


def _short(value: float) -> str:
    """Four digits or decimals at most: 0.4807, 36.66, 1,234, 3.4M."""
    for power, unit in ((1e9, "G"), (1e6, "M")):
        if abs(value) >= power:
            return f"{value / power:.3g}{unit}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{round(value, 4):.4g}" if abs(value) >= 0.001 else f"{value:.2g}"
