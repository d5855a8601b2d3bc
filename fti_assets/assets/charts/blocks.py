"""Charts of block characters, which stand in the cells of a Markdown table."""

from collections.abc import Callable, Sequence
from math import ceil

from fti_assets.assets.charts.numbers import Value, number, short, thinned

GAP = "·"
POINTS = 30
BAR_LENGTH = 12
_HEIGHTS = "▁▂▃▄▅▆▇█"
_MIDDLE = "▄"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def trend(values: Sequence[Value], say: Callable[[float], str] = short) -> str:
    """The values as a line of blocks with the lowest and the highest in words, as in `▁▃·█ 2 to 7`.

    More than POINTS values become means of neighbours; a missing one, or one that is not finite, is a GAP; values that
    read the same in words are of middle height. Empty when there is none.
    """
    numbers = [number(value) for value in values]
    present = [value for value in numbers if value is not None]
    if not present:
        return ""
    drawn = thinned(numbers, POINTS)
    low, high = say(min(present)), say(max(present))
    if low == high:
        return "".join(GAP if value is None else _MIDDLE for value in drawn) + f" {low}"
    heights = [value for value in drawn if value is not None]
    return "".join(_block(value, min(heights), max(heights)) for value in drawn) + f" {low} to {high}"


def bar(value: float, longest: float) -> str:
    """A bar as long as the value is beside the longest one of BAR_LENGTH blocks; both are 0 or more."""
    eighths = ceil(8 * BAR_LENGTH * value / longest) if longest else 0
    whole, rest = divmod(eighths, 8)
    return "█" * whole + _EIGHTHS[rest].strip()


def _block(value: Value, low: float, high: float) -> str:
    if value is None:
        return GAP
    if high == low:
        return _MIDDLE
    return _HEIGHTS[round((value - low) / (high - low) * (len(_HEIGHTS) - 1))]
