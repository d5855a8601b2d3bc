"""The least and the greatest of stretches of a row of numbers."""

from collections.abc import Mapping

import numpy as np

FUNCTIONS = {"min": np.minimum, "max": np.maximum}


def extremes(values: Mapping[str, np.ndarray], since: np.ndarray, until: np.ndarray) -> dict[str, np.ndarray]:
    """The `min` or `max` of `values[since:until]` for each pair, by what `values` asks for; of none it is 0.

    Two runs of 2^k neighbours cover each stretch. Runs are made by doubling, as long as the stretches ask for.
    """
    found = {part: np.zeros(len(since)) for part in values}
    power = (until - since).astype(float).view(np.int64) >> 52  # the exponent: of 2, the highest within the length
    power = (power - 1023).astype(np.int16)
    first, last = int(since.min(initial=2**62)), int(until.max(initial=0))
    runs = {part: array[first:last] for part, array in values.items()}
    for k in range(int(power.max(initial=-1)) + 1):
        if k:
            half = 1 << (k - 1)
            runs = {part: FUNCTIONS[part](array[:-half], array[half:]) for part, array in runs.items()}
        at = np.flatnonzero(power == k)
        if len(at):
            older, newer = since[at] - first, until[at] - (first + (1 << k))
            for part, array in runs.items():
                found[part][at] = FUNCTIONS[part](array[older], array[newer])
    return found
