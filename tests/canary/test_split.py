"""The split of the traffic: a router that keeps to its weight is not blamed, another one is."""

import numpy as np
import pytest

from gatehouse.canary import split
from gatehouse.verdicts import Decision


def played(share, truth, requests, seed=0, looks=60):
    """Return the check after looks, ten seconds apart, at a router that draws lots; the canary gets `truth`."""
    random, seen = np.random.default_rng(seed), split.begun(1000.0)
    for look in range(1, looks + 1):
        ours = int(random.binomial(requests, truth))
        seen = split.grown(seen, ours, requests - ours, 1000.0 + 10 * look)
    return split.judge(seen, share, 1.25, 0.05)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5])
def test_kept_weight_is_believed(share):
    """In a hundred rollouts with lots drawn, nobody is blamed, nor while the odds are off by a tenth."""
    assert {played(share, share * 1.1, 500, seed).decision for seed in range(100)} == {Decision.PROMOTE}


@pytest.mark.parametrize(("share", "truth"), [(0.05, 0.10), (0.05, 0.02), (0.5, 0.7), (0.1, 0.0), (0.01, 1.0)])
def test_other_share_is_an_error(share, truth):
    """Twice the share, less than half of it, none or all: there is nothing to judge the candidate by."""
    check = played(share, truth, 500)
    assert check.decision == Decision.ERROR
    assert f"{share:.0%} were set" in check.why
    assert "Mend the router" in check.why


def test_few_requests_say_nothing():
    """A few requests may be chance, whoever got them."""
    for requests in (0, 3):
        seen = split.grown(split.begun(0.0), requests, 0, 600.0)
        assert split.judge(seen, 0.5, 1.25, 0.05).decision == Decision.PROMOTE


@pytest.mark.parametrize("delay", [9, 12])
@pytest.mark.parametrize("slow", ["canary", "stable"])
def test_slow_version_is_not_the_router(slow, delay):
    """Requests are counted when they are over: one that is slow, or hangs, is for other checks."""
    seen = split.begun(0.0)
    for second in range(1, 300):
        late = int(second > delay)
        ours, theirs = (5 * late, 95) if slow == "canary" else (5, 95 * late)
        seen = split.grown(seen, ours, theirs, float(second))
        assert split.judge(seen, 0.05, 1.25, 0.05).decision == Decision.PROMOTE


def test_share_of_staying_clients_is_only_told():
    """Where clients stay with their version, no share is wrong, and the reason says so."""
    check = split.told(split.grown(split.begun(0.0), 1, 999, 600.0), 0.5)
    assert (check.decision, check.advisory, check.observed) == (Decision.PROMOTE, True, 0.001)
    assert "got 1 of 1,000 requests at this weight, and 50% were set; clients stay" in check.why
