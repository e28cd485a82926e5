"""Timing in turns: A, B, B, A, never two at once, and no longer than a slow model needs."""

import pytest
from stages import paper_meter

from gatehouse.errors import TargetError
from gatehouse.gates.latency import Knobs
from gatehouse.stages import interleaving
from gatehouse.stages.contestants import Contestant
from gatehouse.stages.interleaving import Measured


class Noting:
    """A model that notes when it is asked."""

    def __init__(self, who: str, asked: list[tuple[str, int]]) -> None:
        self.who, self.asked = who, asked

    def time(self, kind: str, number: int) -> float:
        """Take as many milliseconds as the request's number says."""
        self.asked.append((self.who, number))
        return float(number)


def test_order_changes():
    """The same request goes to both, and who is first changes each time."""
    asked: list[tuple[str, int]] = []
    taken = interleaving.interleave([Noting("a", asked), Noting("b", asked)], "single", 4)
    assert asked == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2), ("b", 3), ("a", 3)]
    assert taken == {"a": [0, 1, 2, 3], "b": [0, 1, 2, 3]}


def test_slow_model_is_asked_less(monkeypatch):
    """When the time is up a model has been asked just often enough to be judged."""
    monkeypatch.setattr(interleaving, "KIND_SECONDS", 0.0)
    taken = interleaving.interleave([Noting("a", [])], "single", 200)
    assert len(taken["a"]) == 40


def test_round_adds_up(bundle):
    """A round adds its times and one peak to what was measured before."""
    measured = {"candidate": Measured([7.0], [], [1.0])}
    bodies = {"candidate": {"single": ["{}"], "batch": ["{}"]}}
    knobs = Knobs(requests=40, batches=40)
    interleaving.play(
        [Contestant("candidate", bundle)], bodies, measured, knobs,
        lambda one: paper_meter.start(one.who, paper_meter.script([1.0, 2.0], [3.0], 210.0)), 20,
    )  # fmt: skip
    found = measured["candidate"]
    assert (found.single[:3], len(found.times.single)) == ([7.0, 1.0, 2.0], 41)
    assert (found.batch, found.peaks_mb) == ([3.0] * 40, [1.0, 210.0])


def test_failure_ends_all(bundle):
    """When one process fails, the other one is gone too."""
    begun = []

    def start(one):
        program = "import sys; sys.exit(125)" if one.who == "champion" else paper_meter.script([1.0], [1.0])
        begun.append(paper_meter.start(one.who, program))
        return begun[-1]

    both = [Contestant("candidate", bundle), Contestant("champion", bundle)]
    with pytest.raises(TargetError):
        interleaving.play(both, {}, {}, Knobs(), start, 20)
    assert [meter.process.poll() is not None for meter in begun] == [True, True]
