"""The parts that charts are drawn with: SVG by hand, inlined in Markdown as base64."""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from math import ceil, floor, log10

from fti_assets.assets.charts.numbers import short

COLOR, INK, MUTED, GRID = "#2563eb", "#1e293b", "#64748b", "#e2e8f0"


def markdown(alt: str, width: int, height: float, body: Iterable[str], size: int = 12) -> str:
    """The drawing as a Markdown image, on a white background of its own."""
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" '
        f'style="font:{size}px sans-serif" fill="{INK}">'
        f'<rect width="100%" height="100%" rx="8" fill="#fff"/>{"".join(body)}</svg>'
    )
    words = " ".join(re.sub(r"[^\w\s.,:;%+()=/-]", " ", cut(alt, 300)).split())
    return f"![{words or 'chart'}](data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()})"


def line(points: Sequence[tuple[float, float] | None], color: str) -> str:
    """A line that breaks at gaps; a point between two gaps is a dot."""
    path, drawing = "", False
    for point in points:
        path += (
            "" if point is None else f"{'L' if drawing else 'M'}{point[0]:.1f} {point[1]:.1f}{'' if drawing else 'h0'}"
        )
        drawing = point is not None
    ends = 'stroke-linejoin="round" stroke-linecap="round"'
    return f'<path d="{path}" fill="none" stroke="{color}" stroke-width="2" {ends}/>'


def text(x: float, y: float, words: str, anchor: str = "", fill: str = "", size: int = 0, weight: int = 0) -> str:
    """Words at a place, cut after 80 letters."""
    named = (("text-anchor", anchor), ("fill", fill), ("font-size", size), ("font-weight", weight))
    attributes = "".join(f' {name}="{value}"' for name, value in named if value)
    return f'<text x="{x:.0f}" y="{y:.0f}"{attributes}>{safe(cut(words, 80))}</text>'


def rule(x1: float, y1: float, x2: float, y2: float, color: str = GRID) -> str:
    """A straight line."""
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{color}"/>'


def safe(words: str) -> str:
    """The words for XML: escaped, without the control characters that it forbids."""
    return escape(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]", " ", words))


def cut(words: str, length: int) -> str:
    """The words, or the first of them and an ellipsis."""
    return words if len(words) <= length else words[: max(0, length - 1)] + "…"


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From values to pixels; a constant lies in the middle."""
    if low == high:
        return lambda _: (start + end) / 2
    return lambda value: start + (value - low) / (high - low) * (end - start)


def ticks(values: Sequence[float]) -> dict[float, str]:
    """Four to eight round numbers (steps of 1, 2 or 5) that enclose the values, and how they read."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low == high:
        low, high = low - (abs(low) / 2 or 1.0), high + (abs(high) / 2 or 1.0)
    rough = (high - low) / 7
    power = 10.0 ** floor(log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    places = [float(f"{i * step:.12g}") for i in range(floor(low / step + 1e-9), ceil(high / step - 1e-9) + 1)]
    decimals = max(0, -floor(log10(step * 1.001)))
    plain = step > 1e-6 and max(map(abs, places)) < 1e6
    return {t: f"{t:,.{decimals}f}" if plain else short(t) for t in places}
