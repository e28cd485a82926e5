"""The verdict contract: the worst check decides, missing evidence is an error, and JSON keeps it so."""

import json
import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse import verdicts
from gatehouse.errors import EvidenceError
from gatehouse.verdicts import SEVERITY, Check, Decision, Subject, Verdict

NUMBERS = st.none() | st.floats()
FINITE = st.floats(allow_nan=False, allow_infinity=False)
DETAILS = st.dictionaries(st.text(max_size=5), st.lists(st.integers() | FINITE | st.text(max_size=5), max_size=3))
CHECKS = st.builds(
    Check,
    name=st.text(max_size=9),
    decision=st.sampled_from(Decision),
    why=st.text(max_size=20),
    observed=NUMBERS,
    limit=NUMBERS,
    interval=st.none() | st.tuples(st.floats(), st.floats()),
    n=st.none() | st.integers(0, 10**9),
    advisory=st.booleans(),
    details=DETAILS,
)
SUBJECTS = st.builds(Subject, commit=st.none() | st.text(max_size=9), data_hash=st.none() | st.text(max_size=9))
VERDICTS = st.builds(
    Verdict,
    step=st.text(max_size=9),
    checks=st.lists(CHECKS, max_size=4).map(tuple),
    subject=SUBJECTS,
    made_at=st.just("2026-01-02T03:04:05+00:00"),
    made_by=st.just("gatehouse 0.1.0"),
    details=DETAILS,
)


def verdict(*checks: Check) -> Verdict:
    """Return a verdict of these checks."""
    return Verdict("gate", checks, Subject(commit="abc"), "2026-01-02T03:04:05+00:00", "gatehouse 0.1.0")


def check(decision: Decision, why: str = "Because.", advisory: bool = False) -> Check:
    """Return a check that ended so."""
    return Check("f1", decision, why, advisory=advisory)


@given(st.lists(st.sampled_from(Decision), min_size=1))
def test_worst_check_decides(decisions: list[Decision]) -> None:
    """Error is worse than reject, reject than hold, hold than promote, in whatever order they come."""
    worst = max(decisions, key=[Decision.PROMOTE, Decision.HOLD, Decision.REJECT, Decision.ERROR].index)
    assert verdict(*map(check, decisions)).decision == worst


@pytest.mark.parametrize(("decision", "code"), [("promote", 0), ("hold", 0), ("reject", 1), ("error", 2)])
def test_exit_codes(decision: str, code: int) -> None:
    """A workflow goes on after promote and hold only."""
    assert verdict(check(Decision(decision))).exit_code == code


def test_no_check_is_error() -> None:
    """A verdict without checks is never a pass."""
    assert verdict().decision == Decision.ERROR
    assert verdict().exit_code == 2
    assert verdict().why == "No check was made, and missing evidence is never a pass."


def test_only_advisory_is_error() -> None:
    """Advisory checks alone have judged nothing."""
    assert verdict(check(Decision.PROMOTE, advisory=True)).decision == Decision.ERROR


def test_advisory_is_ignored() -> None:
    """An advisory check that rejects is reported and decides nothing, nor does it give the reason."""
    judged = verdict(check(Decision.REJECT, "Advice.", advisory=True), check(Decision.PROMOTE, "Good."))
    assert (judged.decision, judged.why) == (Decision.PROMOTE, "Good.")


def test_why_is_first_deciding() -> None:
    """The reason is that of the first check which decided."""
    whys = [check(Decision.HOLD, "Few rows."), check(Decision.REJECT, "Worse."), check(Decision.REJECT, "Slower.")]
    assert verdict(*whys).why == "Worse."


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float64("nan"), np.float32("inf")])
@pytest.mark.parametrize(
    ("place", "name"),
    [("observed", "observed"), ("limit", "limit"), ("low", "interval's lower end"), ("high", "interval's upper end")],
)
def test_not_finite_is_error(place: str, name: str, number: float) -> None:
    """A NaN or an infinity in any number of a check disarms no threshold: the check becomes an error."""
    numbers = {"observed": 0.8, "limit": 0.7, "low": 0.75, "high": 0.85, place: number}
    interval = (numbers["low"], numbers["high"])
    judged = Check("f1", Decision.PROMOTE, "Good.", numbers["observed"], numbers["limit"], interval)
    assert judged.decision == Decision.ERROR
    assert judged.why == f"The {name} of f1 is not a finite number. Good."


def test_error_keeps_its_reason() -> None:
    """A check that is an error already keeps the sentence that says why."""
    assert Check("f1", Decision.ERROR, "The metric is NaN.", math.nan).why == "The metric is NaN."


