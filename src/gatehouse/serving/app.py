"""The server's routes: predictions, and what an operator asks a server."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gatehouse.serving import middleware, openapi, page
from gatehouse.serving.middleware import failure
from gatehouse.serving.requests import RequestError
from gatehouse.serving.runtime import ModelError
from gatehouse.serving.service import Service
from gatehouse.serving.values import Problem


class Answer(BaseModel):
    """One prediction a row, in the order of the rows; `scores` holds each class's probability, null for a number."""

    predictions: list[str | float]
    scores: list[dict[str, float] | None]
    model_version: str
    request_id: str


class Failure(BaseModel):
    """What went wrong; `problems` says where in the request, as a JSON path, and what was expected there."""

    error: str
    problems: list[dict[str, str]]
    request_id: str


def create(service: Service) -> FastAPI:
    """Return the ASGI application that serves one model. The caller closes the service."""
    app = FastAPI(title="Gatehouse", version=service.bundle.version, redoc_url=None)
    app.state.service = service
    app.add_middleware(middleware.Edge, service=service)
    for kind, handler in ((RequestError, _refused), (ModelError, _model_failed), (HTTPException, _not_served)):
        app.add_exception_handler(kind, handler)
    statuses: dict[int | str, dict[str, Any]] = {status: {"model": Failure} for status in (400, 413, 415, 422, 500)}
    body = {"requestBody": openapi.request_body(service.reader)}
    app.post("/predict", response_model=Answer, responses=statuses, openapi_extra=body)(predict)
    if service.settings.page:
        page.add(app, service.bundle)
    app.get("/healthz", response_class=PlainTextResponse)(healthz)
    app.get("/readyz", response_class=PlainTextResponse)(readyz)
    app.get("/version")(version)
    app.get("/metrics", response_class=PlainTextResponse)(metrics)
    return app


async def predict(request: Request) -> Response:
    """Predict for one row, sent as an object, or for many, sent as {"rows": [...]}."""
    service: Service = request.app.state.service
    body = await _body(request, service.settings.maximum_bytes)
    return JSONResponse(await service.predict(body, request.state.request_id))


async def healthz() -> str:
    """Say that the process is alive."""
    return "ok\n"


async def readyz(request: Request) -> Response:
    """Say whether to send traffic here: 503 from the moment at which the server was told to stop."""
    draining = request.app.state.service.draining
    return PlainTextResponse("draining\n" if draining else "ok\n", 503 if draining else 200)


async def version(request: Request) -> dict[str, str]:
    """Name the model that answers, by its version and its bundle's hash."""
    bundle = request.app.state.service.bundle
    return {"model_version": bundle.version, "bundle": bundle.digest}


async def metrics(request: Request) -> Response:
    """Return the counters as Prometheus reads them."""
    return Response(request.app.state.service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def _body(request: Request, limit: int) -> bytes:
    """Read the body, and stop at the limit. Raises RequestError."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise RequestError(415, Problem("$", "the header Content-Type: application/json"))
    too_large = RequestError(413, Problem("$", f"a body of at most {limit} bytes"))
    stated = request.headers.get("content-length", "0")
    if stated.isdecimal() and int(stated) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)


async def _refused(request: Request, error: Any) -> Response:
    problems = [{"path": problem.path, "expected": problem.expected} for problem in error.problems]
    return failure(error.status, "The request is not what this model takes.", request.state.request_id, problems)


async def _model_failed(request: Request, error: Any) -> Response:
    middleware.report(error, request.state.request_id)
    return failure(500, "The model failed on this request.", request.state.request_id)


async def _not_served(request: Request, error: Any) -> Response:
    answer = failure(error.status_code, f"{error.detail}. See /docs.", request.state.request_id)
    answer.headers.update(error.headers or {})
    return answer
