"""A canary's logged answers, scored again by its bundle."""

import pytest

from gatehouse.canary import rescoring
from gatehouse.canary import state as states
from gatehouse.canary.rescoring import Rescored
from gatehouse.canary.state import Phase, State
from gatehouse.verdicts import Decision


def test_same_answers_pass():
    """What the bundle gives as well is promoted, and the reason has its numbers."""
    check = rescoring.judge(Rescored(1200, tolerance=1e-6))
    assert (check.decision, check.observed, check.limit, check.n) == (Decision.PROMOTE, 0, 0, 1200)
    assert check.why == (
        "Of 1,200 logged answers of the canary its bundle, asked again, gives all, with numbers that are within 1e-06."
    )


def test_one_other_answer_rejects():
    """A single answer that the bundle does not give is enough, of few; the reason says how far it is off."""
    check = rescoring.judge(Rescored(9999, 1, 0, 0.25, 1e-6), "shadow")
    assert check.decision == Decision.REJECT
    assert (
        "Of 9,999 logged answers of the shadow its bundle, asked again, gives 1 otherwise: 0 other labels" in check.why
    )
    assert "up to 0.25 apart, where 1e-06 is allowed" in check.why


@pytest.mark.parametrize(("differing", "decision"), [(2, Decision.PROMOTE), (3, Decision.REJECT)])
def test_edges_of_splits_are_rare(differing, decision):
    """One row in ten thousand may fall to the other side of a split."""
    check = rescoring.judge(Rescored(29_999, differing, 0, 0.1, 1e-6))
    assert (check.decision, check.limit) == (decision, 2)


def test_nothing_scored_judges_nothing():
    """Without a row there is no judgement, which counts for nothing, and the reason says what is in the way."""
    for seen, why in (Rescored(), "none was found yet."), (Rescored(why="the log is gone."), "the log is gone."):
        check = rescoring.judge(seen)
        assert (check.decision, check.advisory) == (Decision.HOLD, True)
        assert check.why == f"No logged answer of the canary was scored again: {why}"


def test_looks_add_up():
    """Rows of several looks are counted together; what keeps one look from reading takes none of them away."""
    first = rescoring.grown(Rescored(), Rescored(10, 1, 1, 0.5, 1e-6, {"a": (1, 100)}), {})
    second = rescoring.grown(first, Rescored(20, 0, 0, 0.0, 1e-6, {"b": (2, 50)}), first.read)
    assert second == Rescored(30, 1, 1, 0.5, 1e-6, {"a": (1, 100), "b": (2, 50)})
    third = rescoring.grown(second, Rescored(why="The log is gone."), second.read)
    assert (third.rows, third.tolerance, third.read) == (30, 1e-6, second.read)
    assert rescoring.judge(third).decision == Decision.REJECT


def test_rows_count_once():
    """What two programs read at the same time is counted for the first of them."""
    found = Rescored(10, 0, 0, 0.0, 1e-6, {"a": (1, 100)})
    first = rescoring.grown(Rescored(), found, {})
    assert rescoring.grown(first, found, {}) == first


def test_state_remembers():
    """The state beside the traffic holds what was found, and a state from before it can be read."""
    state = State(Phase.BAKING, rescored=Rescored(10, 1, 1, 0.5, 1e-6, {"a": (1, 100)}, "why"))
    text = states.to_json(state)
    assert states.from_json(text) == state
    older = states.adapter().dump_python(state, mode="json")
    del older["rescored"]
    assert states.adapter().validate_python(older).rescored == Rescored()
