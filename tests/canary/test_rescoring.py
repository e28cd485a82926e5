"""A canary's logged answers, scored again by its bundle."""

import numpy as np
import pytest

from gatehouse.canary import rescoring
from gatehouse.canary import state as states
from gatehouse.canary.rescoring import Rescored
from gatehouse.canary.state import Phase, State
from gatehouse.verdicts import Decision


def test_same_answers_pass():
    """What the bundle gives as well is promoted, and the reason has its numbers."""
    check = rescoring.judge(Rescored(1200, tolerance=1e-6))
    assert (check.decision, check.observed, check.limit, check.n) == (Decision.PROMOTE, 0, 1e-4, 1200)
    assert check.why == (
        "Of 1,200 logged answers of the canary its bundle, asked again, gives all, with numbers that are within 1e-06."
    )


def test_two_other_answers_reject():
    """Two answers that the bundle does not give are enough, of few; the reason says how far they are off."""
    check = rescoring.judge(Rescored(200, 2, 0, 0.25, 1e-6), "shadow")
    assert check.decision == Decision.REJECT
    assert "Of 200 logged answers of the shadow its bundle, asked again, gives 2 otherwise: 0 other labels" in check.why
    assert "up to 0.25 apart, where 1e-06 is allowed" in check.why


@pytest.mark.parametrize(("differing", "decision"), [(8, Decision.PROMOTE), (13, Decision.REJECT)])
def test_edges_of_splits_are_rare(differing, decision):
    """One row in ten thousand may fall to the other side of a split, and by chance some more."""
    check = rescoring.judge(Rescored(30_000, differing, 0, 0.1, 1e-6))
    assert (check.decision, check.limit) == (decision, 1e-4)
    assert check.interval[0] < check.observed < check.interval[1]


def test_chance_rolls_nothing_back():
    """At the share that may differ fewer than one canary in a hundred is rolled back, looked at every 200 rows."""
    random = np.random.default_rng(7)
    differing = random.binomial(200, rescoring.EDGE, (500, 100)).cumsum(axis=1)
    judged = [[rescoring.judge(Rescored(200 * (at + 1), int(k), 0, 0.1, 1e-6)) for at, k in enumerate(row)]
              for row in differing]  # fmt: skip
    assert np.mean([any(check.decision == Decision.REJECT for check in checks) for checks in judged]) < 0.01


def test_nothing_scored_judges_nothing():
    """Without a row there is no judgement, which counts for nothing, and the reason says what is in the way."""
    for seen, why in (Rescored(), "none was found yet."), (Rescored(why="the log is gone."), "the log is gone."):
        check = rescoring.judge(seen)
        assert (check.decision, check.advisory) == (Decision.HOLD, True)
        assert check.why == f"No logged answer of the canary was scored again: {why}"


def test_looks_add_up():
    """Rows of several looks are counted together; what keeps one look from reading takes none of them away."""
    first = rescoring.grown(Rescored(), Rescored(10, 2, 1, 0.5, 1e-6, {"a": (1, 100)}), {})
    second = rescoring.grown(first, Rescored(20, 0, 0, 0.0, 1e-6, {"b": (2, 50)}), first.read)
    assert second == Rescored(30, 2, 1, 0.5, 1e-6, {"a": (1, 100), "b": (2, 50)})
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
