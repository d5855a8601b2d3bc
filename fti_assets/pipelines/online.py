"""The online side: loading the latest feature rows, and answering requests from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from fti_assets.compute.assemble import complete
from fti_assets.compute.contract import EARLIEST_KNOWLEDGE, conform
from fti_assets.compute.frames import to_polars
from fti_assets.pipelines.scoring import Scorer
from fti_assets.spec.errors import ContractViolation, MissingPartitions, unknown
from fti_assets.spec.feature_group import FeatureGroup
from fti_assets.spec.feature_view import FeatureView
from fti_assets.spec.time import DAY, Window, midnight
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.home import Home
from fti_assets.stores.online_store import OnlineStore

SERVED_DAYS = 2
"""How many days of prediction times, the spine's last ones, the online store can answer for."""


@dataclass(frozen=True)
class Loaded:
    """What the online store now holds of a group: so many rows, for predictions in so many days before `until`."""

    rows: int
    until: datetime | None


def load_online(group: FeatureGroup, views: Iterable[FeatureView], home: Home) -> Loaded:
    """Replace the group's online rows by those that predictions on the last days of the views' spines can need.

    Raises MissingPartitions when no spine has a row.
    """
    if group.dimension:
        return Loaded(home.online.load(group, home.features.read(group, WHOLE)), None)
    users = [view for view in views if any(s.group == group for s in view.joined)]
    days = [day for view in users if (day := home.features.last_day(view.spine))]
    if not days:
        raise MissingPartitions(f"online/{group.name}: no spine that uses it has rows: materialize the spine first")
    until = midnight(max(days)) + DAY
    age = max(s.age for view in users for s in view.joined if s.group == group)
    window = Window(until - timedelta(days=SERVED_DAYS) - age - EARLIEST_KNOWLEDGE, until)
    return Loaded(home.online.load(group, home.features.read(group, window)), until)


def request_frame(view: FeatureView, requests: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Requests as rows of the spine; a prediction time that is left out is now.

    Raises ContractViolation, naming the field, for what the spine's contract does not allow.
    """
    now = datetime.now(UTC)
    frame = pd.DataFrame([{view.predicted_at: now, **request} for request in requests])
    for name in frame.columns:
        if name not in view.spine.columns:
            sentence = unknown("request field", name, view.spine.columns)
            raise ContractViolation("request", [{"column": name, "check": sentence, "value": "", "rows": "1"}])
        if view.spine.columns[name] == "time":
            frame[name] = _instants(name, frame[name])
    return to_polars(conform(frame, view.spine.schema, "request"), view.spine.columns)


def online_features(view: FeatureView, requests: pl.DataFrame, store: OnlineStore) -> pd.DataFrame:
    """The view's frame for requests: looked up by key, then completed by the same functions as in batch."""
    joined = [store.look_up(selection, requests, view.predicted_at) for selection in view.joined]
    return complete(view, pl.concat([requests, *joined], how="horizontal"))


def answer(view: FeatureView, scorer: Scorer, requests: Sequence[Mapping[str, Any]], store: OnlineStore) -> np.ndarray:
    """One prediction for each request, bit for bit the batch prediction of the same row."""
    frame = online_features(view, request_frame(view, requests), store)
    return scorer.predict(frame, threads=1)


def _instants(name: str, values: pd.Series) -> pd.Series:
    try:
        instants = [value if isinstance(value, datetime) else datetime.fromisoformat(value) for value in values]
    except (TypeError, ValueError):
        instants = []
    if not instants or any(instant.utcoffset() is None for instant in instants):
        case = {"column": name, "check": "an ISO time with its zone, such as 2013-12-31T21:00:00Z", "rows": "1"}
        raise ContractViolation("request", [{**case, "value": str(values.iloc[0])}])
    return pd.Series(pd.DatetimeIndex(instants).tz_convert("UTC").as_unit("us"), index=values.index)
