"""How good predictions are: losses, ranking and calibration.

Labels and predictions are equally long, one-dimensional and not empty, else ValueError; they are computed in
float64. A missing value anywhere makes the figure nan, so that a gate fails closed. A yes-or-no label is 0 or 1.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CLIP = 1e-7


def loss(metric: str, label: npt.ArrayLike, prediction: npt.ArrayLike) -> float:
    """The loss of that name: `log_loss` for a yes-or-no label, `rmse` for a number.

    `log_loss` is the mean negative log-likelihood in nats, of predictions clipped to [1e-7, 1 - 1e-7]; `rmse` is the
    root of the mean squared error, in the label's unit.
    """
    return overall(metric, row_losses(metric, label, prediction))


def row_losses(metric: str, label: npt.ArrayLike, prediction: npt.ArrayLike) -> Floats:
    """Each row's part of the loss: its log-loss, or its squared error for `rmse`."""
    y, p = _pair(label, prediction)
    if checked_metric(metric) == "rmse":
        return np.square(p - y)
    p = np.clip(p, CLIP, 1 - CLIP)
    return -(y * np.log(p) + (1 - y) * np.log1p(-p))


def overall(metric: str, losses: npt.ArrayLike) -> float:
    """The loss of many rows from each row's: their mean, for `rmse` its root."""
    mean = float(np.mean(np.asarray(losses, dtype=np.float64)))
    return float(np.sqrt(mean)) if checked_metric(metric) == "rmse" else mean


def checked_metric(metric: str) -> str:
    """The metric, if there is a loss of that name; ValueError if not."""
    if metric not in ("log_loss", "rmse"):
        raise ValueError(f"there is no loss {metric!r}; there are: log_loss, rmse")
    return metric


def brier(label: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """The mean squared difference of probability and outcome (Brier 1950, for two classes)."""
    y, p = _pair(label, p)
    return float(np.mean(np.square(p - y)))


def auc(label: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """The chance that a 1 is ranked above a 0, ties counted half; nan where only one class is present.

    Exact: the Mann-Whitney statistic from mean ranks (Hanley and McNeil 1982).
    """
    y, p = _pair(label, p)
    positive = y == 1
    ones, zeros = int(positive.sum()), int((y == 0).sum())
    if ones == 0 or zeros == 0 or ones + zeros < len(y) or np.isnan(p).any():
        return float("nan")
    _, inverse, ties = np.unique(p, return_inverse=True, return_counts=True)
    # Twice the rank, so that the mean rank of ties stays a whole number and the sum exact.
    twice_rank = 2 * np.cumsum(ties) - ties + 1
    statistic = int(twice_rank[inverse][positive].sum()) - ones * (ones + 1)
    return statistic / (2 * ones * zeros)


def calibration_gap(label: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """The mean prediction less the mean label: above zero where too much is predicted."""
    y, p = _pair(label, p)
    return float(np.mean(p) - np.mean(y))


def expected_calibration_error(label: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10) -> float:
    """The mean over rows of |mean prediction - mean label| of the row's bin.

    Bins are of equal count, see `calibration_bins` (Nguyen and O'Connor 2015), not of equal width.
    """
    predicted, observed, rows = calibration_bins(label, p, bins)
    return float(np.sum(rows * np.abs(predicted - observed)) / np.sum(rows))


def calibration_bins(label: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10) -> tuple[Floats, Floats, Floats]:
    """Mean prediction, mean label and rows of each bin, by rising prediction.

    Bins are of equal count as far as ties allow: equal predictions share a bin, so the order of rows does not
    matter, and a bin without rows is left out.
    """
    y, p = _pair(label, p)
    if bins < 1:
        raise ValueError(f"bins={bins}: expected at least 1")
    place = np.searchsorted(np.sort(p), p) * bins // len(p)
    rows = np.bincount(place, minlength=bins)
    filled = rows > 0
    mean_p = np.bincount(place, weights=p, minlength=bins)[filled] / rows[filled]
    mean_y = np.bincount(place, weights=y, minlength=bins)[filled] / rows[filled]
    return mean_p, mean_y, rows[filled].astype(np.float64)


def _pair(label: npt.ArrayLike, prediction: npt.ArrayLike) -> tuple[Floats, Floats]:
    y, p = np.asarray(label, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if y.ndim != 1 or y.shape != p.shape:
        raise ValueError(
            f"labels of shape {y.shape}, predictions of shape {p.shape}: expected one prediction per label"
        )
    if not len(y):
        raise ValueError("no rows: expected at least one label with its prediction")
    return y, p
