"""The least and the greatest of stretches of a row of numbers."""

from collections.abc import Mapping

import numpy as np

LEAST_OR_GREATEST = {"min": np.fmin, "max": np.fmax}
"""Of two numbers, without those that are NaN."""


def extremes_between(values: Mapping[str, np.ndarray], start: np.ndarray, end: np.ndarray) -> dict[str, np.ndarray]:
    """The `min` or `max` of `values[start:end]` for each pair, by what `values` asks for; of no numbers it is NaN.

    Two runs of 2^k neighbours cover each stretch, one from its start and one up to its end. The runs from each element
    are made by doubling, as long as the stretches ask for.

    Args:
        values: float64 by function, shape (elements,); NaN counts as none.
        start, end: int64 positions, shape (stretches,), as the answers.
    """
    answers = {function: np.full(len(start), np.nan) for function in values}
    exponent = np.frexp(end - start)[1].astype(np.int8) - 1  # the greatest k with 2^k elements in the stretch
    first, last = int(start.min(initial=np.iinfo(np.int64).max)), int(end.max(initial=0))
    runs = {function: array[first:last] for function, array in values.items()}
    for k in range(int(exponent.max(initial=-1)) + 1):
        if k:
            half = 1 << (k - 1)
            runs = {function: LEAST_OR_GREATEST[function](run[:-half], run[half:]) for function, run in runs.items()}
        stretches = np.flatnonzero(exponent == k)
        older, newer = start[stretches] - first, end[stretches] - (first + (1 << k))
        for function, run in runs.items():
            answers[function][stretches] = LEAST_OR_GREATEST[function](run[older], run[newer])
    return answers
