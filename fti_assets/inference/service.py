"""The online service: predictions for requests, by the champion of the moment, over HTTP."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import timedelta
from threading import Lock
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.requests import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from fti_assets.contracts.errors import ContractViolation, Corrupt, FailingCase, MissingPartitions, NoChampion, unknown
from fti_assets.contracts.model import Model
from fti_assets.inference.online import answer
from fti_assets.inference.requests import request_fields, request_frame
from fti_assets.models.scorer import Scorer
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion

MAX_ROWS = 1000
"""How many rows one call may ask for; more are a batch's work."""


class Rows(BaseModel):
    """What to predict: for each row its fields by name, as `GET /models` lists them."""

    rows: list[dict[str, Any]] = Field(description=f"1 to {MAX_ROWS} rows")


class Answer(BaseModel):
    """The predictions, in the order of the rows, and the version that made them.

    `known_until` is the time that the loaded rows reach, without those known at it or later; null where a model looks
    nothing up but dimensions. `stale` are the rows asked for a later time, which may be answered otherwise in batch.
    """

    model: str
    version: int
    content_id: str
    cutoff: str
    predictions: list[float]
    known_until: str | None
    stale: list[bool]


class Champions:
    """The present champion of each model, loaded once and again when the journal names another.

    Asking the journal costs half a millisecond, so each request asks: a promotion or a rollback is served at once.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._scorers: dict[str, Scorer] = {}
        self._lock = Lock()

    def scorer(self, model: str) -> Scorer:
        """The champion, ready to predict. NoChampion when there is none, Corrupt when its files are not its own."""
        version = self._home.registry.champion(model)
        with self._lock:
            scorer = self._scorers.get(model)
            if scorer is None or scorer.version.content_id != version.content_id:
                scorer = self._scorers[model] = Scorer(version)
            return scorer


def create_app(models: Sequence[Model], home: Home) -> FastAPI:
    """The service for these models, on the registry and the online store of a home.

    404 for a model that it does not serve, 422 with the failing cases for requests that break the spine's contract,
    503 where no champion or no feature rows are there to answer from, or they do not reach the time asked for. Each
    answered row is logged before it is sent. Models that say `online=False` are not served.

    Raises DeclarationError for a model whose features online are not those of batch.
    """
    served = {model.name: model for model in models if model.online}
    for model in served.values():
        model.check_online()
    champions = Champions(home)
    predicting = Lock()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with home.online.held_open():
            yield

    app = FastAPI(title="fti_assets", description="Predictions by the present champions.", lifespan=lifespan)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the service is up."""
        return {"status": "ok"}

    @app.get("/models")
    def list_models() -> list[dict[str, Any]]:
        """Each model: its champion and the fields of a request."""
        return [_described(model, home) for model in served.values()]

    @app.post("/predict/{model}")
    def predict(model: str, body: Rows) -> Answer:
        """A prediction for each row, by the model's present champion."""
        if model not in served:
            raise UnknownModel(unknown("model", model, served))
        if not 1 <= len(body.rows) <= MAX_ROWS:
            raise ContractViolation("request", [FailingCase("rows", f"1 to {MAX_ROWS:,} rows", str(len(body.rows)), 1)])
        view, stale_up_to = served[model].view, served[model].stale_up_to or timedelta(0)
        requests = request_frame(view, body.rows)
        scorer = champions.scorer(model)
        known_until = home.online.known_until(selection.group for selection in view.joined)
        with predicting:  # a booster that is asked configures itself, which two threads must not do at once
            predictions = answer(view, scorer, requests, home.online, stale_up_to).tolist()
        home.online.log(model, scorer.version.version, requests.to_dicts(), predictions)
        late = [known_until is not None and time >= known_until for time in requests[view.predicted_at]]
        until = known_until.isoformat() if known_until else None
        return Answer(model=model, **_facts(scorer.version), predictions=predictions, known_until=until, stale=late)

    app.add_exception_handler(UnknownModel, _sentence(404))
    app.add_exception_handler(ContractViolation, _broken_contract)
    app.add_exception_handler(RequestValidationError, _not_a_request)
    for missing in (NoChampion, MissingPartitions, Corrupt):
        app.add_exception_handler(missing, _sentence(503))
    return app


class UnknownModel(Exception):
    """A model that this service does not serve."""


def _described(model: Model, home: Home) -> dict[str, Any]:
    champion: Mapping[str, Any] = {"version": None, "content_id": None, "cutoff": None}
    with suppress(NoChampion):
        champion = _facts(home.registry.champion(model.name))
    fields = [asdict(field) for field in request_fields(model.view)]
    return {"name": model.name, "description": model.description, **champion, "fields": fields}


def _facts(version: ModelVersion) -> dict[str, Any]:
    return {"version": version.version, "content_id": version.content_id, "cutoff": version.cutoff.isoformat()}


def _sentence(status: int) -> Any:
    def respond(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status)

    return respond


def _broken_contract(_request: Request, error: Any) -> JSONResponse:
    return _cases(error.what, error.cases)


def _not_a_request(_request: Request, error: Any) -> JSONResponse:
    """FastAPI's own complaint, in the same form and without the input in it, which may be large."""
    return _cases("request", [FailingCase(".".join(map(str, e["loc"])), e["msg"], "", 1) for e in error.errors()])


def _cases(what: str, cases: Sequence[FailingCase]) -> JSONResponse:
    shown = [{"column": case.column, "check": case.check, "value": case.value, "rows": case.rows} for case in cases]
    return JSONResponse({"detail": f"the {what} breaks its contract", "cases": shown}, 422)
