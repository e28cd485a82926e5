"""GitHub's API: the one door to it. A workflow sets the variables that say which repository, and with which right."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from gatehouse.errors import ConfigError, GatehouseError

SECONDS = 30


class GithubError(GatehouseError):
    """GitHub's API refused, or did not answer."""


def call(method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Call the API below this repository, for example `actions/workflows/release.yml/dispatches`.

    Returns the answer's JSON, None where there is none. Raises ConfigError outside a workflow, GithubError when the
    API refuses.
    """
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    repository, token = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_TOKEN")
    if not repository or not token:
        raise ConfigError("GITHUB_REPOSITORY and GITHUB_TOKEN are not set: run this in a workflow, or set both.")
    if not api.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ConfigError(f"GITHUB_API_URL is '{api}'; a token is sent over https only.")
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        f"{api}/repos/{repository}/{path}",
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise GithubError(f"GitHub answered {error.code} to {method} {path}: {error.reason}.") from error
    except OSError as error:
        raise GithubError(f"GitHub did not answer {method} {path}: {error}.") from error
    return json.loads(text) if text else None
