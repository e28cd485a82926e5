"""Stable alone: its windows are kept, and none that would be a lie."""

from gatehouse.canary import watch
from gatehouse.canary.counters import Counters
from gatehouse.canary.watch import Watched


def minutes(counts, every=60.0):
    """Return what was watched of a router whose counts of requests these were, a look a minute."""
    seen = Watched()
    for number, requests in enumerate(counts):
        seen = watch.watched(seen, "a", Counters(requests), every * number, 60.0)
    return seen


def test_windows_are_differences():
    """Each window holds what came after the one before, and the first look is only a beginning."""
    assert [window.requests for window in minutes([100, 150, 170]).windows] == [50, 20]


def test_looks_in_between_wait():
    """A look before a window is over changes nothing, so that a tick repeated changes nothing."""
    assert [window.requests for window in minutes([0, 10, 20, 30, 40], every=30.0).windows] == [20, 20]


def test_gap_is_no_window():
    """Where nobody looked for an hour, or the router or the clock began anew, the next window begins."""
    assert minutes([0, 900], every=3600.0).windows == ()
    assert [window.requests for window in minutes([100, 50, 80]).windows] == [30]
    seen = watch.watched(minutes([0, 10]), "a", Counters(20), -500.0, 60.0)
    assert (len(seen.windows), seen.at) == (1, -500.0)


def test_other_version_begins_anew():
    """What was seen of one version says nothing of the next."""
    assert watch.watched(minutes([0, 10, 20]), "b", Counters(30), 180.0, 60.0).windows == ()


def test_memory_has_an_end():
    """The state does not grow for ever."""
    assert len(minutes(range(0, 5000, 10)).windows) == watch.KEPT
