"""How numbers, hashes, times and words are written for people, the same in every form of a report."""

import math
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from gatehouse.verdicts import Decision, Subject

NOTHING = "–"
SIGNS = {Decision.PROMOTE: "✅", Decision.HOLD: "⏸️", Decision.REJECT: "❌", Decision.ERROR: "⚠️"}
# Single-width signs, for a console and a page that bring their own colour.
MARKS = {Decision.PROMOTE: "✓", Decision.HOLD: "○", Decision.REJECT: "✗", Decision.ERROR: "!"}
LONGEST_CELL = 120
# These turn the direction of writing, so that a value could read as another than it is.
TURNING = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def number(value: float | None) -> str:
    """Write a number with four significant digits, whole ones with their thousands apart, and None as a dash."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not math.isfinite(value):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000 or value == 0:
        return f"{value:,.0f}"
    if abs(value) < 1e-4:
        return f"{value:.1e}"
    return f"{value:.4g}"


def interval(ends: tuple[float, float] | None) -> str:
    """Write an interval by its two ends."""
    return NOTHING if ends is None else f"{number(ends[0])} to {number(ends[1])}"


def decimals(width: float) -> int:
    """Return how many decimals show three digits of an interval of this width, and so no more than it knows."""
    return 4 if width <= 0 or not math.isfinite(width) else min(8, max(0, 2 - math.floor(math.log10(width))))


def chance(p: float | None) -> str:
    """Write a p-value with two digits; below a thousandth nobody needs to know."""
    return NOTHING if p is None else "<0.001" if p < 0.001 else f"{p:.2g}"


def value(item: Any) -> str:
    """Write whatever a table of details may hold; long text is cut."""
    if item is None or isinstance(item, (int, float)):
        return number(item)
    if isinstance(item, Mapping):
        text = ", ".join(f"{key}: {value(part)}" for key, part in item.items())
    elif isinstance(item, (list, tuple)):
        text = ", ".join(value(part) for part in item)
    else:
        text = clean(str(item))
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def clean(text: str) -> str:
    """Put text on one line, without the characters that steer a terminal or turn the direction of writing."""
    plain = (" " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in text)
    return " ".join("".join(sign for sign in plain if sign not in TURNING).split())


def lines(text: str) -> list[str]:
    """Return the lines of a sentence or a message, each of them clean, without empty ones."""
    return [line for line in map(clean, text.splitlines()) if line]


def instruction(text: str, plain: Callable[[str], str], code: Callable[[str], str]) -> str:
    """Write a sentence in which what is to be typed stands between backticks: by `code`, and the rest by `plain`."""
    made = ""
    for place, part in enumerate(text.split("`")):
        before, after = " " * part.startswith(" "), " " * part.endswith(" ")
        made += code(part) if place % 2 else f"{before}{plain(part)}{after}" if part.strip() else part
    return made


def short(name: str) -> str:
    """Cut a hash, a digest or a commit to the 12 characters that people compare."""
    plain = name.rsplit("sha256:", 1)[-1]
    head, changes, _ = plain.partition("+changes")
    return clean(head[:12] + changes)


def about(subject: Subject) -> list[tuple[str, str]]:
    """Return what a verdict is about: pairs of a word and a short name, without what is not known."""
    parts = {
        "commit": subject.commit and short(subject.commit),
        "data": subject.data_hash and short(subject.data_hash),
        "bundle": subject.bundle and short(subject.bundle),
        "version": subject.model_version and clean(subject.model_version),
        "image": subject.image_digest and short(subject.image_digest),
    }
    return [(word, name) for word, name in parts.items() if name]


def when(moment: str) -> str:
    """Write an ISO 8601 time to the second; what is no time stays as it is."""
    try:
        return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M:%S %Z").strip()
    except ValueError:
        return clean(moment)
