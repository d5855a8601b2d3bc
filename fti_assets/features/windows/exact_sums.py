"""Exact sums: numbers as whole limbs, which add up to the same bits in any order and in any parts."""

from collections.abc import Mapping

import numpy as np

from fti_assets.contracts.errors import ContractViolation, FailingCase

BITS = 26
"""Of one limb: a product of two limbs, and their sums over 2^37 rows, stay within 64 bits."""
AT_MOST = 1e144
"""Of a value: the squares of a billion of them are still numbers."""
Limbs = Mapping[int, np.ndarray]
"""Numbers as the sum of `limbs[n] * 2 ** (26 * n)`, in whole numbers of 64 bits; a limb that is absent is zero."""

_HALF = 1 << (BITS - 1)
_WORD = 1 << 62


def limbs_of(values: np.ndarray, column: str) -> Limbs:
    """Each number as limbs below 2^26, all of its sign. Raises ContractViolation where one is 1e144 or beyond."""
    largest = max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))
    if not largest < AT_MOST:
        rows = int((~(np.abs(values) < AT_MOST)).sum())
        check = f"is a number below {AT_MOST:g}, to be summed exactly; count such rows, or leave them out by where="
        raise ContractViolation("windows", [FailingCase(column, check, str(largest), rows)])
    if values.dtype.kind == "i":
        lowest = (1 << BITS) - 1
        if largest < 1 << BITS:
            return {0: values}
        return {2: values >> 2 * BITS, 1: values >> BITS & lowest, 0: values & lowest}
    if largest < 1 << BITS and ((whole := values.astype(np.int64)) == values).all():
        return {0: whole}
    limbs, rest = {}, np.abs(values)
    while largest > 0:
        n = (int(np.frexp(largest)[1]) - 1) // BITS
        limb = np.trunc(np.ldexp(rest, -BITS * n))
        rest = rest - np.ldexp(limb, BITS * n)
        limbs[n] = np.copysign(limb, values).astype(np.int64)
        largest = float(rest.max())
    return limbs


def squares_of(limbs: Limbs) -> Limbs:
    """The squares of numbers, in limbs of 26 bits."""
    product = _product(limbs)
    return product if all(_most(limb) <= 1 << BITS for limb in product.values()) else _carried(product)


def rounded(limbs: Limbs, shape: tuple[int, ...]) -> np.ndarray:
    """The nearest doubles: within one unit in the last place, and the same for the same number anyhow made."""
    if len(limbs) == 1:
        whole, n = _only(limbs).astype(float), min(limbs)
        return np.ldexp(whole, BITS * n) if n else whole
    total, small = np.zeros(shape), np.zeros(shape)
    for n, digit in sorted(_carried(limbs).items(), reverse=True):  # as a double and what it leaves: to 106 bits
        term = np.ldexp(digit.astype(float), BITS * n)
        both = total + term
        part = both - total
        small += (total - (both - part)) + (term - part)
        total = both + small
        small -= total - both
    return total


def deviation(count: np.ndarray, sums: Limbs, squares: Limbs) -> np.ndarray:
    """The sample's standard deviation of numbers by their count, sum and sum of squares; NaN for fewer than two.

    `count * squares - sums^2` is exact before it is rounded, so it is as good for values near 1e15. Deviations below
    1e-145 are lost, for their squares are below what a double holds.
    """
    difference = _in_words(count, sums, squares)
    if difference is None:
        difference = {n: count * digit for n, digit in _carried(squares).items()}
        for n, digit in _product(_carried(sums)).items():
            difference[n] = difference.get(n, 0) - digit
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN
        return np.sqrt(rounded(difference, count.shape) / (count * (count - 1)))


def _in_words(count: np.ndarray, sums: Limbs, squares: Limbs) -> dict[int, np.ndarray] | None:
    """The same difference for small whole numbers, which fits into one word."""
    if len(sums) != 1 or not set(squares) <= {2 * min(sums), 2 * min(sums) + 1}:
        return None
    most = sum(_most(limb) << (n % 2 * BITS) for n, limb in squares.items())
    if most * int(count.max(initial=0)) >= _WORD:
        return None
    total = sum(limb << BITS if n % 2 else limb for n, limb in squares.items())
    return {2 * min(sums): count * total - _only(sums) ** 2}


def _product(limbs: Limbs) -> dict[int, np.ndarray]:
    """The squares of numbers whose limbs are below 2^27, not carried."""
    places = sorted(limbs)
    products: dict[int, np.ndarray] = {}
    for at, n in enumerate(places):
        for m in places[: at + 1]:
            product = limbs[n] * limbs[m] * (1 if n == m else 2)
            products[n + m] = products[n + m] + product if n + m in products else product
    return products


def _carried(limbs: Limbs) -> Limbs:
    """The same numbers in digits from -2^25 to 2^25 - 1, of which each number has only one such row."""
    carried: dict[int, np.ndarray] = {}
    rest = dict(limbs)
    while rest:
        n = min(rest)
        whole = rest.pop(n)
        above = (whole + _HALF) >> BITS
        digit = whole - (above << BITS)
        if digit.any():
            carried[n] = digit
        if above.any():
            rest[n + 1] = rest[n + 1] + above if n + 1 in rest else above
    return carried


def _most(limb: np.ndarray) -> int:
    return max(int(limb.max(initial=0)), -int(limb.min(initial=0)))


def _only(limbs: Limbs) -> np.ndarray:
    (limb,) = limbs.values()
    return limb
