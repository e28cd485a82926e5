"""The published JSON schema says what verdicts look like, and nothing else passes it."""

import json
from importlib import resources
from typing import Any

import pytest
import sample_verdicts
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gatehouse.verdicts import Check, Decision, Subject, Verdict

SCHEMA = json.loads(resources.files("gatehouse").joinpath("verdict.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def document() -> dict[str, Any]:
    """Return a verdict as it is stored."""
    made: dict[str, Any] = json.loads(sample_verdicts.rollout().to_json())
    return made


def test_schema_is_valid() -> None:
    """The schema itself follows draft 2020-12."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "verdict", sample_verdicts.every(), ids=lambda verdict: f"{verdict.step[:12]}-{verdict.decision}"
)
def test_every_shape_passes(verdict: Verdict) -> None:
    """A verdict of any step, good or bad, is what the schema says."""
    VALIDATOR.validate(json.loads(verdict.to_json()))


@given(
    st.sampled_from(Decision),
    st.none() | st.floats(),
    st.none() | st.tuples(st.floats(), st.floats()),
    st.booleans(),
)
def test_any_numbers_pass(
    decision: Decision, number: float | None, interval: tuple[float, float] | None, advisory: bool
) -> None:
    """Numbers that are none are stored as null, and their check as an error."""
    check = Check("f1", decision, "Because.", number, number, interval, 3, advisory)
    VALIDATOR.validate(json.loads(Verdict("gate", (check,), Subject(), "now", "me").to_json()))


@pytest.mark.parametrize("key", ["decision", "why", "step", "checks", "subject", "made_at", "made_by", "details"])
def test_missing_key_fails(key: str) -> None:
    """Nothing of a verdict may be left out."""
    stored = document()
    del stored[key]
    assert not VALIDATOR.is_valid(stored)


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "perhaps"},
        {"severity": 3},
        {"checks": {}},
        {"subject": {"commit": "abc"}},
        {"made_at": None},
        {"details": []},
    ],
)
def test_wrong_verdict_fails(change: dict[str, object]) -> None:
    """A key that is unknown, or of another type, is refused."""
    assert not VALIDATOR.is_valid(document() | change)


@pytest.mark.parametrize(
    "change",
    [
        {"interval": [0.1]},
        {"interval": [0.1, None]},
        {"n": -1},
        {"n": 1.5},
        {"observed": "0.9"},
        {"advisory": 0},
        {"extra": 1},
    ],
)
def test_wrong_check_fails(change: dict[str, object]) -> None:
    """A check of another shape is refused, and one that passes with half an interval."""
    stored = document()
    stored["checks"][0] |= change
    assert not VALIDATOR.is_valid(stored)
