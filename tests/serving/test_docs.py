import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser
import pytest
import tumours

from gatehouse.bundle import Bundle

EVIL = "</td><img src=x onerror='window.pwned = 1'>"


@pytest.fixture(scope="module")
def chromium() -> Iterator[int]:
    """Return the port of a browser that the tests of this file share."""
    with browser.started() as port:
        yield port


def test_docs_tell_the_contract(server: Any) -> None:
    """They name each field with what it takes, each status and each path of the description for programs."""
    document = json.loads(server.ask("/openapi.json")[2])
    status, headers, text = server.ask("/docs")
    html = text.decode()
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<th scope="row">mean radius</th><td>a finite number from 0 to 100</td>' in html
    assert '<th scope="row">ward</th><td>a text. May be null, or left out</td>' in html
    assert "<td>a text: small, medium, large; or one that it does not know</td>" in html
    for told in (
        *document["paths"],
        *document["paths"]["/predict"]["post"]["responses"],
        "at most 5.",
        "predictions",
        "problems",
    ):
        assert told in html


def test_docs_need_no_other_host(server: Any) -> None:
    """They load nothing and run nothing, so that a closed network shows them as any other."""
    _, headers, text = server.ask("/docs")
    assert not re.search(r"""(?:src|href)=["'](?!data:,|/openapi\.json)|<script|@import|url\(""", text.decode())
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy


def test_docs_stay_without_the_page(start: Callable[..., Any], bundle: Bundle) -> None:
    """An image, which has the form off, has them: they are what its errors point to."""
    assert start(bundle.path, "--page", "off").ask("/docs")[0] == 200


def test_docs_are_shown(chromium: int, start: Callable[..., Any], tmp_path: Path) -> None:
    """In a browser: nothing is blocked or fails, and what a schema says is shown as it is."""
    columns = tuple(
        replace(column, description=EVIL) if column.name == "size" else column for column in tumours.CONTRACT.columns
    )
    server = start(tumours.write(tmp_path / "evil", contract=replace(tumours.CONTRACT, columns=columns)).path)
    colour = "getComputedStyle(document.body).margin"
    (text, pwned, margin), errors = browser.run(
        chromium, f"http://127.0.0.1:{server.port}/docs", "document.body.innerText", "window.pwned", colour
    )
    assert EVIL in text
    assert "Version 1.2.0" in text
    assert pwned is None
    assert margin == "0px", "its style is applied"
    assert errors == []
