import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser
import pytest
import tumours

from gatehouse.bundle import Bundle
from gatehouse.errors import ConfigError
from gatehouse.serving import page

EVIL = "</script><img src=x onerror='window.pwned = 1'>"
TYPE = """(() => {{
  const input = document.getElementsByName({name})[0];
  input.value = {value};
  input.dispatchEvent(new Event("input"));
}})()"""
SEND = """(async () => {
  const answer = document.getElementById("answer");
  const changed = new Promise((done) => new MutationObserver(done).observe(answer, { childList: true }));
  document.getElementById("predict").click();
  await changed;
  return answer.textContent;
})()"""
TEXT = "document.body.innerText"
CURL = 'document.getElementById("curl").textContent'


def enter(name: str, value: str) -> str:
    """Return the script that types a value into a field."""
    return TYPE.format(name=browser.literal(name), value=browser.literal(value))


@pytest.fixture(scope="module")
def chromium() -> Iterator[int]:
    """Return the port of a browser that the tests of this file share."""
    with browser.started() as port:
        yield port


@pytest.fixture
def evil(tmp_path: Path) -> Bundle:
    """Return a bundle whose schema says what a browser must not run."""
    columns = tuple(
        replace(column, description=EVIL, categories=(EVIL,)) if column.name == "size" else column
        for column in tumours.CONTRACT.columns
    )
    return tumours.write(tmp_path / "evil", contract=replace(tumours.CONTRACT, columns=columns))


def test_page_is_self_contained(bundle: Bundle) -> None:
    """It loads nothing, and the policy names the one script and the one style that it holds by their hashes."""
    html, status, headers = page.rendered(bundle)
    assert status == 200
    assert not re.search(r"""(?:src|href)=["'](?!data:,|/docs|/metrics)""", html)
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    for tag, rule in (("<style>", "style-src"), ("<script>", "script-src")):
        text = html.split(tag)[1].split(f"</{tag[1:]}")[0]
        hashed = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{rule} 'sha256-{hashed}';" in policy


def test_data_cannot_leave_its_element(evil: Bundle) -> None:
    """A schema that holds markup ends no element of the page."""
    html, *_ = page.rendered(evil)
    assert "<img" not in html
    assert html.count("</script>") == 2


def test_examples_are_answered(server: Any, bundle: Bundle) -> None:
    """Every example row is one that the model takes."""
    for example in page.about(bundle)["examples"]:
        assert server.predict(example["row"])[0] == 200


def test_page_can_be_off(start: Callable[..., Any], bundle: Bundle) -> None:
    """Switched off there is no such path, and the rest is as before."""
    server = start(bundle.path, "--page", "off")
    assert server.ask("/")[0] == 404
    assert server.ask("/readyz")[0] == 200


def test_other_setting_is_refused() -> None:
    """A setting that is neither on nor off is an error, not one of them."""
    assert [page.wanted(text) for text in ("on", "off")] == [True, False]
    with pytest.raises(ConfigError, match="--page is 'yes', and must be on or off"):
        page.wanted("yes")


def test_form_predicts(chromium: int, server: Any) -> None:
    """In a browser: an example is filled in, sent, and answered with the version; nothing is blocked or fails."""
    url = f"http://127.0.0.1:{server.port}/"
    (answer, text, curl), errors = browser.run(chromium, url, SEND, TEXT, CURL)
    assert re.match(r"(yes|no)", answer)
    assert "Model 1.2.0, request " in answer
    assert "Version 1.2.0" in text
    assert curl.startswith(f"curl -X POST {url}predict ")
    assert errors == []


def test_form_shows_problems(chromium: int, server: Any) -> None:
    """In a browser: what the server expected stands beside the field that was wrong, and what was typed nowhere."""
    wrong = '[...document.querySelectorAll("[aria-invalid]")].map((field) => field.name)'
    (_, answer, fields), _ = browser.run(
        chromium, f"http://127.0.0.1:{server.port}/", enter("area", "many"), SEND, wrong
    )
    assert answer.startswith("422: ")
    assert "$.area: expected an integer from 0 to 5000" in answer
    assert "many" not in answer
    assert fields == ["area"]


def test_infinity_is_not_missing(chromium: int, server: Any) -> None:
    """In a browser: an infinite number is sent as it was typed, and refused, also where a value may be missing."""
    url = f"http://127.0.0.1:{server.port}/"
    (_, answer), _ = browser.run(chromium, url, enter("mean_texture", "Infinity"), SEND)
    assert "$.mean_texture: expected a finite number of at least 0, or null" in answer


def test_markup_stays_text(chromium: int, server: Any) -> None:
    """In a browser: markup that a user types is sent and shown as it is, and the shell's line keeps it in one word."""
    typed = EVIL.replace("1", "'1'")
    (_, answer, curl, pwned), errors = browser.run(
        chromium, f"http://127.0.0.1:{server.port}/", enter("size", typed), SEND, CURL, "window.pwned"
    )
    assert "Model 1.2.0" in answer
    assert typed.replace("'", "'\\''") in curl
    assert pwned is None
    assert errors == []


def test_browser_runs_nothing_else(chromium: int, server: Any) -> None:
    """In a browser: a script that got into the page would not run."""
    planted = """(() => { try {
      const script = document.createElement("script");
      script.textContent = "window.pwned = 1";
      document.body.append(script);
    } catch (error) { return error.name } })()"""
    (name, pwned), errors = browser.run(chromium, f"http://127.0.0.1:{server.port}/", planted, "window.pwned")
    assert name == "TypeError" or errors
    assert pwned is None


def test_schema_with_markup_is_shown(chromium: int, start: Callable[..., Any], evil: Bundle) -> None:
    """In a browser: what a schema says is shown as it is, and not run."""
    server = start(evil.path)
    (text, answer, pwned), errors = browser.run(
        chromium, f"http://127.0.0.1:{server.port}/", TEXT, SEND, "window.pwned"
    )
    assert EVIL in text
    assert "Model 1.2.0" in answer
    assert pwned is None
    assert errors == []
