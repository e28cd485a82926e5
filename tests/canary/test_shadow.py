"""A shadow's answers beside stable's, pair by pair."""

import numpy as np
import pytest

from gatehouse.canary import shadow
from gatehouse.canary.shadow import Knobs, Recalled, Shadowed, Told
from gatehouse.verdicts import Decision

KNOBS = Knobs()


def told(name: str, values: list[str | float], first: int = 1) -> tuple[Recalled, ...]:
    """Return what a server remembers that gave these answers to requests 1, 2, ...; classes are sure."""
    scores = [{value: 1.0} if isinstance(value, str) else None for value in values]
    answers = zip(range(first, first + len(values)), values, scores, strict=True)
    return (Recalled(name, 2000, tuple(Told(number, str(number), value, p) for number, value, p in answers)),)


def looked(ours: list[str | float], theirs: list[str | float], seen: Shadowed | None = None) -> Shadowed:
    """Return what is known after one look."""
    return shadow.joined(seen or Shadowed(), told("green", ours), told("blue", theirs), KNOBS)


def test_same_answers_pass():
    """A shadow that answers as stable does is let on by evidence, once there are pairs enough."""
    assert shadow.judge(looked(["no"] * 199, ["no"] * 199), KNOBS).decision == Decision.HOLD
    check = shadow.judge(looked(["no"] * 200, ["no"] * 200), KNOBS)
    assert (check.decision, check.observed, check.limit, check.n) == (Decision.PROMOTE, 0.0, 0.05, 200)


def test_swapped_classes_are_rejected():
    """A shadow that says yes where stable says no goes at once, and the reason has its numbers."""
    check = shadow.judge(looked(["yes"] * 20, ["no"] * 20), KNOBS)
    assert check.decision == Decision.REJECT
    assert check.why.startswith("The shadow answered 20 of 20 requests otherwise than stable")
    assert "5.0% are allowed, no comparison on the newest rows says how much to expect: more is proven" in check.why


def test_expected_differences_are_allowed():
    """What the newest rows showed of the two is no fault; without them the same shadow is one."""
    rng = np.random.default_rng(0)
    ours = ["yes" if flips else "no" for flips in rng.random(5000) < 0.2]
    known = shadow.judge(looked(ours, ["no"] * 5000, shadow.begun({shadow.DISAGREEMENT: 0.2}, 20)), KNOBS)
    assert (known.decision, known.limit) == (Decision.PROMOTE, 0.25)
    assert "20.0% of it by the newest rows" in known.why
    assert shadow.judge(looked(ours, ["no"] * 5000), KNOBS).decision == Decision.REJECT


def test_each_answer_counts_once():
    """The same memory, read again, adds nothing; what came since does; a server that was started anew counts afresh."""
    seen = looked(["no"] * 5, ["no"] * 5)
    assert looked(["no"] * 5, ["no"] * 5, seen) == seen
    assert looked(["no"] * 7, ["no"] * 7, seen).pairs == 7
    again = shadow.joined(seen, told("green anew", ["no"] * 3), told("blue", ["no"] * 5), KNOBS)
    assert again.pairs == 8


def test_only_joined_answers_count():
    """What one of the two did not answer, or has forgotten, is no pair."""
    assert looked(["no"] * 9, ["no"] * 4).pairs == 4
    assert shadow.joined(Shadowed(), (), told("blue", ["no"]), KNOBS).pairs == 0


@pytest.mark.parametrize(("score", "differing"), [(0.85, 0), (0.75, 1)])
def test_far_probabilities_differ(score, differing):
    """The same class with another probability is another answer, from a tenth on."""
    ours = (Recalled("green", 9, (Told(1, "a", "no", {"no": score, "yes": 1 - score}),)),)
    theirs = (Recalled("blue", 9, (Told(1, "a", "no", {"no": 0.9, "yes": 0.1}),)),)
    seen = shadow.joined(Shadowed(), ours, theirs, KNOBS)
    assert (seen.pairs, seen.differing) == (1, differing)
    assert seen.apart == pytest.approx(0.9 - score)


def test_numbers_differ_by_spread():
    """Numbers are compared in units of stable's spread, which is frozen when it can be read."""
    theirs: list[str | float] = [float(value) for value in range(100)]
    assert looked(theirs[:20], theirs[:20]).pairs == 0
    near = looked([float(value) + 3 for value in range(100)], theirs)
    far = looked([float(value) + 5 for value in range(100)], theirs)
    assert near.spread == pytest.approx(49.5 / 1.349)
    assert (near.pairs, near.differing, far.differing) == (100, 0, 100)


def test_constant_numbers_have_a_spread():
    """A stable version that always says the same is no division by zero."""
    assert looked([3.0] * 40, [3.0] * 40).differing == 0


def test_sound_shadow_is_seldom_rejected():
    """Looked at after every pair, a shadow that differs as often as it may is rejected in at most 5 % of the runs."""
    rng, rejected = np.random.default_rng(1), 0
    for _ in range(200):
        seen = Shadowed()
        for first in range(1, 801, 20):
            ours: list[str | float] = ["yes" if flips else "no" for flips in rng.random(20) < 0.05]
            seen = shadow.joined(seen, told("green", ours, first), told("blue", ["no"] * 20, first), KNOBS)
            if shadow.judge(seen, KNOBS).decision == Decision.REJECT:
                rejected += 1
                break
    assert rejected <= 10
