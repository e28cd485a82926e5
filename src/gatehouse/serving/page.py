"""A page to try the model with: a form made from the schema, the answer, and the same request for a shell.

It is one file: its style and its script stand in it, and the browser is told to run and load nothing else.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from gatehouse.bundle import Bundle
from gatehouse.contract import Column
from gatehouse.errors import ConfigError
from gatehouse.serving import values

if TYPE_CHECKING:
    from fastapi import FastAPI

# Each example is made of one quantile of every number, and of the first, second or third most frequent level.
EXAMPLES = {"typical": (0.5, 0), "low": (0.05, 1), "high": (0.95, 2)}


def wanted(text: str) -> bool:
    """Read the setting. Raises ConfigError when it is neither on nor off."""
    if text not in ("on", "off"):
        raise ConfigError(f"--page is {text!r}, and must be on or off.")
    return text == "on"


def add(app: "FastAPI", bundle: Bundle) -> None:
    """Serve the page at `/`; its links and requests stay on this server."""
    answer = HTMLResponse(*rendered(bundle))

    async def page() -> HTMLResponse:
        return answer

    app.get("/", include_in_schema=False)(page)


def rendered(bundle: Bundle) -> tuple[str, int, dict[str, str]]:
    """Return the page's HTML, its status, and the headers that keep it to itself."""
    style, script = asset("page.css"), asset("page.js")
    html = Template(asset("page.html")).substitute(style=style, script=script, about=embedded(about(bundle)))
    return html, 200, headers(style, script)


def headers(style: str, script: str = "") -> dict[str, str]:
    """Return the headers that let a page run its own style and script, and load nothing else."""
    allowed = f"script-src {source(script)}; connect-src 'self'; img-src data:; " if script else "img-src data:; "
    policy = (
        f"default-src 'none'; style-src {source(style)}; {allowed}base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }


def asset(name: str) -> str:
    """Return one of the files beside this module."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def source(text: str) -> str:
    """Return how a Content-Security-Policy names an inline script or style: by its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def embedded(document: Mapping[str, Any]) -> str:
    """Return JSON that cannot end the element in which it stands: it holds no <, > or &."""
    text = json.dumps(document)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def about(bundle: Bundle) -> dict[str, Any]:
    """Return what the page shows: the version, the fields, and rows to begin with."""
    columns = [
        column for column in bundle.contract.columns if column.role == "id" or column in bundle.contract.features
    ]
    return {
        "version": bundle.version,
        "columns": [
            {
                "name": column.name,
                "kind": "category" if column.role == "id" else column.kind,
                "required": not values.optional(column),
                "categories": column.categories,
                "description": column.description,
                "takes": values.takes(column),
            }
            for column in columns
        ],
        "examples": [{"name": name, "row": example(bundle, *where)} for name, where in EXAMPLES.items()],
    }


def example(bundle: Bundle, share: float, rank: int) -> dict[str, Any]:
    """Return a row of values that the reference profile has seen, each by itself: no row of a user."""
    profiled = bundle.profile.get("features", {})
    return {
        column.name: _value(column, profiled.get(column.name, {}), share, rank) for column in bundle.contract.features
    }


def _value(column: Column, profile: Mapping[str, Any], share: float, rank: int) -> Any:
    """Return a value of one column; of one that the profile does not hold, the one that the documentation shows."""
    levels = sorted(profile.get("counts", {}).items(), key=lambda item: -item[1])
    if profile.get("kind") == "numbers":
        text = next(value for value, upto in zip(profile["values"], profile["upto"], strict=True)
                    if upto >= share * profile["upto"][-1])  # fmt: skip
    elif levels and column.kind != "time":
        text = levels[min(rank, len(levels) - 1)][0]
    else:
        return values.example(column)
    if column.kind == "category":
        return str(text)
    number = float(text)
    if column.kind == "boolean":
        return number > 0
    return round(number) if column.kind == "integer" else number
