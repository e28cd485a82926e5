"""Latency: what is proven slower is refused, the same model is not, and times that are none are an error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.gates import latency
from gatehouse.gates.latency import Knobs, Times
from gatehouse.verdicts import Check, Decision

KNOBS = Knobs(bootstraps=100)


def drawn(random: np.random.Generator, n: int = 400, median: float = 10.0, machine: np.ndarray | None = None) -> Times:
    """Return the times of a model on a machine that has slow moments; `machine` gives two models the same ones."""
    slow = moments(random, n) if machine is None else machine
    return Times(median * slow * random.lognormal(0, 0.05, n), 1.3 * median * slow * random.lognormal(0, 0.05, n))


def moments(random: np.random.Generator, n: int) -> np.ndarray:
    """Return how slow a machine was at each request: now and then, for some 20 requests, half as fast."""
    return np.repeat(np.where(random.random(n // 20 + 1) < 0.2, 2.0, 1.0), 20)[:n]


def scaled(times: Times, factor: float) -> Times:
    """Return the times of a model that is slower by a factor."""
    return Times(times.single * factor, times.batch * factor)


def judged(candidate: Times, champion: Times | None, knobs: Knobs = KNOBS) -> dict[str, Check]:
    """Judge, and return the checks by name."""
    return {check.name: check for check in latency.judge(candidate, champion, knobs)}


def decisions(candidate: Times, champion: Times | None) -> list[Decision]:
    """Judge, and return the decisions."""
    return [check.decision for check in judged(candidate, champion).values()]


def test_same_model_is_never_refused() -> None:
    """Of 50 comparisons of a model with itself, on a machine with slow moments, none rejects."""
    random = np.random.default_rng(0)
    ended = [decision for _ in range(50) for decision in decisions(*pair(random))]
    assert Decision.REJECT not in ended
    assert ended.count(Decision.PROMOTE) > 0.9 * len(ended)


def test_slower_model_is_found() -> None:
    """Of 50 models that are 30 % slower, on the same machine, at least 48 are refused."""
    random = np.random.default_rng(1)
    found = [
        Decision.REJECT in decisions(scaled(ours, 1.3), theirs) for ours, theirs in (pair(random) for _ in range(50))
    ]
    assert sum(found) >= 48


def pair(random: np.random.Generator) -> tuple[Times, Times]:
    """Return two measurements of one model, taken in turns."""
    machine = moments(random, 400)
    return drawn(random, machine=machine), drawn(random, machine=machine)


def test_checks_say_the_numbers() -> None:
    """A ratio stands beside its limit, its interval and the number of requests, and the sentence says both medians."""
    theirs = drawn(np.random.default_rng(2))
    check = judged(scaled(theirs, 1.3), theirs)["median of one row, ratio"]
    assert (check.decision, check.limit, check.n) == (Decision.REJECT, 1.15, 400)
    assert check.observed == pytest.approx(1.3)
    assert check.interval == pytest.approx((1.3, 1.3))
    assert check.why == (
        "The median of one row is 13.3 ms for the candidate and 10.2 ms for the champion, which is 1.3 times as long "
        "(98 % interval 1.3 to 1.3): it is proven to be more than 1.15 times."
    )


def test_every_kind_has_its_limits() -> None:
    """Medians and p95 of rows and of batches are checked by name, each by its own limit, and the budget last."""
    times = drawn(np.random.default_rng(2))
    checks = latency.judge(times, times, KNOBS)
    assert [(check.name, check.limit, check.n) for check in checks] == [
        ("median of one row, ratio", 1.15, 400),
        ("p95 of one row, ratio", 1.25, 400),
        ("median of a batch, ratio", 1.15, 400),
        ("p95 of a batch, ratio", 1.25, 400),
        ("p95 of one row, ms", 100.0, 400),
    ]
    assert checks[0].why.endswith(": it is proven to be at most 1.15 times.")
    assert checks[3].why.endswith(": it is proven to be at most 1.25 times.")
    quantiles = [f"{np.quantile(times.batch, level):.3g} ms for the candidate" for level in (0.5, 0.95)]
    assert [said in check.why for said, check in zip(quantiles, checks[2:4], strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("median", "said"),
    [(10, "is proven to be within"), (48, "may be within or above"), (200, "is proven to be above")],
)
def test_budget_says_its_numbers(median: float, said: str) -> None:
    """The p95 stands beside its median, its interval and the budget."""
    times = drawn(np.random.default_rng(5), median=median)
    check = judged(times, None)["p95 of one row, ms"]
    assert check.observed == np.quantile(times.single, 0.95)
    low, high = check.interval or (0, 0)
    assert low < check.observed < high
    assert check.why == (
        f"One row takes the candidate {check.observed:.3g} ms at p95 (median {np.median(times.single):.3g} ms; "
        f"98 % interval {low:.3g} to {high:.3g}), which {said} the budget of 100 ms."
    )


def test_blocks_are_drawn_whole() -> None:
    """A resample has as many times as were taken, ten neighbours at a time, round the end; the seed repeats it."""
    times = np.arange(45.0)
    found = latency.resampled(times, KNOBS)
    assert found.shape == (100, 45)
    steps = np.diff(found[:, :40].reshape(100, 4, 10), axis=2) % 45
    assert set(steps.ravel().tolist()) == {1.0}
    assert (found == latency.resampled(times, KNOBS)).all()
    assert (found != latency.resampled(times, Knobs(bootstraps=100, seed=1))).any()
    assert set(found.ravel().tolist()) == set(times.tolist())


def test_forty_times_are_enough() -> None:
    """A p95 is taken of forty times and more."""
    assert latency.broken(np.ones(40), np.ones(40)) == ""
    assert latency.broken(np.ones(39), np.ones(39)) == (
        "39 times were taken, and a p95 needs at least 40: time the model longer."
    )


def test_slow_tail_is_found() -> None:
    """A model that takes thrice as long for one row in ten has the same median and another p95."""
    random = np.random.default_rng(3)
    ours, theirs = pair(random)
    tail = Times(np.where(random.random(400) < 0.1, 3, 1) * ours.single, ours.batch)
    checks = judged(tail, theirs)
    assert checks["median of one row, ratio"].decision == Decision.PROMOTE
    assert checks["p95 of one row, ratio"].decision == Decision.REJECT


def test_restless_machine_is_held() -> None:
    """Times that differ tenfold from one to the next do not settle everything, and refuse nothing."""
    random = np.random.default_rng(4)
    restless = [Times(random.lognormal(0, 2.3, 60), random.lognormal(0, 2.3, 60)) for _ in range(2)]
    checks = judged(*restless)
    assert Decision.REJECT not in {check.decision for check in checks.values()}
    assert checks["p95 of a batch, ratio"].decision == Decision.HOLD
    assert "not settled" in checks["p95 of a batch, ratio"].why


@pytest.mark.parametrize(("median", "decision"), [(10, Decision.PROMOTE), (48, Decision.HOLD), (200, Decision.REJECT)])
def test_budget_alone_decides_first(median: float, decision: Decision) -> None:
    """Without a champion the p95 of a row is held against the budget, by its interval."""
    checks = judged(drawn(np.random.default_rng(5), median=median), None)
    assert {name: check.decision for name, check in checks.items()} == {"p95 of one row, ms": decision}


@pytest.mark.parametrize(("champion", "decision"), [(91, Decision.REJECT), (100, Decision.HOLD), (110, Decision.HOLD)])
def test_busy_machine_cannot_tell(champion: float, decision: Decision) -> None:
    """A budget that is missed is held where the champion misses it, too, and refused where it does not."""
    steady = np.linspace(0.99, 1.01, 400)
    ours, theirs = (Times(median * steady, median * steady) for median in (104.0, champion))
    checks = judged(ours, theirs)
    check = checks.pop("p95 of one row, ms")
    assert check.decision == decision
    assert ("too busy" in check.why) == (decision == Decision.HOLD)
    assert {other.decision for other in checks.values()} == {Decision.PROMOTE}


def test_microseconds_are_compared() -> None:
    """Ratios know no unit: a model of a tenth of a millisecond is judged like any other."""
    ours, theirs = (scaled(times, 0.01) for times in pair(np.random.default_rng(6)))
    assert set(decisions(ours, theirs)) == {Decision.PROMOTE}
    assert Decision.REJECT in decisions(scaled(ours, 1.3), theirs)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (np.ones(0), "0 times"),
        (np.ones(39), "at least 40"),
        (np.full(400, np.nan), "NaN"),
        (np.r_[np.inf, np.ones(399)], "infinite"),
        (np.r_[0.0, np.ones(399)], "not above 0"),
    ],
    ids=["none", "too few", "NaN", "infinite", "zero"],
)
def test_broken_times_are_errors(times: np.ndarray, said: str) -> None:
    """Times that are missing or no numbers are no evidence, with a champion and without."""
    for champion in (None, Times(times, times)):
        checks = judged(Times(times, times), champion)
        assert {check.decision for check in checks.values()} == {Decision.ERROR}
        assert said in next(iter(checks.values())).why


def test_broken_batches_are_errors() -> None:
    """A first model whose batches were not timed is not judged by its rows alone."""
    times = drawn(np.random.default_rng(7))
    checks = judged(Times(times.single, np.full(400, np.nan)), None)
    assert {name: check.decision for name, check in checks.items()} == {"time of a batch": Decision.ERROR}
    check = checks["time of a batch"]
    assert (check.why, check.n) == ("Some times are NaN, infinite or not above 0: time the model again.", 400)


def test_unpaired_times_are_errors() -> None:
    """A champion that answered other requests is no comparison."""
    times = drawn(np.random.default_rng(7))
    checks = judged(times, Times(times.single[:-1], times.batch))
    assert checks["time of one row"].decision == Decision.ERROR
    why = "400 times of the candidate and 399 of the champion are no pairs: time both."
    assert checks["time of one row"] == Check("time of one row", Decision.ERROR, why, n=400)
    nothing = judged(Times(times.single * np.nan, times.batch), times)["p95 of one row, ms"]
    assert (nothing.decision, nothing.n) == (Decision.ERROR, 400)


def test_distributions_are_kept() -> None:
    """What a report draws stands in the details: both models' times at every level, for both kinds of request."""
    rows = [
        row for check in judged(*pair(np.random.default_rng(8))).values() for row in check.details.get("latency", [])
    ]
    assert [row["kind"] for row in rows] == ["one row", "a batch"]
    for row in rows:
        assert len(row["levels"]) == len(row["candidate"]) == len(row["champion"])
        assert row["candidate"] == sorted(row["candidate"])
    first = judged(times := drawn(np.random.default_rng(8)), None)["p95 of one row, ms"].details["latency"]
    assert [(row["kind"], "champion" in row) for row in first] == [("one row", False), ("a batch", False)]
    assert first[1]["candidate"] == np.quantile(times.batch, latency.LEVELS).tolist()


@settings(max_examples=10, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(0.5, 2), st.integers(0, 100))
def test_unit_does_not_matter(unit: float, factor: float, seed: int) -> None:
    """In microseconds the ratio's checks decide as they do in milliseconds, and again the same the next time."""
    ours, theirs = pair(np.random.default_rng(seed))
    ours = scaled(ours, factor)
    again = judged(scaled(ours, unit), scaled(theirs, unit))
    for name, check in judged(ours, theirs).items():
        if "ratio" in name:
            assert again[name].observed == pytest.approx(check.observed)
            assert again[name].interval == pytest.approx(check.interval)
