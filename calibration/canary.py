"""A canary of four steps: what rolls back a sound one, and what lets a broken one through."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats

from calibration import routing
from calibration.scenarios import Amounts, Goal, Grid, Row, Scenario, Table, Totals
from gatehouse.canary import bursts, comparison
from gatehouse.canary.comparison import Evidence
from gatehouse.canary.sequential import Window
from gatehouse.verdicts import Decision

STEPS, SECONDS = (0.05, 0.10, 0.25, 0.50), 60
# Windows that a step bakes, and those after which it is held.
WINDOWS, BUDGET = 20, 60
RATE, BASE, SWING, PERIOD = 50.0, 0.005, 0.8, 100
# Late answers: stable's p95 and p99, frozen before the start.
LATE = (0.05, 0.01)
# As `comparison` names them: errors, and what takes longer than either quantile.
METRICS = (comparison.ERRORS, *(f"answers later than stable's p{100 * (1 - share):g}" for share in LATE))
FLAGGER, ARGO, Z, SINGLE = "like Flagger", "like Argo Rollouts", "z-test each window", "as if errors came one by one"
# Success below 99 %, as Flagger's and Argo's own examples have it; a z-test one window at a time at 0.5 %.
FAILING, FAILURES, P_VALUE = 0.01, 5, 0.005
Counts = list[Window]


@dataclass(frozen=True)
class World:
    """Requests a second, the mean error rate, and how many times as often the canary fails, and is late.

    Errors come `burst` at a time, all of them from one version.
    """

    rate: float = RATE
    base: float = BASE
    ratio: float = 1.0
    late: float = 1.0
    burst: int = 1

    def window(self, random: np.random.Generator, when: int, weight: float) -> Counts:
        """Draw one window of every metric."""
        n = random.poisson(self.rate * SECONDS)
        canary = random.binomial(n, weight)
        now = self.base * (1 + SWING * np.sin(2 * np.pi * when / PERIOD))
        late = [drawn(random, canary, n - canary, share, self.late) for share in LATE]
        return [drawn(random, canary, n - canary, now, self.ratio, self.burst), *late]

    def dispersions(self, random: np.random.Generator, start: int) -> list[float]:
        """Draw the windows of stable alone before the start, and return by what counts of each metric are divided."""
        before = [self.window(random, start - n, 0.0) for n in range(bursts.FEWEST_WINDOWS)]
        return [bursts.dispersion([window.stable_events for window in metric]) for metric in zip(*before, strict=True)]


def drawn(random: np.random.Generator, canary: int, stable: int, share: float, times: float, burst: int = 1) -> Window:
    """Draw the events of one metric in one window."""
    ours = burst * random.binomial(canary, min(1.0, share * times) / burst)
    theirs = burst * random.binomial(stable, share / burst)
    return Window(canary, min(canary, ours), stable, min(stable, theirs))


def rolled_out(random: np.random.Generator, world: World) -> Amounts:
    """Play one rollout by the rule, and by three others on as many windows as a prompt rollout has."""
    start = int(random.integers(PERIOD))
    factors = world.dispersions(random, start)
    if world.burst > 1:
        single = ours(random, world, start, [1.0] * len(METRICS))[0]
        return {**outcome(*ours(random, world, start, factors)), f"{SINGLE}: rolled back": single == Decision.REJECT}
    ended, when = ours(random, world, start, factors)
    found = [world.window(random, start + n, STEPS[n // WINDOWS]) for n in range(len(STEPS) * WINDOWS)]
    others = {FLAGGER: failing(found, FAILURES), ARGO: failing(found, 1), Z: z_test(found)}
    return {
        **outcome(ended, when),
        **{f"{name}: rolled back": back for name, back in others.items()},
        **{f"{name}: promoted": not back for name, back in others.items()},
    }


def outcome(ended: Decision, when: int) -> Amounts:
    """Return how a rollout ended, and in which window if it was rolled back."""
    back = ended == Decision.REJECT
    return {
        "rolled back": back,
        "promoted": ended == Decision.PROMOTE,
        "held": ended == Decision.HOLD,
        "window": when if back else 0,
        "in time": back and when <= IN_TIME,
    }


def ours(random: np.random.Generator, world: World, start: int, factors: Sequence[float]) -> tuple[Decision, int]:
    """Return how the rule ends a rollout, and in which window: a step goes on once it has baked and is settled."""
    evidence, number = [Evidence()] * len(METRICS), 0
    seen = [Window(0, 0, 0, 0)] * len(METRICS)
    for weight in STEPS:
        for place in range(1, BUDGET + 1):
            number += 1
            counts = world.window(random, start + number, weight)
            now = [added(before, window) for before, window in zip(seen, counts, strict=True)]
            thinned = map(bursts.thinned, now, seen, factors)
            evidence = list(map(comparison.grown, METRICS, evidence, thinned))
            seen = now
            decisions = {comparison.judge("events", found).decision for found in evidence}
            if Decision.REJECT in decisions:
                return Decision.REJECT, number
            if place >= WINDOWS and Decision.HOLD not in decisions:
                break
        else:
            return Decision.HOLD, number
    return Decision.PROMOTE, number


def added(some: Window, others: Window) -> Window:
    """Return the counts of two windows together."""
    return Window(
        some.canary_requests + others.canary_requests,
        some.canary_events + others.canary_events,
        some.stable_requests + others.stable_requests,
        some.stable_events + others.stable_events,
    )


def failing(found: list[Counts], allowed: int) -> bool:
    """Tell whether `allowed` windows have more than FAILING errors: an absolute limit, looked at once a window."""
    errors = [counts[0] for counts in found]
    bad = sum(window.canary_events > FAILING * window.canary_requests for window in errors if window.canary_requests)
    return bad >= allowed


def z_test(found: list[Counts]) -> bool:
    """Tell whether in any window the canary's error rate is larger by a z-test of two proportions."""
    for window, *_ in found:
        n, m = window.canary_requests, window.stable_requests
        pooled = (window.canary_events + window.stable_events) / max(1, n + m)
        if not 0 < pooled < 1 or not n or not m:
            continue
        spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        if stats.norm.sf((window.canary_events / n - window.stable_events / m) / spread) < P_VALUE:
            return True
    return False


