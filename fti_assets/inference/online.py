"""The online side: loading the latest feature rows, and answering requests from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl

from fti_assets.contracts.errors import MissingPartitions
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.group import Group
from fti_assets.contracts.time import DAY, Window
from fti_assets.inference.requests import refuse_others
from fti_assets.models.scorer import Scorer
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.home import Home
from fti_assets.stores.online import OnlineStore
from fti_assets.views.assemble import complete
from fti_assets.views.inputs import earliest_moments, known_window

SERVED_DAYS = 2
"""How many days of prediction times, the spine's last ones, the online store can answer for."""


@dataclass(frozen=True)
class Loaded:
    """What the online store now holds of a group: so many rows, for predictions in so many days before `until`."""

    rows: int
    until: datetime | None


def load_online(group: Group, views: Iterable[FeatureView], home: Home) -> Loaded:
    """Replace the group's online rows by those that predictions on the last days of the views' spines can need.

    Where the spine's rows of those days want values for earlier moments, the rows reach back from the earliest of them.
    Raises MissingPartitions when no spine has a row, or when a day that those predictions reach back to was never
    written; the rows that were online stay.
    """
    if group.dimension:
        home.features.require(group, WHOLE)
        return Loaded(home.online.load(group, home.features.read(group, WHOLE)), None)
    users = [view for view in views if any(s.group == group for s in view.joined)]
    ends = [end for view in users if (end := home.features.known_until(view.spine))]
    if not ends:
        raise MissingPartitions(f"online/{group.name}: no spine that uses it has rows: materialize the spine first")
    until = max(ends)
    answers_from = until - SERVED_DAYS * DAY
    selections = [s for view in users for s in view.joined if s.group == group]
    for view in users:
        moments = earliest_moments(view, Window(until - SERVED_DAYS * DAY, until), home.features, {})
        answers_from = min([answers_from, *(moments[s.moment] for s in selections if s.moment in moments)])
    needed = known_window(group, Window(answers_from, until), max(s.age for s in selections))
    home.features.require_history(group, needed)
    rows = home.features.read(group, needed)
    return Loaded(home.online.load(group, rows, answers_from, {s.keys for s in selections}), until)


def online_features(view: FeatureView, requests: pl.DataFrame, store: OnlineStore) -> pd.DataFrame:
    """The view's frame for requests: looked up by key, then completed by the same functions as in batch.

    Raises ContractViolation for requests that are not rows of the view, which batch leaves out.
    """
    joined = [store.look_up(selection, requests, view.predicted_at) for selection in view.joined]
    looked_up = pl.concat([requests, *joined], how="horizontal")
    refuse_others(view, looked_up)
    return complete(view, looked_up)


def answer(view: FeatureView, scorer: Scorer, requests: pl.DataFrame, store: OnlineStore) -> np.ndarray:
    """One prediction for each row of `request_frame`, bit for bit the batch prediction of the same row."""
    return scorer.predict(online_features(view, requests, store), threads=1)
