"""Asking a running server, as a client does."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gatehouse.bundle import Bundle
from gatehouse.contract import Contract
from gatehouse.errors import TargetError
from gatehouse.gates import parity
from gatehouse.predictions import Predictions
from gatehouse.serving import requests
from gatehouse.verdicts import Check, Decision

SECONDS = 30
UNPROCESSABLE = 422


class RefusedError(TargetError):
    """A server answered, with another status than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def wait_until_ready(url: str, seconds: float) -> None:
    """Return when the server says that it is ready. Raises TargetError when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            _ask(f"{url}/readyz")
        except TargetError as error:
            if time.monotonic() > end:
                raise TargetError(f"{url} was not ready within {seconds:.0f} s. {error}") from error
            time.sleep(0.2)
        else:
            return


def version(url: str) -> dict[str, str]:
    """Return what the server says of its model: `model_version` and the bundle's hash, `bundle`.

    Raises TargetError when it does not.
    """
    return _told(f"{url}/version", ("model_version", "bundle"))


def predict(url: str, rows: pd.DataFrame, contract: Contract) -> Predictions:
    """Return what the server answers for raw rows. Raises TargetError when it refuses them."""
    names = ("predictions",) if contract.task == "regression" else ("predictions", "scores")
    answer = _told(f"{url}/predict", names, {"rows": requests.payload(rows, contract)})
    if contract.task == "regression":
        return Predictions(np.array(answer["predictions"], dtype=float), np.empty(0))
    classes = tuple(answer["scores"][0])
    scores = np.array([[row[name] for name in classes] for row in answer["scores"]], dtype=float)
    return Predictions(np.array(answer["predictions"], dtype=str), scores, classes)


def judge(url: str, expected: Bundle, rows: pd.DataFrame, answers: Predictions, limits: parity.Knobs) -> list[Check]:
    """Judge whether a server serves a bundle, and answers rows as that does. Raises TargetError when it does not."""
    served = version(url)["bundle"]
    decision = Decision.PROMOTE if served == expected.digest else Decision.ERROR
    why = f"The server's bundle is {served[:12]}, and {expected.digest[:12]} is what it should be."
    same = parity.judge(answers, predict(url, rows, expected.contract), limits)
    return [Check("bundle", decision, why), same]


def refuses(url: str) -> Check:
    """Judge whether a server refuses what is no request, and says so with 422."""
    try:
        said = _ask(f"{url}/predict", {"rows": [{}]})
    except RefusedError as error:
        good = error.status == UNPROCESSABLE
        why = f"A row without a single column is answered with {error.status}, and {UNPROCESSABLE} is right."
    else:
        good, why = False, f"A row without a single column got a prediction: {said[:200]}"
    return Check("bad request", Decision.PROMOTE if good else Decision.ERROR, why)


def _told(url: str, names: Sequence[str], body: Any = None) -> dict[str, Any]:
    """Return an answer that has these names. Raises TargetError when it has not: something else may serve there."""
    said = _ask(url, body)
    try:
        answer = dict(json.loads(said))
    except (ValueError, TypeError):
        answer = {}
    if absent := [name for name in names if name not in answer]:
        raise TargetError(
            f"{url} answered without '{absent[0]}', so no server of Gatehouse did: {said[:200]!r}. Is it the address?"
        )
    return answer


def _ask(url: str, body: Any = None) -> str:
    data = None if body is None else json.dumps(body, allow_nan=False).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return str(answer.read().decode(errors="replace"))
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")[:500]
        raise RefusedError(error.code, f"{url} answered {error.code}: {said}") from error
    except (OSError, http.client.HTTPException) as error:
        raise TargetError(f"{url} did not answer: {error}.") from error
