"""The Python in docs/features.md is one system; it is run as written, on a week of flights that the test makes."""

import importlib
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pandas as pd
import pytest

from fti_assets.contracts.feature_group import FeatureGroup
from fti_assets.contracts.source import Source
from fti_assets.contracts.time import Window, midnight
from fti_assets.features.materialize import materialize
from fti_assets.stores.feature_store import WHOLE
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.views.reading import read_view

DOC = Path(__file__).parent.parent / "docs" / "features.md"
MOST_LINES = 250
WEEK = Window.of_days("2013-03-01", "2013-03-07")


def code_blocks(language: str) -> list[str]:
    """The page's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", DOC.read_text(), flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def doc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The page's Python as a module."""
    folder = tmp_path_factory.mktemp("doc")
    (folder / "features_doc.py").write_text("\n".join(code_blocks("python")))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield importlib.import_module("features_doc")
        del sys.modules["features_doc"]


def flights() -> pd.DataFrame:
    """A flight every hour, in turn of UA and XX, of four aircraft; each second one of UA arrives 40 minutes late."""
    hours = pd.date_range(WEEK.start, WEEK.end, freq="h", inclusive="left").as_unit("us")
    n = pd.Series(range(len(hours)))
    late = (n % 4 == 0).astype(float) * 40
    due = pd.Series(hours) + pd.Timedelta(hours=5)
    return pd.DataFrame(
        {
            "flight_id": "f" + n.astype(str),
            "carrier": pd.Series(["UA", "XX"])[n % 2].to_numpy(),
            "tail_number": "N" + (n % 4).astype(str),
            "origin": "EWR",
            "destination": "LAX",
            "predict_at": hours,
            "distance": 2454,
            "due_at": due,
            "landed_at": due + pd.to_timedelta(late, unit="min").astype("timedelta64[us]"),
            "delay": late,
            "is_late": late > 15,
        }
    )


def observations() -> pd.DataFrame:
    """An observation every hour at two airports, published five minutes later; LAX has twice the wind."""
    hours = pd.date_range(WEEK.start, WEEK.end, freq="h", inclusive="left").as_unit("us")
    frames = [
        pd.DataFrame(
            {"airport": name, "observed_at": hours, "published_at": hours + pd.Timedelta(minutes=5), "wind": wind}
        )
        for name, wind in (("EWR", 10.0), ("LAX", 20.0))
    ]
    return pd.concat(frames, ignore_index=True)


def bound(group: FeatureGroup, rows: pd.DataFrame) -> object:
    """The group computed from these rows."""
    rows = rows[list(group.columns)]

    def read(start: datetime, end: datetime) -> pd.DataFrame:
        if group.dimension:
            return rows
        return rows[(rows[group.known_at] >= start) & (rows[group.known_at] < end)].reset_index(drop=True)

    return group.computed(lambda given: given, Source(group.schema, read, name=f"{group.name}_source"))


@pytest.fixture(scope="module")
def home(doc: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    airports = pd.DataFrame({"airport": ["EWR", "LAX"], "altitude": [18.0, 125.0]})
    given = {doc.departures: flights(), doc.arrivals: flights(), doc.weather: observations(), doc.airports: airports}
    for group, rows in given.items():
        materialize(bound(group, rows), WHOLE if group.dimension else WEEK, home.features)
    for binding in doc.WINDOWS:
        materialize(binding, WEEK, home.features)
    return home


def test_the_view_has_what_the_page_says_of_it(doc: ModuleType, home: Home) -> None:
    frame = read_view(doc.view, WEEK, home.features).set_index("flight_id")
    assert frame["predict_at"].min() == midnight("2013-03-03")  # since
    assert set(frame["carrier"]) == {"UA"}  # where
    assert len(frame) == 5 * 12
    row = frame.loc["f96"]  # 5 March, 00:00, of aircraft N0, which is late always
    assert (row["wind"], row["destination_wind"], row["altitude"], row["hour"]) == (10, 20, 125, 0)
    assert row["is_windier"]
    assert (row["last_delay"], row["aircraft_delay_last_2d"]) == (40, 40)
    assert row["aircraft_carrier_distinct_2d"] == 1
    # of the 24 hours of 4 March one flight in two is of UA, and each second one of those late
    assert (row["carrier_delay_mean_1d"], row["carrier_delay_count_late_1d"]) == (20, 6)


def test_the_two_models_learn_their_labels_of_the_one_view(doc: ModuleType, home: Home) -> None:
    cutoff = midnight("2013-03-06")
    late, delay = (build_dataset(model, cutoff, WEEK.start, home).dataset.read() for model in (doc.is_late, doc.delay))
    assert len(late) == len(delay) > 20
    assert (delay["label"] == late["label"] * 40).all()
    assert late["label"].mean() == pytest.approx(0.5, abs=0.05)


def test_invalid_rows_of_the_sturdy_group_are_set_aside(doc: ModuleType) -> None:
    assert (doc.sturdy_weather.on_invalid, doc.sturdy_weather.invalid_up_to) == ("quarantine", 0.02)


def test_the_page_is_short_and_its_pictures_are_there() -> None:
    text = DOC.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    pictures = re.findall(r"!\[[^\]]+\]\((images/\w+\.svg)\)", text)
    assert len(pictures) == 6
    for picture in pictures:
        drawing = (DOC.parent / picture).read_text()
        assert ElementTree.fromstring(drawing).tag.endswith("svg")  # noqa: S314
        assert "prefers-color-scheme: dark" in drawing
