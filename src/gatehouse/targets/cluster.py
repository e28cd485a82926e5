"""A Kubernetes cluster: the few requests that a target makes to its API server, with errors in the project's words."""

import json
import os
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from gatehouse.errors import SilenceError, TakenError, TargetError

# For the API server to answer; it asks a pod in turn when it reads counters.
ANSWER_SECONDS = 10.0
NOT_FOUND, CONFLICT = 404, 409
# How a change is written: `merge` and `strategic` change what they name, `apply` also says whose it is.
Kind = Literal["merge", "strategic", "apply"]
FORMS: dict[Kind, str] = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Cluster:
    """The cluster of the kubeconfig, or the one that this program runs in."""

    def __init__(self) -> None:
        settings = client.Configuration()
        # A look that fails is judged by who looks: repeating it here would hide it, and take as long again.
        settings.retries = False
        try:
            log_in(settings, os.environ)
        except (ConfigException, OSError) as error:
            raise TargetError(
                f"There is no cluster to reach: {error}. Set KUBECONFIG, or use [rollout] target = 'local'."
            ) from error
        self.client = client.ApiClient(settings)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Return an object, or a list of them. Raises TargetError when it is not there, or may not be read."""
        return dict(json.loads(self._ask("GET", path, query)))

    def text(self, path: str, seconds: float = ANSWER_SECONDS, **query: str) -> str:
        """Return what a path answers as it is, within so many seconds: a log, or what a pod says."""
        return self._ask("GET", path, query, seconds=seconds).decode(errors="replace")

    def patch(self, path: str, change: dict[str, Any], kind: Kind = "merge", **query: str) -> dict[str, Any]:
        """Change an object and return what became of it."""
        return dict(json.loads(self._ask("PATCH", path, query, change, FORMS[kind])))

    def close(self) -> None:
        """Let go of the connections."""
        self.client.rest_client.pool_manager.clear()

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: dict[str, Any] | None = None,
        form: str = "",
        seconds: float = ANSWER_SECONDS,
    ) -> bytes:
        headers = {"Accept": "application/json, text/plain, */*"} | ({"Content-Type": form} if form else {})
        where = f"{path}?{urlencode(query)}" if query else path
        try:
            request = self.client.param_serialize(
                method, where, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            answer = self.client.call_api(*request, _request_timeout=seconds)
            data = bytes(answer.read())  # type: ignore[no-untyped-call]
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            raise SilenceError(f"The cluster does not answer to {method} {path}: {error}.") from error
        if answer.status >= 300:
            kind = TakenError if answer.status == CONFLICT else TargetError
            raise kind(refusal(answer.status, method, path, data))
        return data


def log_in(settings: client.Configuration, environ: Mapping[str, str]) -> None:
    """Fill in where the cluster is and who asks: by KUBECONFIG, else as a pod there, else by ~/.kube/config."""
    if "KUBERNETES_SERVICE_HOST" in environ and not environ.get("KUBECONFIG"):
        config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
    else:
        # Named, because the package reads the variable only once, when it is imported.
        file = environ.get("KUBECONFIG") or "~/.kube/config"
        config.load_kube_config(config_file=file, client_configuration=settings)  # type: ignore[no-untyped-call]


def refusal(status: int, method: str, path: str, data: bytes) -> str:
    """Return in one sentence what an API server refused, why, and what to do."""
    try:
        said = str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        said = data.decode(errors="replace").strip()[:300] or "no reason was given"
    advice = {
        NOT_FOUND: " Is the base there (kubectl apply -k deploy/kubernetes), in the namespace of [kubernetes]?",
        CONFLICT: " Another program has written there meanwhile.",
    }
    return f"The cluster refused {method} {path} ({status}): {said.rstrip('.')}.{advice.get(status, '')}"
