import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import binomtest

from gatehouse.canary import evidence
from gatehouse.canary.counters import Counters
from gatehouse.verdicts import Decision

KNOBS = evidence.Knobs()


def decisions(counters: Counters) -> dict[str, Decision]:
    """Return each check's decision by its name."""
    return {check.name: check.decision for check in evidence.judge(counters, KNOBS)}


def fast(n: int, errors: int = 0, slow: int = 0) -> Counters:
    """Return counters of n requests, all but `slow` of them within 200 ms."""
    return Counters(n, errors, 0, {100.0: n - slow, 200.0: n - slow, 1000.0: n})


def test_good_canary_passes():
    """Two hundred quick answers without an error pass every check."""
    assert set(decisions(fast(200)).values()) == {Decision.PROMOTE}


def test_silent_canary_shows_nothing():
    """Without a request there is nothing to judge: hold, and no ceiling is broken."""
    checks = evidence.judge(Counters(), KNOBS)
    assert [check.decision for check in checks] == [Decision.HOLD, Decision.PROMOTE, Decision.HOLD]
    assert "has shown nothing" in checks[0].why


def test_few_answers_hold():
    """Fewer answers than a step needs are no reason to go on."""
    assert decisions(fast(199))["canary answers"] == Decision.HOLD


@pytest.mark.parametrize("lost", [{"errors": 10}, {"abandoned": 10}, {"errors": 4, "abandoned": 6}])
def test_unanswered_canary_rejected(lost):
    """Ten requests without one answer are enough to know."""
    assert evidence.answers(Counters(10, **lost), KNOBS).decision == Decision.REJECT
    assert evidence.answers(Counters(11, **lost), KNOBS).decision == Decision.HOLD


def test_refusing_canary_holds():
    """A canary that refuses everybody's rows proves nothing: it neither goes on nor is blamed for its clients."""
    check = evidence.answers(Counters(500, refused=450), KNOBS)
    assert check.decision == Decision.HOLD
    assert "answered 50 of 500 requests and refused 450 (4xx)" in check.why


def test_errors_above_ceiling_rejected():
    """Errors reject when even the lower bound of their share is above the ceiling, and not before."""
    assert decisions(fast(200, errors=16))["canary errors"] == Decision.PROMOTE
    assert decisions(fast(200, errors=30))["canary errors"] == Decision.REJECT


def test_slow_canary_rejected():
    """A p95 above its limit rejects once the share of slow answers is surely above 5 %."""
    assert decisions(fast(200, slow=16))["canary latency"] == Decision.PROMOTE
    assert decisions(fast(200, slow=30))["canary latency"] == Decision.REJECT


def test_ceiling_shows_its_numbers():
    """A check names the share that was seen, its limit, its interval and the requests, in numbers and in a sentence."""
    check = evidence.errors(fast(200, errors=30), KNOBS)
    assert check.why == "30 errors in 200 requests: the lower 99.9% bound 8.21% is above the limit 5.0%."
    assert (check.observed, check.limit, check.n) == (0.15, 0.05, 200)
    assert check.interval == (evidence.lower_bound(30, 200, 0.999), evidence.upper_bound(30, 200, 0.999))
    assert evidence.errors(fast(200, errors=16), KNOBS).why.endswith("bound 3.27% is not above the limit 5.0%.")
    assert evidence.latency(fast(200, slow=30), KNOBS).why.startswith("30 answers slower than 200 ms in 200 requests:")


def test_answers_show_their_numbers():
    """The first check names the answers, those that a step needs, and the requests."""
    check = evidence.answers(Counters(210, 3, 2), KNOBS)
    assert check.why == "The canary answered 205 of 210 requests; a step needs 200 answers."
    assert (check.observed, check.limit, check.n) == (205.0, 200.0, 210)


def test_no_request_breaks_nothing():
    """Without a request no share is above its ceiling, and its interval says that nothing is known."""
    check = evidence.errors(Counters(), KNOBS)
    assert (check.observed, check.interval, check.n) == (0.0, (0.0, 1.0), 0)


def test_latency_needs_requests():
    """With too few requests latency is listed, and decides nothing."""
    check = evidence.latency(fast(199, slow=199), KNOBS)
    assert check.advisory
    assert (check.name, check.n) == ("canary latency", 199)
    assert "from 200 requests; there were 199" in check.why


def test_healthy_ceiling_rarely_breaks():
    """At an error rate of exactly the ceiling, a lower bound at 99.9 % is above it in at most .1 % of the cases."""
    smallest = next(count for count in range(201) if evidence.lower_bound(count, 200, 0.999) > 0.05)
    assert binomtest(smallest, 200, 0.05, alternative="greater").pvalue <= 0.001


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_bounds_match_scipy(case):
    """Both bounds are those of Clopper and Pearson, as scipy computes them."""
    count, n = case
    interval = binomtest(count, n).proportion_ci(0.998, method="exact")
    assert evidence.lower_bound(count, n, 0.999) == pytest.approx(interval.low, abs=1e-9)
    assert evidence.upper_bound(count, n, 0.999) == pytest.approx(interval.high, abs=1e-9)


def test_limit_off_edge_refused():
    """A latency limit that is no bucket's edge is refused with the edges to choose from."""
    with pytest.raises(ValidationError, match=r"use one of 5, 10, .* 200, .* 1000"):
        evidence.Knobs(latency_p95_ms=210.0)
