"""The table of mutants says what was found, too little is not enough, and a run goes on where the last one stopped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from mutation import outcomes
from mutation.mutants import Mutant
from mutation.outcomes import Fate, Ledger, Outcome

MUTANT = Mutant("gatehouse.drift.psi.x_bins__mutmut_1", "drift/psi", "f00", False, "-a\n+b")
WORDS = replace(MUTANT, name="gatehouse.drift.psi.x_bins__mutmut_2", words=True)
FOUND = [Outcome(MUTANT, Fate.KILLED), Outcome(WORDS, Fate.SURVIVED)]


@pytest.mark.parametrize(
    ("code", "fate"),
    [(None, Fate.UNTRIED), (0, Fate.SURVIVED), (1, Fate.KILLED), (-11, Fate.SURVIVED), (-24, Fate.TIMED_OUT)],
)
def test_doubt_is_no_kill(code: int | None, fate: Fate) -> None:
    """A mutant whose trial crashed was not killed."""
    assert outcomes.fate(code) == fate


def test_untried_is_not_enough() -> None:
    """A run that was interrupted proves nothing, and nor does one without any mutant."""
    killed = [Outcome(MUTANT, Fate.KILLED)] * 9
    assert outcomes.enough(killed, 0.85)
    assert not outcomes.enough([*killed, Outcome(MUTANT, Fate.UNTRIED)], 0.85)
    assert not outcomes.enough([], 0.85)


def test_table_counts() -> None:
    """A line a module, one for all, the sentence that decides, and of what kind the survivors are."""
    text = outcomes.table(FOUND, 0.85)
    assert [line.split() for line in text.splitlines()[1:3]] == [
        ["drift/psi", "2", "1", "0", "1", "0", "50.0%"],
        ["all", "2", "1", "0", "1", "0", "50.0%"],
    ]
    assert "50.0% of the mutants were noticed, which is too few: 85% must." in text
    assert "Of the 1 that survived, 1 change nothing but the words of a message." in text


def test_report_names_survivors() -> None:
    """The JSON has the goal, the counts of every module, and what survived."""
    report = json.loads(outcomes.report(FOUND, 0.85))
    assert (report["least"], report["enough"]) == (0.85, False)
    assert report["modules"]["all"]["survived"] == 1
    assert [survivor["name"] for survivor in report["survivors"]] == [WORDS.name]


def test_ledger_goes_on(tmp_path: Path) -> None:
    """What was decided is known to the next run, until the mutant's function changes."""
    Ledger(tmp_path / "ledger.json", "tests").add([MUTANT], {MUTANT.name: 1, "of a module that is gone": 0})
    again = Ledger(tmp_path / "ledger.json", "tests")
    assert again.code(MUTANT) == 1
    assert again.code(WORDS) is None
    assert again.code(replace(MUTANT, function="f01")) is None


def test_survivors_meet_new_tests(tmp_path: Path) -> None:
    """When a test has changed, what survived is tried again, and what was killed is not."""
    Ledger(tmp_path / "ledger.json", "tests").add([MUTANT, WORDS], {MUTANT.name: 1, WORDS.name: 0})
    same, changed = (Ledger(tmp_path / "ledger.json", tests) for tests in ("tests", "more tests"))
    assert (same.code(MUTANT), same.code(WORDS)) == (1, 0)
    assert (changed.code(MUTANT), changed.code(WORDS)) == (1, None)
