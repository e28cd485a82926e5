"""A shadow that answers copies of requests: what lets a sound one go on, and what ends one that answers otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from calibration.scenarios import Amounts, Goal, Grid, Row, Scenario, Table, Totals
from gatehouse.canary import comparison, evidence, machine, routing, shadow, shadowing
from gatehouse.canary import state as states
from gatehouse.canary.counters import EDGES_MS, Counters, Slot
from gatehouse.canary.shadow import DISAGREEMENT, Recalled, Told
from gatehouse.canary.shadowing import Look
from gatehouse.canary.state import Phase, Placed, State
from gatehouse.canary.strategy import Strategy
from gatehouse.canary.watch import Watched
from gatehouse.release import Release

STEPS, LIMITS, BESIDE, KNOBS = machine.Knobs(), evidence.Knobs(), comparison.Knobs(), shadow.Knobs()
RATE, SECONDS, ERRORS, WATCHED, NEWEST = 50.0, 60, 0.005, 60, 2_000
# Shares of stable's answers that take up to 25, 50, 100 and 200 ms: 4 % are later than p95's edge, .5 % than p99's.
LATENCY = {25.0: 0.80, 50.0: 0.96, 100.0: 0.995, 200.0: 1.0}
OLD, NEW = Release("1.0.0", "a" * 64, "/bundles/a"), Release("1.1.0", "b" * 64, "/bundles/b")
# Stable's scores to the shadow's.
Answers = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def same(random: np.random.Generator, scores: np.ndarray) -> np.ndarray:  # noqa: ARG001 - the same model needs no luck
    """Answer as stable does."""
    return scores


def retrained(random: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    """Answer a little otherwise, as a model does that saw other rows."""
    return scores + random.normal(0, 0.04, len(scores))


def swapped(random: np.random.Generator, scores: np.ndarray) -> np.ndarray:  # noqa: ARG001
    """Take each class for the other."""
    return 1 - scores


def shifted(random: np.random.Generator, scores: np.ndarray, by: float) -> np.ndarray:  # noqa: ARG001
    """Give every row this much more."""
    return scores + by


def now_and_then(random: np.random.Generator, scores: np.ndarray, share: float) -> np.ndarray:
    """Answer a share of the requests quite otherwise."""
    odd = random.random(len(scores)) < share
    return np.where(odd, np.where(scores < 0.5, scores + 0.5, scores - 0.5), scores)


@dataclass(frozen=True)
class World:
    """How the shadow answers, and how many times as often as stable it fails, and is late.

    A `measured` difference was seen by the gate on the newest rows; `numbers` are answered in place of two classes.
    """

    answers: Answers = same
    errors: float = 1.0
    late: float = 1.0
    measured: bool = False
    numbers: bool = False

    def drawn(self, random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw what stable and the shadow answer to n requests: scores of which one in five is above a half."""
        if self.numbers:
            found = random.normal(size=n)
            return found, self.answers(random, found)
        scores = random.beta(0.6, 2.4, n)
        return scores, np.clip(self.answers(random, scores), 0, 1)

    def expected(self, random: np.random.Generator) -> Mapping[str, float]:
        """Return what the gate tells of both on the newest rows."""
        if not self.measured:
            return {DISAGREEMENT: 0.0}
        one, other = (told(scores, 0, numbers=self.numbers) for scores in self.drawn(random, NEWEST))
        apart = [shadow.difference(a, b, 1.0) for a, b in zip(one, other, strict=True)]
        return {DISAGREEMENT: float(np.mean([shadow.differs(pair, KNOBS.near) for pair in apart]))}


def told(scores: np.ndarray, first: int, *, numbers: bool) -> tuple[Told, ...]:
    """Return answers as a server remembers them, numbered from the one after `first`."""
    places = range(first + 1, first + 1 + len(scores))
    if numbers:
        return tuple(Told(place, str(place), score) for place, score in zip(places, scores.tolist(), strict=True))
    return tuple(
        Told(place, str(place), "yes" if score > 0.5 else "no", {"no": 1 - score, "yes": score})
        for place, score in zip(places, scores.tolist(), strict=True)
    )


def counted(random: np.random.Generator, n: int, errors: float = 1.0, late: float = 1.0) -> Counters:
    """Draw what a router counts of n requests."""
    above = {edge: min(1.0, (1 - share) * late) for edge, share in LATENCY.items()}
    slow = random.random(n)
    latency = {}
    for edge in EDGES_MS:
        limit = max((end for end in LATENCY if end <= edge), default=None)
        latency[edge] = int((slow >= above[limit]).sum()) if limit else 0
    return Counters(n, int(random.binomial(n, ERRORS * errors)), 0, latency)


