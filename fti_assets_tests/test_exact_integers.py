"""Integers of 64 bits, null or not, are the same in functions, views, labels, datasets, requests and predictions."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing.pandas import DataFrame

import fti_assets as fti
from fti_assets.inference.online import load_online, online_features
from fti_assets.inference.requests import request_frame
from fti_assets.training.datasets import build_dataset

ID = 2**53 + 1
EDGES = (ID, ID + 1, ID + 2, -ID, 2**53, 2**53 - 1, 2**63 - 1, 2**63 - 2, -(2**63), -(2**63) + 1, 0, -1)
FIRST, LAST = "2024-01-01", "2024-01-05"
NOON = datetime.fromisoformat("2024-01-03T12:00:00Z")


class Click(pa.DataFrameModel):
    """A look at an item, by a user who may not be logged in."""

    click: pd.Int64Dtype = pa.Field(nullable=True)
    at: fti.UTC
    user: pd.Int64Dtype = pa.Field(nullable=True)
    item: int


class Like(pa.DataFrameModel):
    """What a user likes best."""

    user: int
    at: fti.UTC
    liked: pd.Int64Dtype = pa.Field(nullable=True)
    rank: int


class Item(pa.DataFrameModel):
    """Who sells an item."""

    item: int
    seller: pd.Int64Dtype = pa.Field(nullable=True)


class Purchase(pa.DataFrameModel):
    """What became of a click."""

    click: pd.Int64Dtype = pa.Field(nullable=True)
    paid_at: fti.UTC
    is_odd: bool


class Kinship(pa.DataFrameModel):
    """Ids compared, and turned over in their last bit."""

    is_liked: pd.BooleanDtype = pa.Field(nullable=True)
    other_seller: pd.Int64Dtype = pa.Field(nullable=True)
    other_item: int


class Back(pa.DataFrameModel):
    """The last bit turned over again."""

    seller_again: pd.Int64Dtype = pa.Field(nullable=True)


def kinship(rows: pd.DataFrame) -> DataFrame[Kinship]:
    """Of ids that were looked up."""
    return pd.DataFrame(
        {
            "is_liked": rows["liked"] == rows["item"],
            "other_seller": rows["seller"] ^ 1,
            "other_item": rows["item"] ^ 1,
        }
    )


def back(rows: pd.DataFrame) -> DataFrame[Back]:
    """Of an id that another function computed."""
    return pd.DataFrame({"seller_again": rows["other_seller"] ^ 1})


clicks = fti.FeatureGroup(Click, keys="click", event_time="at", name="clicks")
likes = fti.FeatureGroup(Like, keys="user", event_time="at", name="likes", lookback="2d")
items = fti.FeatureGroup(Item, keys="item", name="items", dimension=True)
purchases = fti.FeatureGroup(Purchase, keys="click", event_time="paid_at", name="purchases")
view = fti.FeatureView(
    spine=clicks,
    label=purchases["is_odd"].within(days=1),
    features=[likes["liked", "rank"], items["seller"]],
    on_demand=[kinship, back],
)
model = fti.Model("odd", view)
FEATURES = ("liked", "rank", "seller", "is_liked", "other_seller", "other_item", "seller_again")


def rows_of(group: fti.FeatureGroup, *rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows of a group's columns, in its types."""
    columns = zip(*rows, strict=True) if rows else [()] * len(group.columns)
    types = group.schema.pandas_types
    return pd.DataFrame({n: pd.Series(list(c), dtype=types[n]) for n, c in zip(types, columns, strict=True)})


def put(home: fti.Home, group: fti.FeatureGroup, *rows: tuple[Any, ...]) -> None:
    """Materialize a group from rows that are read by the time they became known."""
    frame = rows_of(group, *rows)

    def read(start: datetime, end: datetime) -> pd.DataFrame:
        if group.dimension:
            return frame
        return frame[(frame[group.known_at] >= start) & (frame[group.known_at] < end)]

    source = fti.Source(group.schema, read, name=f"{group.name}_log")
    home.materialize(group.computed(lambda frame: frame, source), first=FIRST, last=LAST)


