"""A verdict in Markdown and on a console: the decision first, and nothing from data becomes a command."""

import re
from html.parser import HTMLParser

import pytest
import sample_verdicts
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gatehouse.report import markdown, wording
from gatehouse.verdicts import Check, Decision, Verdict

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
EVERY = pytest.mark.parametrize("verdict", sample_verdicts.every(), ids=lambda verdict: verdict.step[:12])


class Page(HTMLParser):
    """What a reader sees of rendered Markdown: its tags and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(RENDERER.render(source))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


@given(st.text(st.sampled_from("ab1 `*_[]()<>&;#|\\~$!-+=.@:/\n\t\"'{}w"), max_size=30) | st.text(max_size=20))
def test_escaped_text_is_literal(text: str) -> None:
    """Rendered in a table's cell, any text is read exactly as it was, and makes no element of its own."""
    page = Page(f"| a | b |\n| --- | --- |\n| {markdown.escape(text)} | z |")
    table = ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    assert [tag for tag in page.tags if tag != "br"] == table
    seen = page.text.split("b", 1)[1].replace("\u200b", "")
    assert "".join(seen.split()) == "".join("".join(wording.lines(text)).replace("\u200b", "").split()) + "z"


@pytest.mark.parametrize("text", ["- a", "+ a", "1. a", "12) a", "---", "===", "# a", "> a", "***", "a\n- b", "```"])
def test_paragraph_is_one(text: str) -> None:
    """At the start of a line, too, text makes no list, heading, quotation or rule."""
    assert set(Page(markdown.paragraph(text)).tags) <= {"p", "br"}


@pytest.mark.parametrize("text", ["https://evil.example", "www.evil.example", "a@evil.example", "@someone"])
def test_no_link_nor_mention(text: str) -> None:
    """GitHub makes no link of an address, and notifies nobody whom a value names."""
    assert not re.search(r"://|www\.|@\w", markdown.escape(text))


def test_summary_begins_with_decision() -> None:
    """The first line says the decision with its sign and the step; the next why."""
    lines = markdown.summary(sample_verdicts.rollout(failing=True)).splitlines()
    assert lines[0] == "## ❌ REJECT: rollout"
    assert lines[2] == "As counted."


def test_summary_shows_metrics_first() -> None:
    """The metric stands in the first table: champion, candidate, difference with interval, limit, verdict."""
    checks = [sample_verdicts.slice_of("DE", 0.01), sample_verdicts.improvement(-0.05, Decision.REJECT)]
    rows = [line for line in markdown.summary(sample_verdicts.verdict(*checks)).splitlines() if line.startswith("| ")]
    assert rows[0] == "| metric | champion | candidate | difference (interval) | limit | verdict |"
    assert rows[2] == "| f1 | 0.7312 | 0.6812 | -0.0500 (-0.0660 to -0.0340) | -0.02 | ❌ reject |"
    assert rows[5].startswith("| country=DE | 900 | recall |")


def test_summary_shows_checks() -> None:
    """Any other check is a row: its numbers, its decision, its sentence; the worst comes first."""
    checks = [
        sample_verdicts.GOOD,
        Check("rows", Decision.REJECT, "Too few.", 3, 9),
        Check("more", Decision.REJECT, "Odd."),
    ]
    rows = [line for line in markdown.summary(sample_verdicts.verdict(*checks)).splitlines() if line.startswith("| ")]
    assert rows[2:] == [
        "| rows | 3 | 9 | ❌ reject |  |",
        "| more | – | – | ❌ reject | Odd. |",
        "| f1 | – | – | ✅ promote | Good. |",
    ]


@pytest.mark.parametrize("verdict", sample_verdicts.gates(), ids=lambda verdict: verdict.decision)
def test_gate_is_read_in_order(verdict: Verdict) -> None:
    """The decision comes first, then why, then what to do now, the metrics, the slices."""
    text = markdown.summary(verdict)
    words = [
        f" {verdict.decision.upper()}: gate",
        verdict.why[:30],
        "**What now?**",
        "| metric |",
        "**Slices, worst first**",
    ]
    places = [text.index(word) for word in words if word in text]
    assert places == sorted(places)
    assert len(places) == {Decision.PROMOTE: 4, Decision.ERROR: 3}.get(verdict.decision, 5)


def test_command_can_be_copied() -> None:
    """What is to be typed is a code span in Markdown, and plain on a console."""
    held = sample_verdicts.gates()[1]
    command = 'scripts/approve.py build/verdicts/gate.json --reason "..."'
    assert f"approve this model: `{command}`, or" in markdown.summary(held)
    assert command in " ".join(markdown.terminal(held).split())
    assert "`" not in markdown.terminal(held)


