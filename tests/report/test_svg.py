"""A figure becomes an SVG that belongs to the page: its colours, its font, its own ids, and words for it."""

import re
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from gatehouse.report import svg
from gatehouse.report.chart import Chart


def drawn(name: str = "one", label: str = "f1") -> Chart:
    """Return a small plot."""
    with svg.settings():
        figure, (axes,) = svg.panels([1.0])
        axes.plot([0, 1], [1, 2], "o-", color=svg.ACCENT)
        axes.set_xlabel(label)
        return svg.render(figure, name, "A <title>", 'What it "shows" & more')


def test_svg_is_well_formed() -> None:
    """It is XML, with a title and a description that name it for a screen reader."""
    root = ET.fromstring(drawn().svg)
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "one-title one-desc"
    assert (root[0].tag, root[0].text) == (f"{space}title", "A <title>")
    assert (root[1].tag, root[1].text) == (f"{space}desc", 'What it "shows" & more')


def test_same_figure_same_bytes() -> None:
    """No date and no random id: the same plot is the same text."""
    assert drawn().svg == drawn().svg


def test_ids_do_not_clash() -> None:
    """Two plots on one page share no id, and every reference leads to one of its own."""
    one, two = drawn("one").svg, drawn("two").svg
    assert not set(re.findall(r'\bid="([^"]*)"', one)) & set(re.findall(r'\bid="([^"]*)"', two))
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', one)) <= set(re.findall(r'\bid="([^"]*)"', one))


def test_colours_are_the_pages() -> None:
    """No colour is fixed, so that the plot reads on light and on dark."""
    text = drawn().svg
    assert "var(--accent)" in text
    assert set(re.findall(r"#[0-9a-f]{6}\b", text)) <= {"#000000"}
    assert "font-family" not in text


def test_nothing_is_loaded() -> None:
    """The only addresses are the names of XML's own vocabularies."""
    assert set(re.findall(r'https?://[^"]*', drawn().svg)) <= {"http://www.w3.org/2000/svg"}
    assert "<style" not in drawn().svg


def test_formula_is_text() -> None:
    """A column with the signs of a formula in its name is written as it is called."""
    assert "$x_1$ \\frac{" in drawn(label="$x_1$ \\frac{").svg


def test_markup_is_text() -> None:
    """A column's name makes no element."""
    assert "<script>" not in drawn(label="<script>alert(1)</script>").svg


def test_any_script_is_drawn() -> None:
    """A name in letters that matplotlib's font lacks is left to the browser, without a warning."""
    assert "金額" in drawn(label="金額").svg


@pytest.mark.parametrize("key", ["svg.fonttype", "axes.edgecolor", "text.parse_math"])
def test_settings_are_left_alone(key: str) -> None:
    """A user's own matplotlib is as it was."""
    before = mpl.rcParams[key]
    drawn()
    assert mpl.rcParams[key] == before


def test_users_settings_do_not_matter() -> None:
    """A user's own style changes nothing in a report."""
    plain = drawn().svg
    with mpl.rc_context({"font.size": 30, "axes.grid": True}):
        assert drawn().svg == plain
