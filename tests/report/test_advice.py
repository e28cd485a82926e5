"""What to do now: a stranger learns how to approve, what would help, and what to mend."""

import pytest
import sample_verdicts

from gatehouse.report import advice
from gatehouse.verdicts import Check, Decision, Verdict

PROMOTED, HELD, HIDDEN, BROKEN = sample_verdicts.gates()


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (HELD, ["scripts/approve.py build/verdicts/gate.json", "recommend_point"]),
        (HIDDEN, ["nobody can approve it", "that slice"]),
        (sample_verdicts.verdict(sample_verdicts.improvement(-0.05, Decision.REJECT)), ["more rows would not help"]),
        (sample_verdicts.verdict(*sample_verdicts.gaps()), ["nobody can approve it", "groups that are named"]),
        (BROKEN, ["No judgement was possible", "scripts/gate.py"]),
        (sample_verdicts.drifted(), ["scripts/retrain.py"]),
        (sample_verdicts.verdict(Check("a", Decision.REJECT, "b"), step="smoke_test"), ["scripts/smoke_test.py"]),
        (sample_verdicts.verdict(Check("a", Decision.HOLD, "b"), step="check_drift"), ["Nothing is wrong"]),
    ],
)
def test_each_decision_has_its_advice(verdict: Verdict, words: list[str]) -> None:
    """What is not good says what can be done about it."""
    assert all(word in advice.next_step(verdict) for word in words)


def test_first_model_meets_floor() -> None:
    """A first model that misses the floor is not told to look at a champion."""
    first = sample_verdicts.first_value()
    refused = sample_verdicts.verdict(Check("quality", Decision.REJECT, "No.", details=first.details))
    assert "first model" in advice.next_step(refused)


def test_promote_needs_none() -> None:
    """What is good goes on."""
    assert advice.next_step(PROMOTED) == advice.others(PROMOTED) == ""


def test_hold_of_another_kind_recommends_nothing() -> None:
    """Where no check says whether it is recommended, the word is not explained."""
    lost = sample_verdicts.verdict(Check("comparable", Decision.HOLD, "A column is gone."))
    assert "approve.py" in advice.next_step(lost)
    assert "recommend" not in advice.next_step(lost)


def test_step_may_know_better() -> None:
    """A step's own advice stands in place of the general one."""
    verdict = sample_verdicts.verdict(Check("a", Decision.HOLD, "b"), next="Ask the owner.")
    assert advice.next_step(verdict) == "Ask the owner."


def test_sum_stands_for_its_slices() -> None:
    """The check that sums up the slices is not followed by their names."""
    assert advice.others(HIDDEN) == ""
    other = sample_verdicts.lost("IT", 0.74, 0.60, 0.0001, Decision.REJECT)
    assert advice.others(sample_verdicts.verdict(*sample_verdicts.slices(Decision.REJECT)[1:], other)) != ""


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, ""), (2, "1 more check says the same: c1."), (6, "5 more checks say the same: c1, c2, c3 and 2 more.")],
)
def test_other_checks_are_counted(count: int, said: str) -> None:
    """One sentence is quoted, and those that say the same are named."""
    checks = [Check(f"c{number}", Decision.REJECT, "No.") for number in range(count)]
    assert advice.others(sample_verdicts.verdict(*checks, sample_verdicts.GOOD)) == said
