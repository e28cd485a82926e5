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
    assert (check.name, check.observed, check.limit, check.n) == ("window size", rows, 500, rows)
    assert check.details == {"reference": reference}


def test_insufficient_says_what_helps() -> None:
    """A small window grows by itself, a small reference does not."""
    window, reference = checks.size(1, 9000, KNOBS), checks.size(9000, 1, KNOBS)
    assert window.why == (
        "Insufficient: the window has 1 rows and the reference 9,000; 500 are needed. "
        "They count towards the next window."
    )
    assert reference.why.endswith("500 are needed. Train on more rows, or lower minimum_rows.")
    assert checks.size(9000, 9000, KNOBS).why == "The window has 9,000 rows and the reference 9,000; 500 are needed."


def test_broken_data_is_named() -> None:
    """Broken columns are named, and the pipeline is what needs mending."""
    check = checks.broken([CALM, BROKEN], 1000)
    assert check.decision == Decision.REJECT
    assert check.why == (
        "Broken data is not drift; fix the pipeline before anything is retrained: "
        "country (all missing, 0.0% in the reference)."
    )
    assert (check.name, check.observed, check.limit, check.n) == ("broken data", 1, 0, 1000)
    assert check.details == {"features": ["country"]}


def test_whole_data_passes() -> None:
    """Without a broken column the check passes."""
    check = checks.broken([CALM, MOVED], 1000)
    assert check.decision == Decision.PROMOTE
    assert check.why == "No column has lost its values, and no new level has come up."
    assert (check.name, check.observed, check.limit, check.n) == ("broken data", 0, 0, 1000)
    assert check.details == {"features": []}


@pytest.mark.parametrize(
    ("findings", "decision"), [([CALM], "promote"), ([CALM, MOVED], "hold"), ([CALM, MOVED, KEPT], "reject")]
)
def test_persistence_decides(findings: list[Finding], decision: str) -> None:
    """Calm passes, a first alarm holds, a confirmed one rejects."""
    assert checks.drift(findings, "input", KNOBS).decision == decision


def test_sentence_says_how_long() -> None:
    """The sentence tells the first sight from what stayed, and of calm columns the one that moved most."""
    whys = [checks.drift(found, "input", KNOBS).why for found in ([CALM], [CALM, MOVED], [CALM, KEPT])]
    moved = "amount (effect 0.45, floor 0.1, PSI 0.3, q 1e-07)."
    assert whys == [
        "None of the inputs has drifted; most moved age (effect 0.02, floor 0.1, PSI 0.01, q 0.8).",
        f"Drift, seen for the first time in 3 windows: {moved}",
        f"Drift in 2 of the last 3 windows: {moved}",
    ]


def test_largest_by_its_own_floor() -> None:
    """What moved most, measured by its floor, is named first and gives the check its numbers."""
    first = replace(KEPT, name="first", effect=0.2, floor=0.05, n=700)
    check = checks.drift([CALM, KEPT, replace(first, name="second", effect=0.4, floor=0.2), first], "input", KNOBS)
    assert (check.observed, check.limit, check.n) == (0.45, 0.1, 1000)
    assert [part.split(" (")[0] for part in check.why.split(": ")[1].split("), ")] == ["amount", "first", "second"]


def test_untested_column_has_no_numbers() -> None:
    """A column without a test, as one of NaN alone, is no largest, and its row has no q and no index."""
    untested = replace(CALM, name="empty", q=None, effect=None, floor=None, psi=None)
    assert checks.drift([untested], "input", KNOBS).why == "None of the inputs has drifted."
    alarmed = replace(untested, alarmed=True, drifted=True)
    assert checks.drift([alarmed], "input", KNOBS).why.endswith("in 3 windows: empty (effect 0, floor 0).")


def test_broken_column_is_no_first_sight() -> None:
    """A column that is only broken is the other check's: here nothing drifted, though it is listed."""
    check = checks.drift([CALM, BROKEN], "input", KNOBS)
    assert check.decision == Decision.PROMOTE
    assert check.details == {"features": ["country"], "confirmed": []}
    again = checks.drift([replace(BROKEN, confirmed=True)], "input", KNOBS)
    assert again.why.endswith("windows: country (all missing, 0.0% in the reference).")


def test_sentence_has_numbers() -> None:
    """The sentence names the feature, its effect, its floor, its index and its q."""
    check = checks.drift([CALM, KEPT], "input", KNOBS)
    assert "amount (effect 0.45, floor 0.1, PSI 0.3, q 1e-07)" in check.why
    assert (check.observed, check.limit) == (0.45, 0.1)


def test_outputs_are_apart() -> None:
    """What the inputs do is no drift of the outputs."""
    check = checks.drift([KEPT], "output", KNOBS)
    assert (check.name, check.decision, check.observed) == ("prediction drift", Decision.PROMOTE, None)
    assert check.why == "None of the outputs has drifted."
    assert (check.limit, check.n, check.details) == (None, None, {"features": [], "confirmed": []})
    assert checks.drift([KEPT], "input", KNOBS).name == "feature drift"


def test_long_lists_are_cut() -> None:
    """Of many features five are named and the others counted."""
    many = [replace(KEPT, name=f"f{number}") for number in range(8)]
    check = checks.drift(many, "input", KNOBS)
    assert check.why.endswith("and 3 more.")
    assert check.why.count("), f") == 4
    assert checks.drift(many[:6], "input", KNOBS).why.endswith("and 1 more.")
    assert checks.drift(many[:5], "input", KNOBS).why.endswith("q 1e-07).")
    assert len(check.details["confirmed"]) == 8


def test_fewer_missing_is_described() -> None:
    """A column of which fewer values are missing is described by that."""
    fewer = replace(CALM, missing_reference=0.4, missing_window=0.1, alarmed=True)
    assert "age (10.0% missing, 40.0% in the reference)" in checks.drift([fewer], "input", KNOBS).why
