from dataclasses import replace

import pytest

from gatehouse.drift import checks
from gatehouse.drift.finding import Finding
from gatehouse.drift.knobs import Knobs
from gatehouse.verdicts import Decision

KNOBS = Knobs()
CALM = Finding("age", "input", "ks", 1000, p=0.4, q=0.8, effect=0.02, floor=0.1, psi=0.01)
MOVED = replace(CALM, name="amount", q=1e-7, effect=0.45, psi=0.3, drifted=True, alarmed=True)
KEPT = replace(MOVED, confirmed=True)
BROKEN = replace(CALM, name="country", broken="all missing, 0.0% in the reference", alarmed=True)


@pytest.mark.parametrize(
    ("rows", "reference", "decision"), [(500, 500, "promote"), (499, 9, "hold"), (500, 499, "hold")]
)
def test_few_rows_hold(rows: int, reference: int, decision: str) -> None:
    """A window or a reference with too few rows is insufficient."""
    check = checks.size(rows, reference, KNOBS)
    assert check.decision == decision
    assert ("Insufficient" in check.why) == (decision == "hold")


def test_broken_data_is_named() -> None:
    """Broken columns are named, and the pipeline is what needs mending."""
    check = checks.broken([CALM, BROKEN], 1000)
    assert check.decision == Decision.REJECT
    assert "fix the pipeline" in check.why
    assert "country (all missing" in check.why


def test_whole_data_passes() -> None:
    """Without a broken column the check passes."""
    assert checks.broken([CALM, MOVED], 1000).decision == Decision.PROMOTE


@pytest.mark.parametrize(
    ("findings", "decision"), [([CALM], "promote"), ([CALM, MOVED], "hold"), ([CALM, MOVED, KEPT], "reject")]
)
def test_persistence_decides(findings: list[Finding], decision: str) -> None:
    """Calm passes, a first alarm holds, a confirmed one rejects."""
    assert checks.drift(findings, "input", KNOBS).decision == decision


def test_sentence_has_numbers() -> None:
    """The sentence names the feature, its effect, its floor, its index and its q."""
    check = checks.drift([CALM, KEPT], "input", KNOBS)
    assert "amount (effect 0.45, floor 0.1, PSI 0.3, q 1e-07)" in check.why
    assert (check.observed, check.limit) == (0.45, 0.1)


def test_outputs_are_apart() -> None:
    """What the inputs do is no drift of the outputs."""
    check = checks.drift([KEPT], "output", KNOBS)
    assert (check.name, check.decision, check.observed) == ("prediction drift", Decision.PROMOTE, None)


def test_long_lists_are_cut() -> None:
    """Of many features five are named and the others counted."""
    many = [replace(KEPT, name=f"f{number}") for number in range(8)]
    check = checks.drift(many, "input", KNOBS)
    assert check.why.endswith("and 3 more.")
    assert len(check.details["confirmed"]) == 8


def test_fewer_missing_is_described() -> None:
    """A column of which fewer values are missing is described by that."""
    fewer = replace(CALM, missing_reference=0.4, missing_window=0.1, alarmed=True)
    assert "age (10.0% missing, 40.0% in the reference)" in checks.drift([fewer], "input", KNOBS).why
