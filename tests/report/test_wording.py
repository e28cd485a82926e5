"""Numbers, names and times are written so that people can read and compare them."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.report import wording
from gatehouse.verdicts import Decision, Subject


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "–"),
        (0, "0"),
        (0.0, "0"),
        (-0.02, "-0.02"),
        (0.0213456, "0.02135"),
        (12034, "12,034"),
        (1234567.8, "1,234,568"),
        (0.00000123, "1.2e-06"),
        (1.0, "1"),
        (True, "yes"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_number_is_readable(number: float | None, text: str) -> None:
    """Four digits that matter, thousands apart, and a dash for what is not known."""
    assert wording.number(number) == text


@pytest.mark.parametrize(("width", "places"), [(0.032, 4), (0.5, 3), (3.0, 2), (350.0, 0), (0.0, 4), (1e-12, 8)])
def test_decimals_fit_the_interval(width: float, places: int) -> None:
    """An interval is written with three digits of its width."""
    assert wording.decimals(width) == places


@pytest.mark.parametrize(("p", "text"), [(None, "–"), (0.0004, "<0.001"), (0.0312, "0.031"), (1.0, "1")])
def test_chance_is_short(p: float | None, text: str) -> None:
    """A p-value has two digits."""
    assert wording.chance(p) == text


def test_instruction_keeps_its_spaces() -> None:
    """What is to be typed stands apart from the words around it."""
    assert wording.instruction("Run `a b` or `c`.", str.strip, lambda code: f"[{code}]") == "Run [a b] or [c]."
    assert wording.instruction("plain", str.strip, str.upper) == "plain"


def test_interval_has_two_ends() -> None:
    """An interval is written by its ends, none by a dash."""
    assert wording.interval((-0.02, 0.01)) == "-0.02 to 0.01"
    assert wording.interval(None) == "–"


def test_value_takes_anything() -> None:
    """Lists, mappings, numbers and text of a details' table become one short line."""
    assert wording.value([1.5, "a\nb", None]) == "1.5, a b, –"
    assert wording.value({"p": 0.5, "ok": False}) == "p: 0.5, ok: no"
    assert len(wording.value("x" * 1000)) == wording.LONGEST_CELL


@given(st.text())
def test_clean_leaves_no_control(text: str) -> None:
    """No character is left that moves a cursor, ends a line, or turns the direction of writing."""
    cleaned = wording.clean(text)
    assert not {unicodedata.category(sign) for sign in cleaned} & {"Cc", "Zl", "Zp"}
    assert not set(cleaned) & wording.TURNING
    assert wording.clean(cleaned) == cleaned


def test_lines_stay_apart() -> None:
    """A message of several lines keeps them, without the empty ones."""
    assert wording.lines("one\n\n  two\x07\r\n") == ["one", "two"]


def test_short_names() -> None:
    """Hashes are cut, an image's digest is found, and uncommitted changes stay visible."""
    assert wording.short("ab12" * 16) == "ab12ab12ab12"
    assert wording.short("127.0.0.1:5000/serve@sha256:" + "ef56" * 16) == "ef56ef56ef56"
    assert wording.short("8f2b7c1d9e0a4455+changes") == "8f2b7c1d9e0a+changes"


def test_about_leaves_out_unknown() -> None:
    """Only what is known of a subject is named."""
    assert wording.about(Subject(data_hash="ab12" * 16, model_version="1.2.0")) == [
        ("data", "ab12ab12ab12"),
        ("version", "1.2.0"),
    ]
    assert wording.about(Subject()) == []


def test_when_is_readable() -> None:
    """A time is written to the second; what is no time is left as it is."""
    assert wording.when("2026-01-02T03:04:05.678+00:00") == "2026-01-02 03:04:05 UTC"
    assert wording.when("yesterday\x1b") == "yesterday"


def test_every_decision_has_signs() -> None:
    """No decision goes without its sign."""
    assert set(wording.SIGNS) == set(wording.MARKS) == set(Decision)
