"""One page that holds everything: the steps, the verdicts, their plots, and nothing from outside."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sample_verdicts

from gatehouse.report import check_tables, html, svg
from gatehouse.verdicts import Decision, Verdict

VOID = {"meta", "br", "path", "use", "rect"}
OWN = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "h1", "h2", "h3",
    "p", "ol", "li", "a", "span", "small", "div", "table", "thead", "tbody", "tr", "th", "td", "br", "details",
    "summary", "figure", "figcaption", "code", "time", "svg", "desc", "g", "path", "text", "use", "defs", "clippath",
    "rect", "strong",
}  # fmt: skip


class Page(HTMLParser):
    """A page's elements, attributes and text; every element must be closed in its turn."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def all(self, attribute: str) -> list[str]:
        """Return every value of an attribute."""
        return [value for _, attributes in self.tags if (value := attributes.get(attribute)) is not None]


def step(verdict: Verdict, got: str, **more: Any) -> dict[str, Any]:
    """Return a step that was expected to promote."""
    return {"what": "A model is served", "expected": "promote", "got": got, "seconds": 3.14, "verdict": verdict, **more}


@pytest.fixture(scope="module")
def full() -> Page:
    """Return a page with one verdict of every shape."""
    verdicts = sample_verdicts.every()
    return Page(html.page("A rehearsal", verdicts, [step(verdicts[0], "promote"), step(verdicts[4], "reject")]))


def test_page_is_written(tmp_path: Path) -> None:
    """The page is one file, in a folder that is made if it is missing."""
    path = html.write(tmp_path / "build" / "report.html", "A rehearsal", [sample_verdicts.error()])
    assert path.read_text(encoding="utf-8").startswith('<!DOCTYPE html>\n<html lang="en">')
    assert [item.name for item in path.parent.iterdir()] == ["report.html"]


def test_elements_are_the_pages_own(full: Page) -> None:
    """Hostile values add no element, and no attribute that acts."""
    assert {tag for tag, _ in full.tags} <= OWN
    assert not [name for _, attributes in full.tags for name in attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in full.text


def test_nothing_is_loaded(full: Page) -> None:
    """Links lead into the page only; there is no source, and the policy forbids any."""
    assert full.all("src") == []
    assert all(address.startswith("#") for address in full.all("href"))
    assert html.POLICY in full.all("content")


def test_ids_are_unique(full: Page) -> None:
    """No id occurs twice, and every reference leads to one."""
    ids = full.all("id")
    assert len(ids) == len(set(ids))
    references = [name for value in full.all("aria-labelledby") for name in value.split()]
    assert {*references, *(address[1:] for address in full.all("href"))} <= set(ids)


def test_page_is_accessible(full: Page) -> None:
    """The language is said, tables have headings with a scope, plots a title and a description."""
    assert full.tags[0] == ("html", {"lang": "en"})
    assert all(attributes.get("scope") for tag, attributes in full.tags if tag == "th")
    plots = [attributes for tag, attributes in full.tags if tag == "svg"]
    assert len(plots) == 23
    assert all(attributes["role"] == "img" and attributes["aria-labelledby"] for attributes in plots)


def test_same_verdicts_same_page() -> None:
    """The page has no date and no chance of its own."""
    verdicts = [sample_verdicts.drifted(), sample_verdicts.broken()]
    assert html.page("T", verdicts) == html.page("T", verdicts)


def test_steps_are_counted() -> None:
    """The first sentence says whether all went as expected, and how long it took."""
    good = sample_verdicts.verdict(sample_verdicts.GOOD)
    assert "In 6 seconds, all 2 steps ended as expected." in html.page("T", [good], [step(good, "promote")] * 2)
    odd = html.page("T", [good], [step(good, "promote"), step(good, "hold")])
    assert "In 6 seconds, 1 of 2 steps did not end as expected." in odd
    assert odd.count("class=unexpected") == 1


def test_without_steps_decisions_are_counted() -> None:
    """Without steps the first line counts the decisions."""
    page = Page(html.page("T", [sample_verdicts.error(), *[sample_verdicts.verdict(sample_verdicts.GOOD)] * 2]))
    assert "✓ 2 promote ! 1 error" in page.text


def test_step_leads_to_its_verdict() -> None:
    """A step links to the verdict that it led to, whose heading names the step."""
    verdicts = [sample_verdicts.error(), sample_verdicts.verdict(sample_verdicts.GOOD)]
    text = html.page("T", verdicts, [step(verdicts[1], "promote")])
    assert '<a href="#verdict-2">A model is served</a>' in text
    assert "2 gate <small>A model is served</small></h2>" in text


def test_plain_steps_are_enough() -> None:
    """A step without a verdict, a time or a reason, and with words of its own, is shown."""
    text = html.page("T", [], [{"what": "Traffic", "expected": "0 failed", "got": "3 <failed>"}])
    assert "<td>0 failed</td><td>3 &lt;failed&gt;</td>" in text
    assert "class=unexpected" in text


def test_long_tables_are_folded() -> None:
    """Many good checks are folded away; those that are not good never are."""
    good = [sample_verdicts.slice_of(f"good{number}", 0.0) for number in range(20)]
    bad = [sample_verdicts.slice_of(f"bad{number}", 0.2, Decision.REJECT) for number in range(12)]
    open_part, folded = "".join(map(html.titled, check_tables.found(sample_verdicts.verdict(*good, *bad)))).split(
        "<details>"
    )
    assert set(re.findall(r"country=(bad\d+)", open_part)) == {f"bad{number}" for number in range(12)}
    assert set(re.findall(r"country=(good\d+)", folded)) == {f"good{number}" for number in range(20)}
    assert "20 more" in folded


def test_reading_order() -> None:
    """First the decision, then why, what to do now, the metrics, the slices, and at last the plots."""
    held, hidden = (html.section(1, verdict) for verdict in sample_verdicts.gates()[1:3])
    words = ("○ hold", "f1 is 0.7301", "What now?", "<table>", "Slices, worst first", "country=FR", "<figure>")
    places = [held.index(word) for word in words]
    assert places == sorted(places)
    assert "<code>scripts/approve.py build/verdicts/gate.json --reason &quot;...&quot;</code>" in held
    assert hidden.index("country=FR") < hidden.index("What now?") < hidden.index("<table>")


def test_sentence_is_as_wide_as_its_table() -> None:
    """The sentence of a row that is not good stands in a row of its own."""
    held = html.section(1, sample_verdicts.gates()[1])
    assert '<tr class=explained><th scope="row">f1, against the anchor 1.3.0</th>' in held
    assert '<tr><td colspan="6" class="why">f1 is' in held


def test_every_variable_is_defined() -> None:
    """Each colour that a plot or the style uses is defined, for light and for dark."""
    style = Path(html.__file__).with_name("report.css").read_text()
    used = set(re.findall(r"var\((--\w+)\)", style)) | {f"--{name}" for name in svg.VARIABLES.values()}
    light, dark = style.split("prefers-color-scheme: dark")
    assert used <= set(re.findall(r"(--\w+):", light))
    assert used <= set(re.findall(r"(--\w+):", dark))
