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
FEWEST_A_STEP, FEWEST_KEYS, MANY_KEYS = 5, 3, 12
"""Rows of a value, keys with different labels, keys to rank: from which on no likeness is chance."""
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


def in_steps(feature: pl.Series, label: pl.Series) -> LookAlike | None:
    """How a feature of few values, such as `is_late` beside a label of minutes, follows from the label; or None.

    It does where each value has the rows of a range of labels for itself, and FEWEST_A_STEP of them: by chance
    that happens once in a hundred thousand times.
    """
    rows = pl.DataFrame({"feature": feature, "label": label}).drop_nulls().sort("label", "feature")
    steps = rows.group_by("feature").agg(low=pl.col("label").min(), high=pl.col("label").max(), rows=pl.len())
    steps = steps.sort("low", "high")
    if rows.height < FEWEST_ROWS or steps.height < 2 or steps["rows"].to_numpy().min() < FEWEST_A_STEP:
        return None
    if not (steps["high"].shift(1) < steps["low"]).drop_nulls().all():
        return None
    return LookAlike(f"follows from the label: {steps.height} values, each for a range of it", rows.height)


def null_until_known(feature: pl.Series, labelled: pl.Series) -> LookAlike | None:
    """Whether a feature is there in nearly all rows that have a label, and in nearly none of those that have none."""
    there = feature.is_not_null()
    yes, no = (there.filter(mask).to_numpy().astype(np.float64) for mask in (labelled, ~labelled))
    if min(len(yes), len(no)) < FEWEST_A_STEP or len(yes) + len(no) < FEWEST_ROWS:
        return None
    if yes.mean() < RANKED or no.mean() > 1 - RANKED:
        return None
    return LookAlike(f"null in {1 - no.mean():.0%} of {len(no)} rows without a label, there in the others", len(there))


def summary_of_label(values: pl.DataFrame, labels: pl.DataFrame) -> LookAlike | None:
    """How a value for each key is what its rows' labels come to; or None.

    `values` has the columns `key` and `value`, `labels` the columns `key` and `label`. Equal to a mean, sum, median
    or deviation for nearly all keys, of which there are FEWEST_KEYS with different ones; or ranking MANY_KEYS as the
    mean does.
    """
    label = pl.col("label")
    by_key = labels.drop_nulls().group_by("key").agg(
        mean=label.mean(), sum=label.sum(), median=label.median(), std=label.std()
    )  # fmt: skip
    rows = values.drop_nulls().join(by_key, on="key")
    value = rows["value"].cast(pl.Float64).to_numpy()
    for statistic in by_key.columns[1:]:
        of_labels = rows[statistic].fill_null(np.nan).to_numpy()
        different = len(np.unique(of_labels[~np.isnan(of_labels)]))
        if different >= FEWEST_KEYS and np.isclose(value, of_labels, rtol=1e-6).mean() >= RANKED:
            return LookAlike(f"is the {statistic} of its rows' labels", labels.height)
    if rows.height >= MANY_KEYS and _varies(value):
        strength = _strength(rows["mean"].to_numpy(), value) if _varies(rows["mean"].to_numpy()) else 0.0
        if strength >= RANKED:
            return LookAlike(f"ranks the keys as the mean of their labels does ({strength:.3f})", labels.height)
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
