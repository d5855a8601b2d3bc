"""Visitors with profiles: a small system that hostile rows are put through, to the join and the online store."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pandera.pandas as pa
import polars as pl

from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC, Window
from fti_assets.features.materialize import materialize
from fti_assets.inference.online import load_online, online_features
from fti_assets.stores.home import Home
from fti_assets.views.reading import read_view


class Visit(pa.DataFrameModel):
    """Who is asked about, when, and what came of it."""

    visitor: str
    asked_at: UTC
    bought: bool


class Profile(pa.DataFrameModel):
    """What is known of a visitor, one column of each kind."""

    visitor: str
    seen_at: UTC
    known_at: UTC
    score: float = pa.Field(nullable=True)
    visits: int
    spare: pd.Int64Dtype = pa.Field(nullable=True)
    is_member: bool
    note: str = pa.Field(nullable=True)


visits = FeatureGroup(Visit, keys="visitor", event_time="asked_at")
profiles = FeatureGroup(Profile, keys="visitor", event_time="seen_at", known_at="known_at", lookback="1d")
view = FeatureView(spine=visits, label=visits["bought"].within(days=1), features=[profiles])
DAY = Window.of_days("2024-01-02", "2024-01-02")
SEEN, ASKED = DAY.start + timedelta(hours=1), DAY.start + timedelta(hours=2)


def times(*values: Any) -> pd.Series:
    return pd.Series(list(values), dtype="datetime64[us, UTC]")


def objects(*values: Any) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def frame(visitors: Any = ("a", "b", "c"), **columns: Any) -> pd.DataFrame:
    """Good profiles of these visitors, but for the given columns."""
    n = len(visitors)
    rows = pd.DataFrame({"visitor": list(visitors), "seen_at": times(*[SEEN] * n), "known_at": times(*[SEEN] * n)})
    rows["score"], rows["visits"] = [float(i) for i in range(n)], list(range(n))
    rows["spare"], rows["is_member"] = pd.array([None] * n, dtype="Int64"), [i % 2 == 0 for i in range(n)]
    rows["note"] = ["x"] * n
    for name, values in columns.items():
        rows[name] = values
    return rows


def put(home: Home, rows: Any) -> pl.DataFrame:
    """Materialize the profiles and read them back."""
    binding = profiles.computed(lambda _: rows, Source(Visit, lambda *_: visited([]), name="nothing"))
    materialize(binding, DAY, home.features)
    return home.features.read(profiles, DAY)


def visited(visitors: Any) -> pd.DataFrame:
    n = len(visitors)
    asked = pd.DataFrame({"visitor": pd.Series(list(visitors), dtype="str"), "asked_at": times(*[ASKED] * n)})
    return asked.assign(bought=pd.Series([True] * n, dtype=bool))


def joined(home: Home, visitors: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The view's rows for these visitors: offline from the feature store, and from the online store."""
    binding = visits.computed(lambda rows: rows, Source(Visit, lambda *_: visited(visitors), name="visits"))
    materialize(binding, DAY, home.features)
    load_online(profiles, [view], home)
    return read_view(view, DAY, home.features), online_features(view, home.features.read(visits, DAY), home.online)
