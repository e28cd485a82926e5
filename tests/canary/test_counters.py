from dataclasses import replace

import pytest

from gatehouse.canary import counters
from gatehouse.canary.counters import CLASS, EDGES_MS, Counters
from gatehouse.errors import ConfigError

BEFORE = Counters(10, 1, 1, {100.0: 8, 200.0: 10}, refused=1)
AFTER = Counters(30, 3, 2, {100.0: 18, 200.0: 28}, refused=4)


def test_difference_of_looks():
    """What was counted between two looks is the difference of every counter."""
    assert AFTER.since(BEFORE) == Counters(20, 2, 1, {100.0: 10, 200.0: 18}, refused=3)


def test_unread_predictions_are_unknown():
    """Rows are counted between two looks that both could read; a bin that was not there before had none."""
    first, later = ({CLASS: {"no": 3}}, {CLASS: {"no": 5, "yes": 2}})
    before, after = replace(BEFORE, predictions=first), replace(AFTER, predictions=later)
    assert after.since(before).predictions == {CLASS: {"no": 2, "yes": 2}}
    assert before.since(after).predictions == {CLASS: {"no": -2, "yes": -2}}
    assert after.since(BEFORE).predictions == AFTER.since(before).predictions == {}
    assert before.plus(after).predictions == {CLASS: {"no": 8, "yes": 2}}


def test_answered_excludes_failures():
    """Errors, abandoned and refused requests are no answers."""
    assert AFTER.answered == 21


def test_restart_is_noticed():
    """A counter that went down, or a bucket that is gone, means that the router began anew."""
    assert BEFORE.restarted(AFTER)
    assert Counters(40, 3, 2).restarted(AFTER)
    assert not AFTER.restarted(BEFORE)
    assert not AFTER.restarted(AFTER)


@pytest.mark.parametrize(
    "lower",
    [{"requests": 9}, {"errors": 0}, {"abandoned": 0}, {"refused": 0}, {"latency": {100.0: 7, 200.0: 10}}],
)
def test_any_counter_betrays_restart(lower):
    """One counter that went down is enough, and so is a bucket that is gone."""
    assert replace(BEFORE, **lower).restarted(BEFORE)
    assert replace(BEFORE, latency={200.0: 10}).restarted(BEFORE)


def test_new_bucket_counts_from_zero():
    """A bucket that was not there before had counted nothing."""
    assert AFTER.since(Counters()).latency == AFTER.latency


def test_slow_requests_counted():
    """What is above a bucket's edge is all that is not below it."""
    assert AFTER.slower_than(100.0) == 12
    assert Counters().slower_than(100.0) == 0


def test_unknown_edge_refused():
    """A limit inside a bucket cannot be judged, and the error names the edges."""
    with pytest.raises(ConfigError, match=r"150 ms is no edge .* use 100, 200"):
        AFTER.slower_than(150.0)


def test_quantile_is_interpolated():
    """A quantile lies inside its bucket, in proportion to the count."""
    counters = Counters(100, latency={100.0: 50, 200.0: 100})
    assert counters.quantile(0.5) == pytest.approx(100)
    assert counters.quantile(0.95) == pytest.approx(190)
    assert counters.quantile(0.25) == pytest.approx(50)


def test_quantile_beyond_edges():
    """What is slower than the last edge counts as that edge; without requests there is no quantile."""
    assert Counters(10, latency=dict.fromkeys(EDGES_MS, 0)).quantile(0.95) == EDGES_MS[-1]
    assert Counters().quantile(0.95) is None
    assert Counters(latency={100.0: 0}).quantile(0.95) is None
    assert Counters(5).quantile(0.95) is None


def test_total_adds_up():
    """Windows add up to all that was counted in them."""
    windows = [Counters(10, 1, 2, {5.0: 8}, 3), Counters(20, 0, 0, {5.0: 20}, 1)]
    assert counters.total(windows) == Counters(30, 1, 2, {5.0: 28}, 4)
    assert counters.total([]) == Counters()
