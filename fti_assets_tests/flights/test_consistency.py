"""A day of real flights: what the service answers over HTTP is what was issued in batch, bit for bit."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from attrs import evolve
from fastapi.testclient import TestClient

from fti_assets.contracts.time import Window, midnight
from fti_assets.flights import contracts as c
from fti_assets.flights.sources import schedule
from fti_assets.inference.batch import issue
from fti_assets.inference.online import load_online
from fti_assets.inference.requests import request_fields
from fti_assets.inference.service import create_app
from fti_assets.stores.home import Home
from fti_assets.training.datasets import build_dataset
from fti_assets.training.train import train
from fti_assets_tests.flights.conftest import FORTNIGHT

SMALL = evolve(c.late_arrival, estimator=evolve(c.trees, rounds=10), holdout="3d")
LAST_DAY = "2013-03-14"
FLIGHT = {
    "flight_id": "2013-03-14T21:50Z-UA-1139-EWR",
    "carrier": "UA",
    "flight": 1139,
    "tail_number": "N75854",
    "origin": "EWR",
    "destination": "LAX",
    "distance": 2454,
    "scheduled_departure": "2013-03-14T21:50Z",
    "scheduled_arrival": "2013-03-15T04:01Z",
    "predict_at": "2013-03-14T19:50Z",
}


@pytest.fixture(scope="module")
def served(fortnight: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A small champion, the last day's predictions as issued, and every group online."""
    home = Home(tmp_path_factory.mktemp("served"), fortnight.features.storage)
    cutoff = midnight(LAST_DAY)
    build_dataset(SMALL, cutoff, FORTNIGHT.start, home)
    version = train(SMALL, cutoff, home).version
    home.registry.promote(SMALL.name, version.version, who="test", why="a test", effective=cutoff, expected=None)
    issue(SMALL, Window.of_days(LAST_DAY, LAST_DAY), home)
    for group in SMALL.view.groups[1:]:
        load_online(group, [SMALL.view], home)
    return home


@pytest.fixture(scope="module")
def client(served: Home) -> Iterator[TestClient]:
    with TestClient(create_app([SMALL], served)) as client:
        yield client


@pytest.fixture(scope="module")
def issued(served: Home) -> dict[str, float]:
    log = served.prediction_log.read(SMALL, Window.of_days(LAST_DAY, LAST_DAY))
    return dict(log.select("flight_id", "prediction").iter_rows())


@pytest.fixture(scope="module")
def flights() -> list[dict[str, Any]]:
    """Each flight of the last day as a client would ask for it, from the raw schedule."""
    day = Window.of_days(LAST_DAY, LAST_DAY)
    rows = pl.from_pandas(schedule.read(day.start, day.end)).select(field.name for field in request_fields(SMALL.view))
    return rows.with_columns(pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%MZ")).to_dicts()


def asked(client: TestClient, *rows: dict[str, Any]) -> list[float]:
    response = client.post(f"/predict/{SMALL.name}", json={"rows": rows})
    assert response.status_code == 200, response.text
    return response.json()["predictions"]


def test_the_answers_for_all_flights_of_a_day_are_the_issued_predictions(
    client: TestClient, flights: list[dict[str, Any]], issued: dict[str, float]
) -> None:
    assert len(flights) == len(issued) == 980
    assert len(set(issued.values())) > 500
    answers = asked(client, *flights)
    assert dict(zip([f["flight_id"] for f in flights], answers, strict=True)) == issued


def test_a_flight_asked_for_alone_has_the_answer_that_it_has_among_others(
    client: TestClient, flights: list[dict[str, Any]], issued: dict[str, float]
) -> None:
    for flight in flights[::40]:
        assert asked(client, flight) == [issued[flight["flight_id"]]]


def test_a_request_written_by_hand_is_one_of_them(
    client: TestClient, flights: list[dict[str, Any]], issued: dict[str, float]
) -> None:
    assert FLIGHT in flights
    assert asked(client, FLIGHT) == [issued[FLIGHT["flight_id"]]]


def test_a_flight_may_be_asked_for_before_its_aircraft_is_known(
    client: TestClient, flights: list[dict[str, Any]], issued: dict[str, float]
) -> None:
    optional = {field.name for field in request_fields(SMALL.view) if not field.required}
    assert optional == {"tail_number", "predict_at"}
    unknown = [{name: flight[name] for name in FLIGHT if name != "tail_number"} for flight in flights]
    answers = asked(client, *unknown)
    differ = [answer != issued[flight["flight_id"]] for flight, answer in zip(flights, answers, strict=True)]
    assert 0.1 < sum(differ) / len(differ) < 0.9


def test_a_flight_that_arrives_before_it_leaves_is_refused(client: TestClient) -> None:
    response = client.post(
        f"/predict/{SMALL.name}", json={"rows": [{**FLIGHT, "scheduled_arrival": "2013-03-14T20:00Z"}]}
    )
    assert response.status_code == 422
    assert {case["check"] for case in response.json()["cases"]} == {"arrives after it departs, within a day"}
