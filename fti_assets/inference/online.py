"""The online side: loading the latest feature rows, and answering requests from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

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
"""How many days of prediction times the online store can answer for: the last that the rows reach, or a spine's."""


@dataclass(frozen=True)
class Loaded:
    """What the online store now holds of a group: so many rows, for predictions before `until`; any of a dimension."""

    rows: int
    until: datetime | None


def load_online(group: Group, views: Iterable[FeatureView], home: Home) -> Loaded:
    """Replace the group's online rows by its newest, for predictions on the last days that they reach.

    They reach the end of its last partition, whatever the views' spines do. Where a spine's last rows are older, those
    that its last days need are there too; where these want values for earlier moments, the rows reach back from the
    earliest of them.
    Raises MissingPartitions when the group has no partition, or when a day that those predictions reach back to was
    never written; the rows that were online stay.
    """
    if group.dimension:
        home.features.require(group, WHOLE)
        return Loaded(home.online.load(group, home.features.read(group, WHOLE)), None)
    until = home.features.written_until(group)
    if until is None:
        raise MissingPartitions(
            f"online/{group.name}: feature group {group.name} was not materialized: materialize it first"
        )
    users = [view for view in views if any(s.group == group for s in view.joined)]
    selections = [s for view in users for s in view.joined if s.group == group]
    begins = [until - SERVED_DAYS * DAY]
    for view in users:
        if spine_until := home.features.known_until(view.spine):
            served = Window(spine_until - SERVED_DAYS * DAY, spine_until)
            moments = earliest_moments(view, served, home.features, {})
            begins += [served.start, *(moments[s.moment] for s in selections if s.moment in moments)]
    answers_from = min(begins)
    needed = known_window(group, Window(answers_from, until), max(s.age for s in selections))
    home.features.require_history(group, needed)
    rows = home.features.read(group, needed)
    return Loaded(home.online.load(group, rows, answers_from, until, {s.keys for s in selections}), until)


def online_features(
    view: FeatureView, requests: pl.DataFrame, store: OnlineStore, stale_up_to: timedelta = timedelta(0)
) -> pd.DataFrame:
    """The view's frame for requests: looked up by key, then completed by the same functions as in batch.

    Raises MissingPartitions for a prediction time that the loaded rows do not reach, or not by `stale_up_to`, and
    ContractViolation for requests that are not rows of the view, which batch leaves out.
    """
    joined = [store.look_up(selection, requests, view.predicted_at, stale_up_to) for selection in view.joined]
    looked_up = pl.concat([requests, *joined], how="horizontal")
    refuse_others(view, looked_up)
    return complete(view, looked_up)


def answer(
    view: FeatureView,
    scorer: Scorer,
    requests: pl.DataFrame,
    store: OnlineStore,
    stale_up_to: timedelta = timedelta(0),
) -> np.ndarray:
    """One prediction for each row of `request_frame`: for times that the rows reach, bit for bit that of the batch."""
    return scorer.predict(online_features(view, requests, store, stale_up_to), threads=1)