@given(VERDICTS)
def test_json_round_trip(made: Verdict) -> None:
    """What is read back decides the same for the same reason, and is named by the same digest."""
    again = verdicts.from_json(made.to_json())
    assert (again.decision, again.why, again.subject) == (made.decision, made.why, made.subject)
    assert again.to_json() == made.to_json()
    assert again.digest == made.digest


@given(VERDICTS, st.sampled_from(Decision))
def test_tampered_decision_is_refused(made: Verdict, stated: Decision) -> None:
    """A file whose stated decision is not that of its checks grants nothing."""
    document = json.loads(made.to_json()) | {"decision": stated}
    if stated == made.decision:
        assert verdicts.from_json(json.dumps(document)).decision == stated
    else:
        with pytest.raises(EvidenceError, match="changed after it was made"):
            verdicts.from_json(json.dumps(document))


def test_tampered_check_is_refused() -> None:
    """A check turned from reject to promote no longer fits the stated decision."""
    text = verdict(check(Decision.REJECT)).to_json()
    head, checks = text.split('"checks"')
    with pytest.raises(EvidenceError, match=r"'promote'\. It was changed after it was made: run the step again\.$"):
        verdicts.from_json(head + '"checks"' + checks.replace("reject", "promote"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "3",
        '"promote"',
        "{}",
        '{"decision": "perhaps", "why": ""}',
        '{"decision": "promote", "why": "", "checks": null, "subject": {}}',
        '{"decision": "promote", "why": "", "checks": [3], "subject": {}, "step": "gate"}',
        "[" * 100_000,
    ],
)
def test_no_verdict_is_refused(text: str) -> None:
    """Whatever is not a verdict ends in one clear error."""
    with pytest.raises(EvidenceError, match="This is no verdict"):
        verdicts.from_json(text)


@pytest.mark.parametrize(
    "change",
    [{"interval": [0.1]}, {"interval": "ab"}, {"observed": "0.9"}, {"decision": "yes"}, {"severity": 1}],
)
def test_broken_check_is_refused(change: dict[str, object]) -> None:
    """A check with a field that is unknown, or of the wrong shape, is no evidence."""
    document = json.loads(verdict(check(Decision.PROMOTE)).to_json())
    document["checks"][0] |= change
    with pytest.raises(EvidenceError, match="This is no verdict"):
        verdicts.from_json(json.dumps(document))


def test_missing_field_is_refused() -> None:
    """A verdict that does not say when it was made is none."""
    document = json.loads(verdict(check(Decision.PROMOTE)).to_json())
    del document["made_at"]
    with pytest.raises(EvidenceError, match="made_at"):
        verdicts.from_json(json.dumps(document))


def test_nan_literal_is_refused() -> None:
    """Python reads the word NaN in JSON; a promoted check that holds it is refused."""
    document = json.loads(verdict(check(Decision.PROMOTE)).to_json())
    document["checks"][0]["observed"] = math.nan
    with pytest.raises(EvidenceError, match="checks say 'error'"):
        verdicts.from_json(json.dumps(document))


def test_numpy_details_are_plain() -> None:
    """Numpy's scalars and arrays, tuples, dates and NaN in the details become plain JSON."""
    details = {"a": np.int64(3), "b": np.array([[1.5, np.nan]]), "c": (1, 2), 4: date(2026, 1, 2), "e": np.True_}
    made = Verdict("gate", (check(Decision.PROMOTE),), Subject(), "now", "me", details)
    stored = json.loads(made.to_json())["details"]
    assert stored == {"a": 3, "b": [[1.5, None]], "c": [1, 2], "4": "2026-01-02", "e": True}


def test_json_is_for_people_too() -> None:
    """A verdict is written a field a line, with every letter as it is."""
    text = verdict(check(Decision.HOLD, "Zu wenig für δ.")).to_json()
    assert '\n      "why": "Zu wenig für δ.",\n' in text
    assert text.startswith('{\n  "decision": "hold",\n')


def test_digest_names_the_content() -> None:
    """Two verdicts that differ in one word have different digests."""
    one, other = verdict(check(Decision.HOLD, "a")), verdict(check(Decision.HOLD, "b"))
    assert one.digest != other.digest
    assert len(one.digest) == 64


def test_severity_is_complete() -> None:
    """Every decision has a place in the order and an exit code."""
    assert set(SEVERITY) == set(verdicts.EXIT_CODES) == set(Decision)
