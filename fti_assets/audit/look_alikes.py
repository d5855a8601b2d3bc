"""Features that say what the label says: too good to have been known before it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from fti_assets.models.metrics import auc

RANKED = 0.98
"""The AUC, or the rank correlation with a number, from which a single feature counts as the label in other words.

The best features of honest systems stay far below it: of the flights' 76 the best reaches 0.7. A feature that is the
label in 99 of 100 rows, its opposite, or the label and a constant, is above it."""
FEWEST_ROWS = 30
"""With fewer labelled rows, or fewer rows of one of two classes than a tenth of it, anything may look like anything."""
ROWS_A_CATEGORY = 4
"""A text column with fewer rows than that a category is a name: nothing can be told from means of single rows."""
_SEED = 20130101


@dataclass(frozen=True)
class LookAlike:
    """What a feature has in common with the label, and in how many rows that can be seen."""

    how: str
    rows: int


def look_alike(feature: pl.Series, label: pl.Series) -> LookAlike | None:
    """How a feature gives the label away, or None.

    `label` holds numbers (0 and 1 for no and yes) without nulls. A feature does by its values, where it has one, or by
    being there at all.
    """
    y = label.to_numpy()
    there = feature.is_not_null().to_numpy()
    likeness = _by_values(feature.filter(pl.Series(there)), y[there]) if _tells(y[there]) else None
    if likeness is None and _tells(y) and _tells(there.astype(np.float64)):
        strength = _strength(y, there.astype(np.float64))
        if strength >= RANKED:
            likeness = LookAlike(f"being null or not tells the label ({_measure(y)} {strength:.3f})", len(y))
    return likeness


def _by_values(feature: pl.Series, y: np.ndarray) -> LookAlike | None:
    if feature.dtype == pl.String:
        return _by_category(feature, y)
    x = feature.cast(pl.Float64).to_numpy()
    if not _varies(x):
        return None
    strength = _strength(y, x)
    if strength >= RANKED:
        return LookAlike(f"ranks the rows as the label does ({_measure(y)} {strength:.3f})", len(y))
    return None


def _by_category(feature: pl.Series, y: np.ndarray) -> LookAlike | None:
    """Each half of the rows is predicted by the other half's means of the categories, so a name learns nothing."""
    if feature.n_unique() * ROWS_A_CATEGORY > len(y):
        return None
    half = np.random.default_rng(_SEED).permutation(len(y)) % 2
    rows = pl.DataFrame({"category": feature, "y": y, "half": half})
    means = (
        rows.group_by("category", "half").agg(pl.col("y").mean().alias("mean")).with_columns(half=1 - pl.col("half"))
    )
    x = rows.join(means, on=["category", "half"], how="left", maintain_order="left")["mean"].fill_null(float(y.mean()))
    strength = _strength(y, x.to_numpy())
    if strength >= RANKED:
        return LookAlike(f"its categories rank the rows as the label does ({_measure(y)} {strength:.3f})", len(y))
    return None


def _tells(y: np.ndarray) -> bool:
    """Whether there are rows enough, of both kinds where there are two, to tell a likeness from chance."""
    if len(y) < FEWEST_ROWS or not _varies(y):
        return False
    return not _is_binary(y) or min((y == 0).sum(), (y == 1).sum()) >= FEWEST_ROWS / 10


def _varies(x: np.ndarray) -> bool:
    return len(x) > 0 and bool((x != x[0]).any())


def _is_binary(y: np.ndarray) -> bool:
    return bool(np.isin(y, (0.0, 1.0)).all())


def _measure(y: np.ndarray) -> str:
    return "AUC" if _is_binary(y) else "rank correlation"


def _strength(y: np.ndarray, x: np.ndarray) -> float:
    """The AUC of the better direction, or the absolute rank correlation (Spearman 1904)."""
    if _is_binary(y):
        area = auc(y, x)
        return max(area, 1 - area)
    one, other = (pl.Series(values).rank().to_numpy() for values in (y, x))
    return abs(float(np.corrcoef(one, other)[0, 1])) if _varies(x) else 0.0