def plain(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of some columns in Python's values, None for null."""
    columns = columns or tuple(frame.columns)
    rows = zip(*(frame[name].tolist() for name in columns), strict=True)
    return [tuple(None if pd.isna(value) else value for value in row) for row in rows]


@pytest.fixture
def home(tmp_path: Path) -> fti.Home:
    return fti.Home(tmp_path)


@pytest.fixture
def filled(home: fti.Home) -> fti.Home:
    """Three clicks at noon, whose ids no float tells apart; the third is of nobody, on an item of no seller."""
    put(home, clicks, (ID, NOON, ID, ID + 1), (ID + 1, NOON, ID + 1, ID + 1), (ID + 2, NOON, None, ID + 2))
    put(home, likes, (ID, NOON, ID, 2**63 - 1), (ID + 1, NOON, ID + 1, ID))
    put(home, items, (ID + 1, ID + 2), (ID + 2, None))
    put(home, purchases, *((ID + n, NOON + timedelta(hours=1), n % 2 == 0) for n in range(3)))
    return home


EXPECTED = [
    (ID, 2**63 - 1, ID + 2, False, (ID + 2) ^ 1, (ID + 1) ^ 1, ID + 2),
    (ID + 1, ID, ID + 2, True, (ID + 2) ^ 1, (ID + 1) ^ 1, ID + 2),
    (None, None, None, None, None, (ID + 2) ^ 1, None),
]


def test_functions_of_a_view_see_each_id_as_it_was_stored(filled: fti.Home) -> None:
    frame = filled.read(view, FIRST, LAST)
    assert plain(frame, *FEATURES) == EXPECTED
    assert set(frame[["click", "user", "liked", "rank", "seller"]].dtypes.astype(str)) == {"Int64"}
    assert plain(frame, "click") == plain(filled.read(clicks, FIRST, LAST), "click") == [(ID,), (ID + 1,), (ID + 2,)]


def test_the_types_of_a_row_do_not_depend_on_the_nulls_of_others(filled: fti.Home) -> None:
    own = filled.read(clicks, FIRST, LAST)
    together = filled.features_for(view, own)
    alone = [filled.features_for(view, own.iloc[[n]]) for n in range(3)]
    assert plain(together, *FEATURES) == EXPECTED
    assert [frame.dtypes.to_dict() for frame in alone] == [together.dtypes.to_dict()] * 3
    pd.testing.assert_frame_equal(pd.concat(alone), together)


def test_slices_hold_the_same_ids_with_functions_and_without(filled: fti.Home) -> None:
    for functions in ((), (kinship, back)):
        of = fti.FeatureView(clicks, view.labels, [likes["liked"], items["seller"]], on_demand=functions)
        rows = pl.concat(part.read() for part in filled.slices(of, FIRST, LAST))
        assert rows.select("liked", "seller").rows() == [row[0:3:2] for row in EXPECTED]


def test_labels_are_found_by_nullable_ids_and_a_dataset_keeps_them(filled: fti.Home) -> None:
    build_dataset(model, NOON + timedelta(days=2), NOON - timedelta(days=1), filled)
    dataset = filled.dataset(model, NOON + timedelta(days=2))
    assert plain(dataset, "click", "label") == [(ID, 1.0), (ID + 1, 0.0), (ID + 2, 1.0)]
    assert plain(dataset, *FEATURES) == EXPECTED


def test_issued_predictions_are_of_the_same_ids(home: fti.Home) -> None:
    log = {"click": [ID, None], "predicted_for": [NOON] * 2, "prediction": [0.5, 0.25], "model_version": [1, 1]}
    frame = pl.DataFrame({**log, "content_id": ["x"] * 2, "run_id": ["y"] * 2})
    home.prediction_log.append(
        model, frame.cast({"predicted_for": pl.Datetime("us", "UTC")}), fti.Window.of_days("2024-01-03", "2024-01-03")
    )
    assert plain(home.predictions(model, "2024-01-03", "2024-01-03"), "click", "prediction") == [
        (ID, 0.5),
        (None, 0.25),
    ]


def test_computed_groups_are_made_of_ids_as_they_were_stored_and_read_them_back(filled: fti.Home) -> None:
    class User(pa.DataFrameModel):
        user: int
        at: fti.UTC
        looks: int

    def looks(new: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
        assert plain(seen, "click", "user") == [(ID, ID), (ID + 1, ID + 1), (ID + 2, None)]
        counted = new.dropna(subset="user").groupby("user", as_index=False).agg(at=("at", "max"), looks=("at", "size"))
        return counted.astype({"user": "int64"})

    users = fti.FeatureGroup(User, keys="user", event_time="at", name="users")
    filled.materialize(users.computed(looks, clicks, clicks["user"].lookback(days=5)), first=FIRST, last=LAST)
    assert plain(filled.read(users, FIRST, LAST), "user", "looks") == [(ID, 1), (ID + 1, 1)]


def test_a_request_with_ids_is_answered_from_the_rows_of_those_ids_and_logged_with_them(filled: fti.Home) -> None:
    for group in (likes, items):
        load_online(group, [view], filled)
    sent = (
        f'[{{"click": {ID + 1}, "user": {ID + 1}, "item": {ID + 1}, "at": "2024-01-03T12:00:00Z"}},'
        f' {{"click": null, "item": {ID + 2}, "at": "2024-01-03T12:00:00Z"}}]'
    )
    requests = request_frame(view, json.loads(sent))
    assert plain(online_features(view, requests, filled.online), *FEATURES) == EXPECTED[1:]
    filled.online.log("odd", 1, requests.to_dicts(), [0.5, 0.5])
    with closing(sqlite3.connect(filled.online.path)) as connection:
        logged = [json.loads(text) for (text,) in connection.execute("SELECT request FROM responses")]
    assert [row["click"] for row in logged] == [ID + 1, None]


ids = st.sampled_from(EDGES) | st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_ids_are_the_same_in_the_store_a_view_its_functions_and_online(data: st.DataObject) -> None:
    pool = data.draw(st.lists(ids, min_size=2, max_size=4, unique=True))
    known, maybe = st.sampled_from(pool), st.none() | st.sampled_from(pool)
    liked = {user: (data.draw(maybe), data.draw(known)) for user in data.draw(st.sets(known))}
    sellers = {item: data.draw(maybe) for item in data.draw(st.sets(known))}
    asked = [(click, NOON, data.draw(maybe), data.draw(known)) for click in data.draw(st.permutations(pool))]
    expected = []
    for _, _, user, item in asked:
        like, rank = liked.get(user, (None, None)) if user is not None else (None, None)
        seller = sellers.get(item)
        turned = None if seller is None else seller ^ 1
        expected.append((like, rank, seller, None if like is None else like == item, turned, item ^ 1, seller))
    with TemporaryDirectory() as folder:
        home = fti.Home(folder)
        put(home, clicks, *asked)
        put(home, likes, *((user, NOON, *values) for user, values in liked.items()))
        put(home, items, *sellers.items())
        assert plain(home.read(clicks, FIRST, LAST)) == asked
        batch = home.read(view, FIRST, LAST)
        assert plain(batch, *FEATURES) == expected
        for group in (likes, items):
            load_online(group, [view], home)
        sent = [{"click": click, "at": NOON.isoformat(), "user": user, "item": item} for click, _, user, item in asked]
        online = [online_features(view, request_frame(view, [request]), home.online) for request in sent]
        pd.testing.assert_frame_equal(pd.concat(online, ignore_index=True), batch)
