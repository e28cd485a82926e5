"""The table of mutants says what mutmut found, and too little is never enough."""

import json
from pathlib import Path

import pytest
from mutation import outcomes
from mutation.outcomes import Fate, Outcome

CODES = {"gatehouse.drift.psi.x_bins__mutmut_1": 1, "gatehouse.drift.psi.x_bins__mutmut_2": 0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder as mutmut leaves it."""
    meta = tmp_path / "src/gatehouse/drift/psi.py.meta"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"exit_code_by_key": CODES, "durations_by_key": {}}))
    return tmp_path


def test_outcomes_are_read(folder: Path) -> None:
    """Each mutant has its module and its fate."""
    assert [(outcome.module, outcome.fate) for outcome in outcomes.read(folder)] == [
        ("drift/psi", Fate.KILLED),
        ("drift/psi", Fate.SURVIVED),
    ]


@pytest.mark.parametrize(
    ("code", "fate"),
    [(None, Fate.UNTRIED), (0, Fate.SURVIVED), (33, Fate.SURVIVED), (-11, Fate.SURVIVED), (-24, Fate.TIMED_OUT)],
)
def test_doubt_is_no_kill(code: int | None, fate: Fate) -> None:
    """A mutant that no test runs, or whose trial crashed, was not killed."""
    assert outcomes.fate(code) == fate


def test_survivors_are_forgotten(folder: Path) -> None:
    """What survived is tried again, and what was killed stays so."""
    outcomes.forget_survivors(folder)
    assert [outcome.fate for outcome in outcomes.read(folder)] == [Fate.KILLED, Fate.UNTRIED]


def test_untried_is_not_enough(folder: Path) -> None:
    """A run that was interrupted proves nothing, and nor does one without any mutant."""
    killed = [Outcome("a", "b", Fate.KILLED)] * 9
    assert outcomes.enough(killed, 0.85)
    assert not outcomes.enough([*killed, Outcome("a", "b", Fate.UNTRIED)], 0.85)
    assert not outcomes.enough([], 0.85)


def test_table_counts(folder: Path) -> None:
    """A line a module, one for all, and the sentence that decides."""
    text = outcomes.table(outcomes.read(folder), 0.85)
    assert [line.split() for line in text.splitlines()[1:3]] == [
        ["drift/psi", "2", "1", "0", "1", "0", "50.0%"],
        ["all", "2", "1", "0", "1", "0", "50.0%"],
    ]
    assert "50.0% of the mutants were noticed, which is too few: 85% must." in text
