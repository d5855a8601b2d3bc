"""Building a training dataset: everything that was known before the cutoff, and nothing else."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fti_assets.compute.assemble import nullable_of
from fti_assets.compute.frames import to_polars
from fti_assets.compute.labels import known_labels
from fti_assets.pipelines.views import read_view, table_versions
from fti_assets.spec.model import Model
from fti_assets.spec.time import Window
from fti_assets.stores.dataset_store import Dataset
from fti_assets.stores.home import Home

LABEL = "label"
LABEL_KNOWN_AT = "label_known_at"


@dataclass(frozen=True)
class Built:
    """A dataset and its figures."""

    dataset: Dataset
    rows: int
    spine_rows: int


def build_dataset(model: Model, cutoff: datetime, since: datetime, home: Home) -> Built:
    """The spine rows from `since` whose label was known before `cutoff`, with their features; stored and pinned.

    Raises MissingPartitions when a day of a group before the cutoff was never written.
    """
    view = model.view
    window = Window(since, cutoff)
    store = home.features.snapshot()
    versions = table_versions(view, store)
    store.require(view.label.group, window)
    frame = read_view(view, window, store, versions)
    spine = to_polars(frame, view.spine.columns)
    labels = labels_known(model, spine, window, cutoff, home, versions)
    features = to_polars(frame, {n: k for n, k in view.columns.items() if n not in spine.columns})
    table = pl.concat([spine, features, labels], how="horizontal")
    learned = table.filter(pl.col(LABEL).is_not_null()).sort(view.predicted_at, *view.spine.keys, maintain_order=True)
    own = [view.predicted_at, *view.spine.keys]
    kept = learned.select(list(dict.fromkeys([*own, *view.columns, LABEL, LABEL_KNOWN_AT])))
    manifest = {
        "model": model.name,
        "cutoff": cutoff.isoformat(),
        "since": since.isoformat(),
        "rows": len(kept),
        "spine_rows": len(spine),
        "tables": versions,
        "columns": dict(view.columns),
        "nullable": [*nullable_of(view), *(name for each in view.joined for name in each.names.values())],
    }
    return Built(home.datasets.write(model.name, cutoff, kept, manifest), len(kept), len(spine))


def labels_known(
    model: Model,
    spine: pl.DataFrame,
    window: Window,
    before: datetime,
    home: Home,
    versions: dict[str, int | None] | None = None,
) -> pl.DataFrame:
    """For each spine row its label as a number, and when that was known.

    Null where it was not known before `before` or within its horizon. What was known by the time of the prediction is
    no label either: it needs no prediction, and how far back to look for it would depend on the window.
    """
    view, label = model.view, model.view.label
    group = label.group
    reach = Window(window.start, min(window.end + label.horizon, before))
    rows = home.features.read(
        group, reach, [*group.keys, str(group.known_at), label.column], (versions or {}).get(group.name)
    )
    found = known_labels(
        spine,
        rows,
        at=view.predicted_at,
        on={key: key for key in group.keys},
        known_at=str(group.known_at),
        label=label.column,
        horizon=label.horizon,
        before=before,
    )
    learned = found.select(pl.col(label.column).cast(pl.Float64).alias(LABEL), pl.col(LABEL_KNOWN_AT))
    return learned.select(pl.when(found[LABEL_KNOWN_AT] > spine[view.predicted_at]).then(pl.all()))
