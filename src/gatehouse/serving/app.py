"""The server's routes: predictions, and what an operator asks a server."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from gatehouse.errors import GatehouseError
from gatehouse.serving import answers, body, docs, identity, openapi, page
from gatehouse.serving.service import Service

STATUSES = {
    400: "No JSON, or no HTTP",
    408: "The request did not come within the time limit",
    413: "Too large a body, or too many rows",
    415: "Another content type than application/json, or a compressed body",
    422: "Rows that the model does not take",
    500: "The model failed, or the server",
    503: "Too much to do: come back after the seconds in Retry-After",
    504: "The model took too long",
}


class Answer(BaseModel):
    """An answer: `predictions`, one a row in the order of the rows; `scores`, each class's probability, or null.

    It has the `model_version` and the `request_id`, which is that of the header X-Request-Id where a client sent one.
    `fallback` stands there, true, where the model failed and the workload's own rule answered in its place.
    """

    predictions: list[str | float]
    scores: list[dict[str, float] | None]
    model_version: str
    request_id: str
    fallback: bool = False


class Failure(BaseModel):
    """A refusal: `error` says what went wrong; `problems` where, as a JSON `path`, and what was `expected` there."""

    error: str
    problems: list[dict[str, str]]
    request_id: str


def create(service: Service, wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> ASGIApp:
    """Return the application that serves one model; `wrap` is for rehearsals. The caller closes the service."""
    # No redirects: behind a proxy that speaks TLS they would send a client's row there again in the clear.
    app = FastAPI(
        title="Gatehouse", version=service.bundle.version, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.service = service
    app.add_exception_handler(GatehouseError, _failed)
    app.add_exception_handler(HTTPException, _not_served)
    statuses: dict[int | str, dict[str, Any]] = {
        status: {"model": Failure, "description": said} for status, said in STATUSES.items()
    }
    statuses[200] = {"model": Answer, "description": "Answered by the model"}
    statuses[answers.FALLBACK] = {"model": Answer, "description": "Answered by the fallback, as the model failed"}
    request = {"requestBody": openapi.request_body(service.reader)}
    app.post(answers.PREDICT, response_model=Answer, responses=statuses, openapi_extra=request)(predict)
    docs.add(app, service.reader)
    if service.settings.page:
        page.add(app, service.bundle)
    app.get("/healthz", response_class=PlainTextResponse)(healthz)
    app.get("/readyz", response_class=PlainTextResponse)(readyz)
    app.get("/version")(version)
    app.get("/metrics", response_class=PlainTextResponse)(metrics)
    app.get("/answers", include_in_schema=False)(recalled)
    # The first request would wait for it.
    app.middleware_stack = app.build_middleware_stack()
    return wrap(app)


async def predict(request: Request) -> Response:
    """Predict for one row, sent as an object, or for many, sent as {"rows": [...]}."""
    service: Service = request.app.state.service
    settings = service.settings
    limits = settings.maximum_bytes, settings.time_limit_seconds
    with service.room.share() as share:
        try:
            content = await body.read(request.scope, request.receive, share, *limits)
        except body.FullError:
            service.metrics.shed += 1
            return answers.busy(request.state.request_id)
        tester = identity.tests(request.scope["headers"])
        status, text = await service.predict(content, request.state.request_id, tester=tester)
    return Response(text, status, media_type="application/json")


async def healthz(request: Request) -> Response:
    """Say that the process is alive."""
    return answers.probe(request.url.path, request.app.state.service.draining)


async def readyz(request: Request) -> Response:
    """Say whether to send traffic here: 503 from the moment at which the server was told to stop."""
    return answers.probe(request.url.path, request.app.state.service.draining)


async def version(request: Request) -> dict[str, str]:
    """Name the model that answers, by its version and its bundle's hash."""
    bundle = request.app.state.service.bundle
    return {"model_version": bundle.version, "bundle": bundle.digest}


async def metrics(request: Request) -> Response:
    """Return the counters as Prometheus reads them."""
    return Response(request.app.state.service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def recalled(request: Request) -> Response:
    """Return the last answers, for whoever compares two versions."""
    return Response(request.app.state.service.recall.text(), media_type="application/json")


async def _failed(request: Request, error: Any) -> Response:
    return answers.of(error, request.state.request_id)


async def _not_served(request: Request, error: Any) -> Response:
    answer = answers.failure(error.status_code, f"{error.detail}. See /docs.", request.state.request_id)
    answer.headers.update(error.headers or {})
    return answer
