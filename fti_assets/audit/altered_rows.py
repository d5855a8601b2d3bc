"""Another future: other rows in place of those that became known after a moment."""

import math
import sys
from collections.abc import Callable, Collection

import numpy as np
import polars as pl

Alter = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
"""Other rows in place of the first frame's; the second holds all rows of the input, to see what values there are."""

TURN = 0.382
"""By how much of the range seen a number moves on, beginning again at the range's other end."""
_SEED = 20130101


def dropped(later: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG001
    """No row at all: the input as it was at the moment."""
    return later.clear()


def permuted(fixed: Collection[str]) -> Alter:
    """Each row has what another one has, but for its times and the `fixed` columns.

    All columns move together, so a check of a column or of a row holds as it did, unless it is about a fixed one.
    """

    def alter(later: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG001
        free = _free(later, fixed)
        order = np.random.default_rng(_SEED).permutation(later.height)
        other = np.empty_like(order)
        other[order] = np.roll(order, 1)  # one cycle: no row keeps its own
        return later.with_columns(later.select(free)[other]) if free else later

    return alter


def moved(fixed: Collection[str]) -> Alter:
    """Permuted, and every value changed too, within what was seen.

    A number moves on by TURN of the range, a category to the next one, a boolean is flipped; a null stays null. A
    column that has one value only keeps it.
    """

    def alter(later: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
        rows = permuted(fixed)(later, seen)
        return rows.with_columns(_moved(rows[name], seen[name]) for name in _free(rows, fixed))

    return alter


def _free(rows: pl.DataFrame, fixed: Collection[str]) -> list[str]:
    return [name for name, kind in rows.schema.items() if name not in fixed and not kind.is_temporal()]


def _moved(values: pl.Series, seen: pl.Series) -> pl.Series:
    kind = values.dtype
    if kind == pl.Boolean:
        return ~values
    if kind == pl.String:
        names = seen.drop_nulls().unique().sort()
        return values.replace_strict(names, names.gather(np.roll(np.arange(len(names)), -1))) if len(names) else values
    numbers = seen.drop_nulls().to_numpy()
    if not len(numbers) or (numbers == numbers[0]).all():
        return values
    if kind.is_integer():
        low, span = int(numbers.min()), int(numbers.max()) - int(numbers.min())  # Python's integers do not overflow
        turn = max(1, round(TURN * span))
        turned = [None if n is None else low + (n - low + turn) % (span + 1) for n in values.to_list()]
        return pl.Series(values.name, turned, dtype=kind)
    least, width = float(numbers.min()), float(numbers.max()) - float(numbers.min())
    if not sys.float_info.min <= width < math.inf:  # of less than the smallest normal number there is no remainder
        return values
    return ((values - least + TURN * width) % width + least).alias(values.name)
