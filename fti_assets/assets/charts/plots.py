"""Small charts as Markdown for asset metadata: hand-written SVG, inlined as base64.

Dagster shows Markdown in place below 1,000 characters and behind a click above it, and each byte stays in the event
log: a sparkline is always below 1,000 characters, a chart below 30,000. Each has a white background of its own, so it
reads the same in light and dark. None and nan leave gaps.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise
from math import isfinite

import numpy as np
import numpy.typing as npt

from fti_assets.assets.charts import svg
from fti_assets.assets.charts.numbers import Value, number, short, thinned
from fti_assets.models.metrics import calibration_bins, calibration_gap, expected_calibration_error

INLINE = 1_000


def sparkline(values: Sequence[Value], *, title: str) -> str:
    """A line with its lowest, highest and last value in words; more than 60 points become means of neighbours."""
    numbers = [number(v) for v in values]
    present = [v for v in numbers if v is not None]
    said = (
        f"low {short(min(present))}, high {short(max(present))}, last {short(present[-1])}" if present else "no values"
    )
    sizes = ((40, 60), (24, 60), (24, 30), (12, 15), (0, 5))
    drawings = (_sparkline(thinned(numbers, points), svg.cut(title, length), said) for length, points in sizes)
    return next(markdown for markdown in drawings if len(markdown) < INLINE)


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
    body.append(svg.line(places, svg.COLOR))
    body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{svg.COLOR}" stroke="#fff"/>' for x, y in places]
    return svg.markdown(f"Calibration by decile: {summary}", width, bottom + 58, body)


def _sparkline(values: Sequence[Value], title: str, said: str) -> str:
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
        f'<path d="{path}" fill="none" stroke="{svg.COLOR}" stroke-width="2"{dots}/>',
    ]
    return svg.markdown(f"{title}: {said}", max(300, 20 + step * (len(values) - 1)), 74, body, size=11)