def test_summary_names_subject() -> None:
    """At the end stand commit, data, bundle, version, image, and when."""
    last = markdown.summary(sample_verdicts.rollout()).splitlines()[-1]
    for part in ("commit `8f2b7c1d9e0a+changes`", "data `ab12ab12ab12`", "version `1.2.0`", "image `ef56ef56ef56`"):
        assert part in last
    assert "2026-01-02 03:04:05 UTC" in last


def test_subject_cannot_break_out() -> None:
    """A version with backticks or HTML in it stays inside its code span."""
    sly = sample_verdicts.rollout()
    sly = Verdict(sly.step, sly.checks, type(sly.subject)(model_version="`<img src=x>`"), sly.made_at, "<b>me</b>")
    assert "img" not in Page(markdown.summary(sly)).tags
    assert "b" not in Page(markdown.summary(sly)).tags


def test_hostile_values_stay_text() -> None:
    """A verdict whose every text is hostile makes no element but the report's own."""
    page = Page(markdown.summary(sample_verdicts.broken()))
    own = {"h2", "p", "br", "table", "thead", "tbody", "tr", "th", "td", "strong", "em", "sub", "code"}
    assert set(page.tags) <= own
    assert "<script>alert(1)</script>" in page.text


def test_long_tables_are_short() -> None:
    """Tables and checks that are too many are cut, and the rest is counted."""
    assert "*and 10 more*" in markdown.summary(sample_verdicts.broken())
    many = [sample_verdicts.slice_of(str(number), 0.01) for number in range(100)]
    assert "*and 40 more*" in markdown.summary(sample_verdicts.verdict(*many))
    assert "  and 40 more" in markdown.terminal(sample_verdicts.verdict(*many)).splitlines()


@EVERY
def test_terminal_is_plain(verdict: Verdict) -> None:
    """On a console there is no escape sequence, no line that is too long, no space at a line's end."""
    lines = markdown.terminal(verdict).splitlines()
    assert verdict.decision.upper() in lines[0]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", "".join(lines))
    assert all(line == line.rstrip() for line in lines)


def test_terminal_is_aligned() -> None:
    """Numbers stand below one another, at their right ends."""
    checks = [
        Check("a", Decision.PROMOTE, "Good.", 0.0123, -0.02, n=12_034),
        Check("b", Decision.PROMOTE, "", 0.01, 0.05, n=9),
    ]
    head, first, second = markdown.terminal(sample_verdicts.verdict(*checks)).splitlines()[3:6]
    for name, upper, lower in (("observed", "0.0123", "0.01"), (" n", "12,034", "9"), ("limit", "-0.02", "0.05")):
        end = head.index(name) + len(name)
        assert first[:end].endswith(upper)
        assert second[:end].endswith(lower)


def test_terminal_says_why_of_each() -> None:
    """Below a check that is not good stands its sentence; the one that the head has said is not said again."""
    checks = [sample_verdicts.improvement(-0.05, Decision.REJECT), sample_verdicts.slice_of("FR", 0.2, Decision.REJECT)]
    text = markdown.terminal(sample_verdicts.verdict(*checks))
    assert text.count("f1 improved by -0.05.") == 1
    assert text.count("Slice FR.") == 1


def test_terminal_keeps_lines() -> None:
    """A message of two lines is read as two lines."""
    text = markdown.terminal(sample_verdicts.error())
    assert text.splitlines()[1:3] == ["  gatehouse.toml: unknown key 'metrc'.", "  gatehouse.toml: another."]


def test_colour_only_if_asked() -> None:
    """Colour is added around lines and changes nothing else."""
    verdict = sample_verdicts.rollout(failing=True)
    coloured = markdown.terminal(verdict, colour=True)
    assert "\033[31m" in coloured
    assert re.sub(r"\033\[\d+m", "", coloured) == markdown.terminal(verdict)


def test_no_check_is_said() -> None:
    """A verdict without checks says so in both forms."""
    nothing = sample_verdicts.verdict()
    assert "missing evidence is never a pass" in markdown.summary(nothing)
    assert markdown.terminal(nothing).startswith("! ERROR  gate\n")


def test_wide_cell_is_cut() -> None:
    """A name that would fill the console is cut."""
    verdict = sample_verdicts.verdict(Check("x" * 300, Decision.PROMOTE, "Good.", 1.0, n=3))
    assert max(map(len, markdown.terminal(verdict).splitlines())) <= markdown.WIDTH
