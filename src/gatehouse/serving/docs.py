"""What may be asked here and what comes back, as one page without a script.

FastAPI's own page loads its scripts from a host that a closed network does not reach, and that no user of a model has
to trust. This one says what /openapi.json says, and loads nothing.
"""

import json
from collections.abc import Iterable
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from gatehouse.contract import Column
from gatehouse.serving import page, values
from gatehouse.serving.answers import PREDICT
from gatehouse.serving.requests import Reader

if TYPE_CHECKING:
    from fastapi import FastAPI


def add(app: "FastAPI", reader: Reader) -> None:
    """Serve the page at /docs."""

    async def docs() -> HTMLResponse:
        return HTMLResponse(*rendered(app.openapi(), reader))

    app.get("/docs", include_in_schema=False)(docs)


def rendered(document: dict[str, Any], reader: Reader) -> tuple[str, int, dict[str, str]]:
    """Return the page of an OpenAPI document: its HTML, its status, and the headers that keep it to itself."""
    asked = document["paths"][PREDICT]["post"]
    example = asked["requestBody"]["content"]["application/json"]["example"]
    style = page.asset("page.css")
    html = Template(page.asset("docs.html")).substitute(
        style=style,
        version=escape(document["info"]["version"]),
        fields=table((column.name, takes(column), column.description) for column in reader.columns.values()),
        rows=reader.maximum_rows,
        example=escape(json.dumps(example, indent=2)),
        answer=escape(document["components"]["schemas"]["Answer"]["description"]),
        failure=escape(document["components"]["schemas"]["Failure"]["description"]),
        answers=table((status, answer["description"]) for status, answer in sorted(asked["responses"].items())),
        paths=table(
            (f"{method.upper()} {path}", told["description"])
            for path, methods in document["paths"].items()
            for method, told in methods.items()
        ),
    )
    return html, 200, page.headers(style)


def takes(column: Column) -> str:
    """Return what a column takes, and whether it has to be sent."""
    return values.takes(column) + (". May be null, or left out" if values.optional(column) else "")


def table(rows: Iterable[Iterable[str]]) -> str:
    """Return the rows of a table, whose first cells are their heads; no cell ends its element."""
    lines = []
    for head, *cells in rows:
        others = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{escape(head)}</th>{others}</tr>')
    return "\n".join(lines)
