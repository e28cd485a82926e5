"""Tests of a canary that may be looked at all the time: e-processes of two rates, from counts alone.

Between two looks the canary had s events in N_c requests, and both versions together E events in N_c + N_s. Given
these totals s is Fisher's noncentral hypergeometric, which depends on the odds ratio ω of canary to stable and on no
rate: what moves both versions alike, as a day does, cancels, and so do changes of the weight. A likelihood ratio of
such counts, mixed over a grid of alternatives, is an e-process: by Ville's inequality it ever reaches 1/α with a chance
of at most α while its hypothesis is true, however often it is looked at (Turner, Ly & Grünwald 2024; Lindon & Malek
2022).

A process is remembered as a tuple: the log likelihood ratio of each alternative of its grid, added up over all looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from gatehouse.errors import EvidenceError

# Alternatives as multiples of the hypothesis: near ones for what is a little worse, far ones for what is broken. Every
# further one costs evidence, and two that are half as far apart find hardly more.
MULTIPLES = (1.5, 2.0, 3.0, 6.0, 20.0)
# Odds beyond which nobody reads on; as a number they may not fit into a float.
MOST_ODDS = 1e9

Process = tuple[float, ...]
START: Process = (0.0,) * len(MULTIPLES)
# The fractions of a ceiling that stand for "below it".
FRACTIONS = (0.5, 0.3, 0.1, 0.02)
START_BELOW: Process = (0.0,) * len(FRACTIONS)


@dataclass(frozen=True)
class Window:
    """What was counted between two looks: requests, and those of them that had the event (an error, a late answer).

    Raises EvidenceError when a count is negative or there are more events than requests.
    """

    canary_requests: int
    canary_events: int
    stable_requests: int
    stable_events: int

    def __post_init__(self) -> None:
        """Refuse counts that no router can have seen."""
        pairs = ((self.canary_events, self.canary_requests), (self.stable_events, self.stable_requests))
        if any(not 0 <= events <= requests for events, requests in pairs):
            raise EvidenceError(f"These are no counts of requests and of events among them: {self}.")


def higher(process: Process, window: Window, ratio: float) -> Process:
    """Add a window to the evidence against "the odds ratio is at most `ratio`"."""
    return _compared(process, window, ratio, [ratio * multiple for multiple in MULTIPLES])


def lower(process: Process, window: Window, ratio: float) -> Process:
    """Add a window to the evidence against "the odds ratio is at least `ratio`"."""
    return _compared(process, window, ratio, [ratio / multiple for multiple in MULTIPLES])


def below(process: Process, window: Window, ceiling: float) -> Process:
    """Add a window to the evidence against "the canary's own rate is at least `ceiling`", by a mixture of binomials.

    It needs no stable version, and learns from a canary that never fails, of which the other two learn nothing.
    """
    good = window.canary_requests - window.canary_events
    return _binomial(process, window.canary_events, good, ceiling, ceiling * np.array(FRACTIONS))


def more(process: Process, ours: float, theirs: float, odds: float) -> Process:
    """Add a window to the evidence against "the odds that a request is ours are at most `odds`", by binomials."""
    alternatives = odds * np.array(MULTIPLES)
    return _binomial(process, ours, theirs, odds / (1 + odds), alternatives / (1 + alternatives))


def fewer(process: Process, ours: float, theirs: float, odds: float) -> Process:
    """Add a window to the evidence against "the odds that a request is ours are at least `odds`", by binomials."""
    alternatives = odds / np.array(MULTIPLES)
    return _binomial(process, ours, theirs, odds / (1 + odds), alternatives / (1 + alternatives))


def log_e(process: Process) -> float:
    """Return the log of the e-value: every alternative of the grid counts as much."""
    return float(_log_sum(np.asarray(process)) - np.log(len(process)))


def odds(process: Process) -> float:
    """Return the e-value as odds against the hypothesis, at most MOST_ODDS."""
    return float(min(np.exp(min(log_e(process), 100.0)), MOST_ODDS))


def spoken(value: float) -> str:
    """Return odds in words."""
    return f"{value:,.0f} to 1" if value >= 1 else f"1 to {1 / value:,.0f}"


def _compared(process: Process, window: Window, ratio: float, alternatives: Sequence[float]) -> Process:
    """Add log f(s; ω) - log f(s; ratio) for each ω of the alternatives, f being Fisher's noncentral hypergeometric."""
    events = window.canary_events + window.stable_events
    if not events or not window.canary_requests or not window.stable_requests:
        return process
    possible = np.arange(max(0, events - window.stable_requests), min(events, window.canary_requests) + 1)
    ways = _log_choose(window.canary_requests, possible) + _log_choose(window.stable_requests, events - possible)
    logs = np.log([ratio, *alternatives])
    normal = _log_sum(ways + np.outer(logs, possible))
    found = window.canary_events * logs - normal
    return _added(process, found[1:] - found[0])


def _binomial(process: Process, events: float, others: float, rate: float, alternatives: np.ndarray) -> Process:
    """Add the log likelihood ratio of a binomial's rates, each alternative's against `rate`."""
    return _added(process, events * np.log(alternatives / rate) + others * np.log((1 - alternatives) / (1 - rate)))


def _log_sum(logs: np.ndarray) -> np.ndarray:
    """Return the log of the sum along the last axis; scipy's knows complex numbers, and takes ten times as long."""
    top = logs.max(axis=-1, keepdims=True)
    found: np.ndarray = top[..., 0] + np.log(np.exp(logs - top).sum(axis=-1))
    return found


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _added(process: Process, gained: np.ndarray) -> Process:
    return tuple((np.asarray(process) + gained).tolist())