# The first window of the second step but one: by then errors that doubled must be seen in half of the rollouts.
IN_TIME = 22
SCENARIOS = (
    Scenario("no difference", partial(rolled_out, world=World()), 1_000),
    Scenario("errors doubled", partial(rolled_out, world=World(ratio=2.0)), 3_000),
    Scenario("errors tripled from .05 %", partial(rolled_out, world=World(base=0.0005, ratio=3.0)), 3_000),
    Scenario("late answers doubled", partial(rolled_out, world=World(late=2.0)), 400),
    Scenario("no difference, errors five at a time", partial(rolled_out, world=World(burst=5)), 400),
    Scenario("no difference, 1 request/s", partial(rolled_out, world=World(rate=1.0)), 400),
    Scenario("no difference, 5 requests/s", partial(rolled_out, world=World(rate=5.0)), 400),
)
ALL = (*SCENARIOS, *routing.SCENARIOS)


def by(event: str) -> dict[str, str]:
    """Name the same event of every other rule."""
    return {name: f"{name}: {event}" for name in (FLAGGER, ARGO, Z)}


def endings(totals: Totals) -> Grid:
    """Return how rollouts end in every scenario, and in which window on average those that are rolled back."""
    rows = []
    for scenario in SCENARIOS:
        total = totals[scenario.name]
        back = total.amounts["rolled back"]
        mean = f"{total.amounts['window'] / back:.0f}" if back else ""
        shares = [f"{100 * total.share(event).value:.1f} %" for event in ("rolled back", "promoted", "held")]
        rows.append((scenario.name, *shares, mean))
    return Grid("How they end", (("scenario", "rolled back", "promoted", "held", "mean window"), *rows))


WORLD = f"""
Each rollout has steps of 5, 10, 25 and 50 %, windows of a minute, {RATE:g} requests a second, and errors of {BASE:.1%}
that drift by ±{SWING:.0%} with a period of {PERIOD} windows. A step bakes for {WINDOWS} windows, and is held when it is
not settled after {BUDGET}. Three metrics are judged by `canary.comparison` with its default settings: errors, and
answers later than stable's p95 and p99. Each is divided by its dispersion in {bursts.FEWEST_WINDOWS} windows of stable
alone before the start. {routing.WORLD}

The other rules are written here from their documentation; their own code was not run. Like Flagger: success below 99 %
in {FAILURES} windows. Like Argo Rollouts: in one. z-test: two proportions, one-sided p < {P_VALUE:g}, each window by
itself.
"""

TABLE = Table(
    "Canary",
    WORLD,
    ALL,
    (
        Row("no difference: rolled back", "no difference", "rolled back", Goal("≤", 0.03), by("rolled back")),
        Row("no difference: promoted to the end", "no difference", "promoted", Goal("≥", 0.95), by("promoted")),
        Row("errors doubled: rolled back", "errors doubled", "rolled back", Goal("=", 1.0), by("rolled back")),
        Row(f"errors doubled: rolled back by window {IN_TIME}", "errors doubled", "in time", Goal("≥", 0.5)),
        Row("errors tripled from .05 %: rolled back", "errors tripled from .05 %", "rolled back", Goal("≥", 0.98),
            by("rolled back")),
        Row("late answers doubled: rolled back", "late answers doubled", "rolled back"),
        Row("no difference, errors five at a time: rolled back", "no difference, errors five at a time",
            "rolled back", Goal("≤", 0.05), {SINGLE: f"{SINGLE}: rolled back"}),
        *routing.ROWS,
    ),
    endings,
)  # fmt: skip
