"""Names and keys as the world writes them: right from the source to the online store, or refused."""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.gates import BeatsBaseline
from fti_assets.contracts.model import Model
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import UTC
from fti_assets.features.materialize import materialize
from fti_assets.inference.online import load_online, online_features
from fti_assets.models.boosting import XGBoost
from fti_assets.stores.home import Home
from fti_assets.views.reading import read_view
from fti_assets_tests.validation.hostile_world import (
    DAY,
    SEEN,
    Profile,
    Visit,
    frame,
    joined,
    put,
    times,
    view,
    visited,
    visits,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


HOSTILE_KEYS = [
    "it's",
    'say "no"',
    "'; DROP TABLE feature_profile; --",
    "../../etc/passwd",
    "C:\\x\\y",
    "a/b",
    "line\nbreak",
    "tab\tand\rreturn",
    "nul\0inside",
    "nul\0insider",
    "",
    " ",
    " leading",
    "größe",
    "gro\u0308ße",
    "遅延🙂",
    "\u202eright to left",
    "%_*?[x]",
    "null",
    "NaN",
    "None",
    "x" * 100_000,
    "x" * 100_000 + "y",
]


def test_any_text_is_a_key_from_the_source_to_the_join_and_the_online_store(home: Home) -> None:
    rows = put(home, frame(HOSTILE_KEYS, note=HOSTILE_KEYS))
    assert rows["visitor"].to_list() == HOSTILE_KEYS
    asked = list(reversed(HOSTILE_KEYS))
    for answered in joined(home, asked):
        assert answered["note"].to_list() == asked
        assert answered["visits"].to_list() == list(reversed(range(len(asked))))


HOSTILE_NAMES = ["it's", 'a"b', "a/b", "..", "a b", "größe", "a\nb", "a\0b", "", "A", "1a", "x" * 64, "a;b", "a.b"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_group_a_source_and_a_model_are_refused_under_a_name_that_no_path_or_table_should_have(name: str) -> None:
    # an empty name stands for the schema's
    with pytest.raises(DeclarationError, match=r"name .*expected lower-case letters"):
        FeatureGroup(Profile, keys="visitor", event_time="seen_at", name=name or " ")
    with pytest.raises(DeclarationError, match=r"source name .*expected lower-case letters"):
        Source(Visit, lambda *_: visited([]), name=name or " ")
    with pytest.raises(DeclarationError, match=r"model name .*expected lower-case letters"):
        Model(name, view=view, estimator=XGBoost(), gates=[BeatsBaseline()])


def _with_column(name: str) -> type[pa.DataFrameModel]:
    fields = {"visitor": str, "seen_at": UTC, "value": float}
    return type("Named", (pa.DataFrameModel,), {"__annotations__": fields, "value": pa.Field(alias=name)})


@pytest.mark.parametrize("name", ["it's", 'a"b', "a/b", "a b", "a\nb", "a\0b", "", "1a", "a.b", "Visitor", "fti_x"])
def test_a_column_is_refused_under_a_name_that_a_store_or_sql_cannot_hold(name: str) -> None:
    with pytest.raises(DeclarationError, match=r"^feature group named: .*(choose another|rename)"):
        FeatureGroup(_with_column(name), keys="visitor", event_time="seen_at")


@pytest.mark.parametrize("name", ["größe", "遅延", "select", "self", "_x", "index", "ds"])
def test_a_column_of_any_other_name_goes_through_to_the_online_store(home: Home, name: str) -> None:
    group = FeatureGroup(_with_column(name), keys="visitor", event_time="seen_at", lookback="1d")
    rows = pd.DataFrame({"visitor": ["a"], "seen_at": times(SEEN), name: [1.5]})
    materialize(
        group.computed(lambda _: rows, Source(Visit, lambda *_: visited([]), name="nothing")), DAY, home.features
    )
    asked = visits.computed(lambda given: given, Source(Visit, lambda *_: visited(["a"]), name="visits"))
    materialize(asked, DAY, home.features)
    named = FeatureView(spine=visits, label=visits["bought"].within(days=1), features=[group])
    load_online(group, [named], home)
    online = online_features(named, home.features.read(visits, DAY), home.online)
    assert read_view(named, DAY, home.features)[name].to_list() == online[name].to_list() == [1.5]