def begun(random: np.random.Generator, world: World) -> State:
    """Return the state in which the shadow gets its first copies, beside a stable version that was watched before."""
    windows = tuple(counted(random, random.poisson(RATE * SECONDS)) for _ in range(WATCHED))
    watched = Watched(OLD.bundle, 0.0, Counters(), windows)
    serving = State(Phase.PROMOTED, stable=Placed("blue", OLD), watched=watched, settled=True)
    chain = (Strategy.SHADOW, Strategy.CANARY)
    state = machine.begin(serving, NEW, 0.0, world.expected(random), chain, KNOBS.share)
    return states.settle(machine.started(states.settle(state), {}, 0.0, STEPS, BESIDE))


def tried(random: np.random.Generator, world: World) -> Amounts:
    """Play one shadow by the rules, in looks a window apart, and return how it ended, and after how many minutes."""
    state, stable, ours, first, minute = begun(random, world), Counters(), Counters(), 0, 0
    while state.phase == Phase.SHADOWING:
        minute += 1
        n = int(random.poisson(RATE * SECONDS))
        copies = int(random.binomial(n, KNOBS.share / 100))
        stable, ours = stable.plus(counted(random, n)), ours.plus(counted(random, copies, world.errors, world.late))
        scores = world.drawn(random, copies)
        theirs, mine = (told(found, first, numbers=world.numbers) for found in scores)
        memory: dict[Slot, tuple[Told, ...]] = {"blue": theirs, "green": mine}
        answers = {slot: (Recalled(slot, KNOBS.kept, kept),) for slot, kept in memory.items()}
        first += copies
        look = Look({"blue": stable, "green": ours}, routing.of(state), answers)
        state, _ = shadowing.decide(state, look, 60.0 * minute, STEPS, LIMITS, BESIDE, KNOBS)
    back = state.phase == Phase.ROLLED_BACK
    ended = {"rolled back": back, "goes on": state.phase == Phase.BAKING, "held": state.phase == Phase.HELD}
    return {**ended, "minutes": minute}


ALLOWED = KNOBS.disagreement
SCENARIOS = tuple(
    Scenario(name, partial(tried, world=world), 400)
    for name, world in {
        "the same model": World(),
        "a retrained model, as on the newest rows": World(retrained, measured=True),
        "a regression's same numbers": World(numbers=True),
        "differs as often as it may": World(partial(now_and_then, share=ALLOWED)),
        "differs twice as often as it may": World(partial(now_and_then, share=2 * ALLOWED)),
        "swapped classes": World(swapped),
        "scores shifted by .15": World(partial(shifted, by=0.15)),
        "numbers shifted by a fifth of their spread": World(partial(shifted, by=0.2), numbers=True),
        "late answers doubled": World(late=2.0),
        "late answers tripled": World(late=3.0),
        "errors five times": World(errors=5.0),
    }.items()
)


def endings(totals: Totals) -> Grid:
    """Return how shadows end in every scenario, and after how many minutes on average."""
    rows = [
        (
            name,
            *(f"{100 * total.share(event).value:.1f} %" for event in ("rolled back", "goes on", "held")),
            f"{total.mean('minutes'):.0f}",
        )
        for name, total in totals.items()
    ]
    return Grid("How they end", (("scenario", "rolled back", "goes on", "held", "mean minutes"), *rows))


WORLD = f"""
A stable version serves {RATE:g} requests a second, and {KNOBS.share} % of them are copied to a shadow, for
{STEPS.bake_seconds / 60:g} minutes at least and {STEPS.step_budget_seconds / 60:g} at most, looked at once a minute. It
is judged by `canary.shadowing` with its default settings: answers differ that name another class, or whose
probabilities are more than {KNOBS.near:g} apart, and {ALLOWED:.0%} may, above what the gate saw on {NEWEST:,} newest
rows. Scores are Beta(0.6, 2.4), of which one in five is above a half; numbers are normal. Stable was watched for
{WATCHED} windows before; {ERRORS:.1%} of its answers are errors, 4 % are later than its p95's bucket and .5 % than its
p99's. "Goes on" means that the canary begins.
"""


def row(scenario: str, event: str, goal: Goal | None = None) -> Row:
    """Return the row of a scenario's event."""
    return Row(f"{scenario}: {event}", scenario, event, goal)


TABLE = Table(
    "Shadow",
    WORLD,
    SCENARIOS,
    (
        row("the same model", "goes on", Goal("≥", 0.95)),
        row("a retrained model, as on the newest rows", "goes on", Goal("≥", 0.95)),
        row("a regression's same numbers", "goes on", Goal("≥", 0.95)),
        row("differs as often as it may", "rolled back", Goal("≤", 0.05)),
        row("differs as often as it may", "goes on", Goal("≤", 0.05)),
        row("differs twice as often as it may", "rolled back"),
        row("swapped classes", "rolled back", Goal("=", 1.0)),
        row("scores shifted by .15", "rolled back", Goal("=", 1.0)),
        row("numbers shifted by a fifth of their spread", "rolled back", Goal("=", 1.0)),
        row("late answers doubled", "rolled back"),
        row("late answers tripled", "rolled back", Goal("≥", 0.95)),
        row("errors five times", "rolled back", Goal("≥", 0.95)),
    ),
    endings,
)
