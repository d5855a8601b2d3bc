import json
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from attrs import evolve
from fastapi.testclient import TestClient

from fti_assets.contracts.errors import DeclarationError
from fti_assets.contracts.feature_view import FeatureView
from fti_assets.contracts.model import Model
from fti_assets.contracts.time import Window
from fti_assets.inference.online import load_online
from fti_assets.inference.service import MAX_ROWS, create_app
from fti_assets.models.scorer import Scorer
from fti_assets.stores.home import Home
from fti_assets.system import System
from fti_assets.training.promotion import gate_candidates
from fti_assets.views.reading import read_view
from fti_assets_tests import worlds

VIEW = worlds.returns.view
ORDER = {
    "order_id": "2024-02-14-02",
    "customer": "ada",
    "product": "boots",
    "placed_at": "2024-02-14T09:00:00Z",
    "quantity": 2,
    "is_gift": False,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's history with version 1 promoted, version 2 waiting, and the groups online."""
    home = Home(tmp_path_factory.mktemp("shop"))
    worlds.write_history(home)
    worlds.train_candidate(home, date(2024, 2, 1))
    gate_candidates(worlds.returns, home, who="test")
    worlds.train_candidate(home, date(2024, 2, 8))
    for group in (worlds.products, worlds.customer_history):
        load_online(group, [VIEW], home)
    return home.local


@pytest.fixture
def home(shop: Path, tmp_path: Path) -> Home:
    """A copy of the shop for one test."""
    return Home(Path(copytree(shop, tmp_path / "home")))


@pytest.fixture
def client(home: Home) -> Iterator[TestClient]:
    with TestClient(create_app(worlds.MODELS, home)) as client:
        yield client


def promote(home: Home, version: int, expected: int | None) -> None:
    at = worlds.at(date(2024, 2, 9))
    home.registry.promote("returns", version, who="test", why="a test", effective=at, expected=expected)


def logged(home: Home) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(home.online.path)
    rows = connection.execute("SELECT model, version, request, prediction FROM responses").fetchall()
    connection.close()
    return rows


def unpromoted(home: Home) -> None:
    shutil.rmtree(home.local / "models" / "returns" / "journal")


def test_the_service_is_healthy(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}


def test_the_models_are_listed_with_their_champion_and_request_fields(client: TestClient, home: Home) -> None:
    (model,) = client.get("/models").json()
    champion = home.registry.champion("returns")
    fields = model.pop("fields")
    assert model == {
        "name": "returns",
        "description": "Whether an order will be sent back.",
        "version": 1,
        "content_id": champion.content_id,
        "cutoff": "2024-02-01T00:00:00+00:00",
    }
    assert [field["name"] for field in fields] == list(worlds.orders.columns)
    assert fields[4] == {"name": "quantity", "kind": "integer", "required": True, "description": "pieces"}


def test_a_model_that_nothing_serves_is_listed_without_a_version(client: TestClient, home: Home) -> None:
    unpromoted(home)
    (model,) = client.get("/models").json()
    assert (model["version"], model["content_id"], model["cutoff"]) == (None, None, None)


def test_each_row_gets_the_batch_prediction_of_the_present_champion(client: TestClient, home: Home) -> None:
    window = Window.of_days(worlds.LAST_DAY, worlds.LAST_DAY)
    champion = home.registry.champion("returns")
    batch = Scorer(champion).predict(read_view(VIEW, window, home.features))
    rows = worlds.ALL_ORDERS[worlds.ALL_ORDERS["placed_at"] >= window.start][list(worlds.orders.columns)]
    answered = client.post(
        "/predict/returns", json={"rows": json.loads(rows.to_json(orient="records", date_format="iso", date_unit="us"))}
    )
    assert answered.status_code == 200
    assert answered.json() == {
        "model": "returns",
        "version": 1,
        "content_id": champion.content_id,
        "cutoff": "2024-02-01T00:00:00+00:00",
        "predictions": batch.tolist(),
        "known_until": "2024-02-15T00:00:00+00:00",
        "stale": [False] * 20,
    }


def test_a_promotion_and_a_rollback_are_served_without_a_restart(client: TestClient, home: Home) -> None:
    def answered() -> dict[str, Any]:
        return client.post("/predict/returns", json={"rows": [ORDER]}).json()

    first = answered()
    promote(home, 2, expected=1)
    second = answered()
    home.registry.rollback("returns", who="test", why="a test", effective=worlds.at(date(2024, 2, 10)))
    assert [first["version"], second["version"]] == [1, 2]
    assert first["content_id"] != second["content_id"]
    assert answered() == first


def test_the_champion_is_loaded_once(client: TestClient, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[int] = []

    class Counted(Scorer):
        def __init__(self, version: Any) -> None:
            loads.append(version.version)
            super().__init__(version)

    monkeypatch.setattr("fti_assets.inference.service.Scorer", Counted)
    for _ in range(3):
        client.post("/predict/returns", json={"rows": [ORDER]})
    promote(home, 2, expected=1)
    client.post("/predict/returns", json={"rows": [ORDER]})
    assert loads == [1, 2]


def test_every_answered_row_is_logged_with_its_version(client: TestClient, home: Home) -> None:
    rows = [ORDER, {**ORDER, "customer": "ben", "placed_at": "2024-02-14T11:00:00+01:00"}]
    predictions = client.post("/predict/returns", json={"rows": rows}).json()["predictions"]
    assert [(model, version, prediction) for model, version, _, prediction in logged(home)] == [
        ("returns", 1, predictions[0]),
        ("returns", 1, predictions[1]),
    ]
    assert json.loads(logged(home)[1][2]) == {**rows[1], "placed_at": "2024-02-14T10:00:00+00:00"}


def test_the_log_holds_the_prediction_time_that_was_left_out(home: Home) -> None:
    order = {name: value for name, value in ORDER.items() if name != "placed_at"}
    with TestClient(create_app([evolve(worlds.returns, stale_up_to="36500d")], home)) as client:
        assert client.post("/predict/returns", json={"rows": [order]}).status_code == 200
    assert json.loads(logged(home)[0][2])["placed_at"].endswith("+00:00")


def test_requests_at_the_same_time_get_the_same_answer(client: TestClient, home: Home) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.post("/predict/returns", json={"rows": [ORDER]}).json(), range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert len(logged(home)) == 20


@pytest.mark.parametrize("time", ["2024-02-15T00:00:00Z", "9999-01-01T00:00:00Z"])
def test_a_time_that_the_rows_do_not_reach_is_refused_and_nothing_is_logged(
    client: TestClient, home: Home, time: str
) -> None:
    answered = client.post("/predict/returns", json={"rows": [ORDER, {**ORDER, "placed_at": time}]})
    assert answered.status_code == 503
    reach = "the online rows of customer_history reach 2024-02-15 00:00:00+00:00"
    said = f"{reach}, not placed_at={time[:10]} 00:00:00+00:00"
    assert answered.json()["detail"].startswith(said)
    assert logged(home) == []


def test_a_row_that_is_answered_later_than_the_rows_reach_is_flagged_as_stale(home: Home) -> None:
    rows = [{**ORDER, "placed_at": f"2024-02-{day}T12:00:00Z"} for day in (14, 15, 16)]
    with TestClient(create_app([evolve(worlds.returns, stale_up_to="36h")], home)) as client:
        answered = client.post("/predict/returns", json={"rows": rows[:2]}).json()
        assert client.post("/predict/returns", json={"rows": rows}).status_code == 503
    assert (answered["stale"], answered["known_until"]) == ([False, True], "2024-02-15T00:00:00+00:00")
    assert len(answered["predictions"]) == 2


def with_windows_at_rows(**arguments: Any) -> Model:
    """The shop's model with windows that end at each order."""
    at_orders = worlds.outcomes.windows(
        "customer", {"is_returned": "count"}, over="7d", at=worlds.orders, name="so_far"
    )
    view = FeatureView(worlds.orders, VIEW.label, [worlds.orders["quantity"], at_orders])
    return Model("by_row", view, **arguments)


def test_a_model_of_windows_that_end_at_rows_is_refused_where_it_would_be_served(home: Home) -> None:
    said = (
        "model by_row: the windows of so_far end at the rows of order, and a request online would be answered by those "
        r"of its key's last row, not by its own: .*online=False"
    )
    with pytest.raises(DeclarationError, match=said):
        create_app([worlds.returns, with_windows_at_rows()], home)
    system = System("shop", models=[with_windows_at_rows()], since="2024-01-01")
    with pytest.raises(DeclarationError, match=said):
        system.inference_pipeline(first_day="2024-02-01")


def test_a_model_for_batch_alone_is_predicted_and_not_served(home: Home) -> None:
    in_batch = with_windows_at_rows(online=False)
    with TestClient(create_app([worlds.returns, in_batch], home)) as client:
        assert [model["name"] for model in client.get("/models").json()] == ["returns"]
        assert client.post("/predict/by_row", json={"rows": [ORDER]}).status_code == 404
    pipeline = System("shop", models=[in_batch], since="2024-01-01").inference_pipeline(first_day="2024-02-01")
    keys = {key.to_user_string() for key in pipeline.resolve_all_asset_keys()}
    assert "features/so_far" in keys
    assert not any(key.startswith("online/") for key in keys)


def test_an_unknown_model_is_not_found_and_the_known_ones_are_named(client: TestClient) -> None:
    answered = client.post("/predict/refunds", json={"rows": [ORDER]})
    assert (answered.status_code, answered.json()) == (
        404,
        {"detail": "there is no model 'refunds'; there are: returns"},
    )


def test_a_request_that_breaks_its_contract_is_told_every_case_and_nothing_is_logged(
    client: TestClient, home: Home
) -> None:
    answered = client.post("/predict/returns", json={"rows": [{**ORDER, "quantity": "two", "is_gift": None}, ORDER]})
    assert answered.status_code == 422
    assert answered.json() == {
        "detail": "the request breaks its contract",
        "cases": [
            {"column": "quantity", "check": "expected a whole number", "value": "two", "rows": 1},
            {"column": "is_gift", "check": "is required: true or false", "value": "null", "rows": 1},
        ],
    }
    with home.online.held_open():
        assert logged(home) == []


@pytest.mark.parametrize("rows", [0, MAX_ROWS + 1])
def test_a_call_has_one_to_a_thousand_rows(client: TestClient, rows: int) -> None:
    answered = client.post("/predict/returns", json={"rows": [ORDER] * rows})
    assert answered.status_code == 422
    assert answered.json()["cases"] == [{"column": "rows", "check": "1 to 1,000 rows", "value": str(rows), "rows": 1}]


@pytest.mark.parametrize("body", [b"", b"rows", b"[]", b'{"rows": 7}', b'{"rows": [7]}', b'{"rows": [NaN, "\\ud800"]}'])
def test_a_body_of_another_form_is_refused_in_the_same_words(client: TestClient, body: bytes) -> None:
    answered = client.post("/predict/returns", content=body, headers={"Content-Type": "application/json"})
    assert answered.status_code == 422
    assert answered.json()["detail"] == "the request breaks its contract"
    assert answered.json()["cases"][0]["column"].startswith("body")


def test_without_a_champion_the_answer_says_so(client: TestClient, home: Home) -> None:
    unpromoted(home)
    answered = client.post("/predict/returns", json={"rows": [ORDER]})
    assert answered.status_code == 503
    assert answered.json()["detail"] == "model returns has no champion; versions: 1, 2; champions since: never"


def test_without_online_rows_the_answer_says_what_to_materialize(client: TestClient, home: Home) -> None:
    connection = sqlite3.connect(home.online.path, isolation_level=None)
    connection.execute("DELETE FROM reaches WHERE name = 'products'")
    connection.close()
    answered = client.post("/predict/returns", json={"rows": [ORDER]})
    assert answered.status_code == 503
    assert answered.json()["detail"] == "the online store has no rows of products: materialize online/products"


def test_a_champion_whose_file_was_changed_does_not_answer(client: TestClient, home: Home) -> None:
    path = Path(home.registry.champion("returns").url_of("model.ubj"))
    path.write_bytes(path.read_bytes() + b" ")
    answered = client.post("/predict/returns", json={"rows": [ORDER]})
    assert answered.status_code == 503
    assert "returns version 1, model.ubj: " in answered.json()["detail"]
