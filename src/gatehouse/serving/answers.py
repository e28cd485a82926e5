"""What a client is answered, in the one form that it has whatever route it comes from."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec
from starlette.responses import PlainTextResponse, Response

from gatehouse.errors import GatehouseError
from gatehouse.serving.requests import Batch, RequestError
from gatehouse.serving.runtime import TooLateError

PREDICT = "/predict"
PROBES = ("/healthz", "/readyz")
# Success, and not by the model itself: a router counts it apart, so a canary that lives by its fallback is seen.
FALLBACK = 203
RETRY_SECONDS = 1
ENCODE = msgspec.json.Encoder().encode


# Status and body.
Told: TypeAlias = tuple[int, bytes]


class Answered(NamedTuple):
    """A request and its answer, a value and the classes' scores for each row; by the model, or by the `fallback`.

    `tester` says that a tester asked.
    """

    request_id: str
    batch: Batch
    values: Sequence[Any]
    scores: Sequence[Mapping[str, float] | None]
    fallback: bool = False
    tester: bool = False


def prediction(answered: Answered, version: str) -> Told:
    """Return status and body for an answered request."""
    document = {
        "predictions": answered.values,
        "scores": answered.scores,
        "model_version": version,
        "request_id": answered.request_id,
    }
    return (FALLBACK, ENCODE({**document, "fallback": True})) if answered.fallback else (200, ENCODE(document))


def of(error: GatehouseError, identity: str) -> Response:
    """Return the answer to a request that was not predicted; a model that failed is a plain 500."""
    if isinstance(error, RequestError):
        problems = [{"path": problem.path, "expected": problem.expected} for problem in error.problems]
        return failure(error.status, "The request is not what this model takes.", identity, problems)
    if isinstance(error, TooLateError):
        return failure(504, "The model took too long. Send fewer rows, or come back later.", identity)
    return failure(500, "The model failed on this request.", identity)


def told(response: Response) -> Told:
    """Return status and body of an answer."""
    return response.status_code, bytes(response.body)


def probe(path: str, draining: bool) -> Response:
    """Return the answer to whoever asks at one of PROBES whether the server is alive, or to be sent requests.

    It is alive, but not ready, from the moment at which it was told to stop.
    """
    stopping = path == "/readyz" and draining
    return PlainTextResponse("draining\n" if stopping else "ok\n", 503 if stopping else 200)


def busy(identity: str) -> Response:
    """Return the answer to a request that is not taken on, because too many are."""
    answer = failure(503, "The server is busy. Come back later.", identity)
    answer.headers["retry-after"] = str(RETRY_SECONDS)
    return answer


def failure(status: int, message: str, identity: str, problems: Sequence[Mapping[str, str]] = ()) -> Response:
    """Return an answer that says what went wrong, in the one form that all errors have."""
    content = ENCODE({"error": message, "problems": problems, "request_id": identity})
    return Response(content, status, media_type="application/json")


# The bytes of a refusal but for its id, how many they are, and its line in the head: a server that has no time makes it
# from these.
BUSY, RETRY = bytes(busy("%b").body), b"retry-after: %d\r\n" % RETRY_SECONDS
BUSY_BYTES = len(BUSY % b"")
