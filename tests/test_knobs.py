"""Settings refuse what they do not know, what has the wrong type, and what is no number."""

import math
from dataclasses import FrozenInstanceError

import pytest
from pydantic import ValidationError

from gatehouse import config, knobs
from gatehouse.errors import ConfigError
from gatehouse.knobs import Count, Fraction, NotNegative, Percent, Positive, Share


@knobs.knobs
class Section:
    """A section with one key of each kind."""

    share: Share = 0.5
    fraction: Fraction = 1.0
    percent: Percent = 5
    positive: Positive = 1.5
    not_negative: NotNegative = 0.0
    count: Count = 1
    name: str = "f1"
    columns: tuple[str, ...] = ()


def test_edges_are_allowed() -> None:
    """The ends of each range that belong to it are taken."""
    section = Section(share=0.999, fraction=1, percent=100, positive=1e-9, not_negative=0, count=1)
    assert (section.percent, section.not_negative, section.fraction) == (100, 0, 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("share", 0.0),
        ("share", 1.0),
        ("fraction", 0.0),
        ("fraction", 1.1),
        ("percent", 0),
        ("percent", 101),
        ("positive", 0.0),
        ("not_negative", -0.1),
        ("count", 0),
        *[(key, number) for key in ("share", "positive", "not_negative") for number in (math.nan, math.inf)],
    ],
)
def test_out_of_range_is_refused(key: str, value: float) -> None:
    """A number outside its range, NaN and infinity are refused by the key's name."""
    with pytest.raises(ValidationError, match=key):
        Section(**{key: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value"),
    [("share", "0.5"), ("share", True), ("count", 1.0), ("count", True), ("name", 3), ("columns", "country")],
)
def test_wrong_type_is_refused(key: str, value: object) -> None:
    """Nothing is converted silently: neither text to numbers, nor booleans, nor whole floats to counts."""
    with pytest.raises(ValidationError, match=key):
        Section(**{key: value})  # type: ignore[arg-type]


def test_unknown_key_is_refused() -> None:
    """A misspelt key does not fall back to the default."""
    with pytest.raises(ValidationError, match="shares"):
        Section(shares=0.4)  # type: ignore[call-arg]


def test_settings_are_frozen() -> None:
    """A threshold cannot be moved after it was read."""
    with pytest.raises(FrozenInstanceError):
        Section().share = 0.9  # type: ignore[misc]


def test_positions_are_refused() -> None:
    """A threshold is always given by its name."""
    with pytest.raises(ValidationError):
        Section(0.4)  # type: ignore[misc]


def test_names_keep_order() -> None:
    """The keys come in the order in which they are written."""
    assert knobs.names(Section)[:3] == ["share", "fraction", "percent"]


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1.5m", 90), ("24h", 86400), ("7 d", 604800), (5, 5)])
def test_durations_are_seconds(text, seconds):
    """A duration may be written as people say it."""
    assert config.parse({"steps": {"bake_seconds": text}}).steps.bake_seconds == seconds


@pytest.mark.parametrize("text", ["24", "a day", "-1h", "0s", "24h "])
def test_other_texts_are_no_duration(text):
    """A text that is no duration is refused, with how to write one."""
    with pytest.raises(ConfigError, match=r"bake_seconds"):
        config.parse({"steps": {"bake_seconds": text}})
