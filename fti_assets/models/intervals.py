"""How sure a difference of losses is, when rows of one day share their luck."""

import numpy as np
import numpy.typing as npt

from fti_assets.models.metrics import checked_metric


def day_block_gain(
    champion_loss_rows: npt.ArrayLike,
    candidate_loss_rows: npt.ArrayLike,
    days: npt.ArrayLike,
    *,
    metric: str,
    seed: int = 0,
    resamples: int = 500,
) -> tuple[float, float, float]:
    """The champion's loss less the candidate's on the same rows, and the 5 % and 95 % quantiles of it.

    Losses are those of `metrics.row_losses`, one per row; for `rmse` the gain is the difference of the roots. Whole
    days are drawn with replacement, as many as there are (the cluster bootstrap of Davison and Hinkley 1997, 3.8),
    because rows of one day fail together; a day's draws weigh its rows, so long days weigh more. One day gives an
    interval of no width. Deterministic by `seed`. Raises ValueError on empty or unequally long input.
    """
    checked_metric(metric)
    champion, candidate = np.asarray(champion_loss_rows, np.float64), np.asarray(candidate_loss_rows, np.float64)
    by_row = np.asarray(days)
    if champion.ndim != 1 or not champion.shape == candidate.shape == by_row.shape:
        raise ValueError(
            f"{champion.size} champion losses, {candidate.size} candidate losses, {by_row.size} days: "
            "expected one each per row"
        )
    if not len(champion):
        raise ValueError("no rows: expected at least one that both models predicted")
    _, place = np.unique(by_row, return_inverse=True)
    sums = np.stack([np.bincount(place, champion), np.bincount(place, candidate), np.bincount(place)], axis=1)
    draws = np.random.default_rng(seed).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=resamples)
    # Not a matrix product: BLAS adds in an order that depends on the machine.
    resampled = np.stack([(draws * column).sum(axis=1) for column in sums.T], axis=1)
    low, high = np.quantile(_gains(resampled, metric), [0.05, 0.95])
    return float(_gains(sums.sum(axis=0, keepdims=True), metric)[0]), float(low), float(high)


def _gains(sums: npt.NDArray[np.float64], metric: str) -> npt.NDArray[np.float64]:
    """Gains from rows of (champion's sum, candidate's sum, number of rows)."""
    means = sums[:, :2] / sums[:, 2:]
    losses = np.sqrt(means) if metric == "rmse" else means
    return losses[:, 0] - losses[:, 1]
