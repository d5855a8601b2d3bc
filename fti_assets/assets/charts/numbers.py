"""Numbers as charts and tables show them."""

from collections.abc import Sequence
from math import ceil, isfinite

Value = float | None


def number(value: Value) -> Value:
    """The value if it is finite."""
    return float(value) if value is not None and isfinite(value) else None


def thinned(values: Sequence[Value], limit: int) -> list[Value]:
    """At most `limit` values: means of as many neighbours as it takes, None where all of them are."""
    step = max(1, ceil(len(values) / limit))
    groups = ([v for v in values[i : i + step] if v is not None] for i in range(0, len(values), step))
    return [sum(group) / len(group) if group else None for group in groups]


def short(value: float) -> str:
    """Four digits or decimals at most: 0.4807, 36.66, 1,234, 3.4M."""
    for power, unit in ((1e9, "G"), (1e6, "M")):
        if abs(value) >= power:
            return f"{value / power:.3g}{unit}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{round(value, 4):.4g}" if abs(value) >= 0.001 else f"{value:.2g}"


def percent(value: float) -> str:
    """A share, as in 12.3%."""
    return f"{value:.1%}"
