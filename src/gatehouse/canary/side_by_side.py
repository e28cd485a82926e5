"""All that is found of a canary beside stable, look by look, and the checks that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gatehouse.canary import bursts, comparison, outputs, split, watch
from gatehouse.canary.comparison import ERRORS, FOR_PREDICTIONS, Evidence, Knobs
from gatehouse.canary.counters import Counters, total
from gatehouse.canary.outputs import Outputs
from gatehouse.canary.sequential import Window
from gatehouse.canary.split import Split
from gatehouse.canary.watch import Watched
from gatehouse.errors import EvidenceError
from gatehouse.verdicts import Check, Decision


@dataclass(frozen=True)
class Compared:
    """What was seen of both versions so far: stable's counters at the last look, and the evidence.

    `edges` are the ends of the buckets, in milliseconds, above which answers are late; empty until these were frozen.
    `dispersion` of the metrics is from the `watched` windows before the start, and empty when these were too few.
    `share` is the canary's of the traffic at the last look, None when the router did not do as it was told. Of `sticky`
    clients each stays with one version, so that requests are no lots of their own.
    """

    stable: Counters = field(default_factory=Counters)
    edges: tuple[float, ...] = ()
    dispersion: Mapping[str, float] = field(default_factory=dict)
    watched: int = 0
    share: float | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    split: Split = field(default_factory=Split)
    outputs: Outputs = field(default_factory=Outputs)
    sticky: bool = False


def begun(watched: Watched, stable: Counters, expected: Mapping[str, float], knobs: Knobs) -> Compared:
    """Return what is known when the canary gets its first request: how late and how bursty stable is by itself.

    `expected` is the PSI between the predictions of both on the newest rows, by output.
    """
    before = total(watched.windows)
    edges = comparison.frozen(before if before.requests >= comparison.FEWEST_ANSWERS else stable, knobs)
    dispersion = {}
    if watch.enough(watched.windows):
        dispersion = {ERRORS: bursts.dispersion([window.errors for window in watched.windows])}
        for edge in edges:
            slow = [window.slower_than(edge) for window in watched.windows]
            dispersion[comparison.late(edge)] = bursts.dispersion(slow)
    return Compared(stable, edges, dispersion, len(watched.windows), outputs=Outputs(expected))


def looked(
    seen: Compared,
    before: Counters,
    canary: Counters,
    stable: Counters | None,
    share: float | None,
    now: float,
    knobs: Knobs,
) -> Compared:
    """Return what is known after another look at the counters of both; `before` is the canary's at the last one.

    `share` is the canary's of the traffic; None when the router does not do as it was told. Where a counter went down,
    its router was started anew: nothing is learned, and the next window begins here.
    """
    if stable is None:
        return seen
    # Late answers are counted from the next look on: edges that were chosen by a window must not judge it.
    found = replace(seen, stable=stable, edges=seen.edges or comparison.frozen(stable, knobs))
    windows = _windows(seen, before, canary, stable, knobs)
    if windows is None:
        return found
    grown = {
        name: comparison.grown(name, seen.evidence.get(name, Evidence()), window, knobs)
        for name, window in windows.items()
    }
    ours, theirs = canary.since(before), stable.since(seen.stable)
    # The window in which the weight changed was shared out by two weights.
    same = share is not None and share == seen.share
    requests = split.grown(seen.split, ours.requests, theirs.requests, now) if same else split.begun(now)
    predictions = seen.outputs if same else outputs.new_step(seen.outputs, seen.share or 0.0)
    if share is not None:
        level = knobs.alpha * FOR_PREDICTIONS
        predictions = outputs.grown(predictions, ours.predictions, theirs.predictions, knobs.psi, level)
    return replace(found, evidence=grown, share=share, split=requests, outputs=predictions)


def _windows(
    seen: Compared, before: Counters, canary: Counters, stable: Counters, knobs: Knobs
) -> dict[str, Window] | None:
    """Return the counts of every metric since the last look, divided by its dispersion; None if a router restarted."""
    if canary.restarted(before) or stable.restarted(seen.stable):
        return None
    names = {ERRORS: None, **{comparison.late(edge): edge for edge in seen.edges}}
    try:
        return {
            name: bursts.thinned(
                _window(canary, stable, edge), _window(before, seen.stable, edge), _dispersion(seen, name, knobs)
            )
            for name, edge in names.items()
        }
    except EvidenceError:  # started anew, and counted past what had been counted before
        return None


def _window(canary: Counters, stable: Counters, edge: float | None) -> Window:
    """Return running totals: of errors, or of answers later than an edge."""
    if edge is None:
        return Window(canary.requests, canary.errors, stable.requests, stable.errors)
    return Window(canary.requests, canary.slower_than(edge), stable.requests, stable.slower_than(edge))


def _dispersion(seen: Compared, name: str, knobs: Knobs) -> float:
    """Return what counts are divided by.

    A client that differs for good, by odd rows or large ones, is in every window of stable's, so stable's bursts tell
    nothing of it. Where clients are sticky, counts are divided by no less than where bursts are not known. Simulated
    with 300 clients, 50 requests/s and 20 minutes a step: of 60 sound canaries 7 were rolled back without that and none
    with it, where errors of one client correlate by .01; by .05, 16 and 10. Of 30 clients no divisor makes a sample.
    """
    found = seen.dispersion.get(name, knobs.bursts)
    return max(found, knobs.bursts) if seen.sticky else found


def judged(seen: Compared, knobs: Knobs) -> tuple[Check, ...]:
    """Return all checks of a canary beside stable.

    Sticky clients came by the weights of their first request, so these do not say what share to expect.
    """
    share = seen.share or 0.0
    if seen.sticky:
        by_weight = split.told(seen.split, share), *outputs.judge(seen.outputs, 0.0)
    else:
        by_weight = split.judge(seen.split, share, knobs.uneven, knobs.alpha), *outputs.judge(seen.outputs, share)
    return (*metrics(seen, knobs), *by_weight)


def metrics(seen: Compared, knobs: Knobs) -> tuple[Check, ...]:
    """Return the checks of errors and late answers; one of them holds as long as stable's latency could not be read."""
    checks = []
    for name, evidence in seen.evidence.items():
        check = comparison.judge(name, evidence, knobs)
        checks.append(replace(check, why=f"{check.why} {_said_of_bursts(seen, name, knobs)}".rstrip()))
    if not seen.edges:
        n = seen.stable.requests
        why = f"Stable's latency is read from {comparison.FEWEST_ANSWERS} requests; it was sent {n}."
        checks.append(Check("late answers", Decision.HOLD, why, n=n))
    return tuple(checks)


def _said_of_bursts(seen: Compared, name: str, knobs: Knobs) -> str:
    """Say by what counts are divided, and why; nothing where single events are counted."""
    factor = _dispersion(seen, name, knobs)
    if seen.sticky and factor == knobs.bursts > 1:
        return f"Counts are divided by {factor:g}, as each client's requests all go to one version ([rollout] sticky)."
    if name in seen.dispersion:
        return f"Counts are divided by {factor:.1f}, as stable's come in bursts." if factor > 1 else ""
    few = f"{seen.watched} windows were seen before the start, and {bursts.FEWEST_WINDOWS} are needed"
    return f"Counts are divided by {factor:g}, as stable's bursts are not known: {few}." if factor > 1 else ""
