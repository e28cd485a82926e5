"""Timing models side by side: the same request to each, one after another and never two at once, in changing order."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import numpy as np

from gatehouse.gates import latency
from gatehouse.gates.latency import Knobs, Times
from gatehouse.stages.contestants import Contestant
from gatehouse.stages.meter import Meter
from gatehouse.stages.timed_requests import BATCH, SINGLE, Bodies

# A slow model shows its times in fewer requests: after so long in one round a kind has been sent often enough.
KIND_SECONDS = 20.0

Start = Callable[[Contestant], Meter]


@dataclass
class Measured:
    """What was measured of one model so far: milliseconds by the kind of request, and the peaks of memory in MB."""

    single: list[float] = field(default_factory=list)
    batch: list[float] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)

    @property
    def times(self) -> Times:
        """What the rule of latency takes."""
        return Times(np.array(self.single, dtype=float), np.array(self.batch, dtype=float))


def play(
    contestants: Sequence[Contestant], bodies: Bodies, measured: Mapping[str, Measured], knobs: Knobs, start: Start,
    seconds: float,
) -> None:  # fmt: skip
    """Play one round: start every model anew, within `seconds`, send it its requests, and add what it took.

    Raises UnservedError when a model cannot be timed, TargetError when the engine fails that should run it.
    """
    with ExitStack() as stack:
        meters = [stack.enter_context(closing(start(contestant))) for contestant in contestants]
        for meter in meters:
            meter.wait_until_loaded(seconds)
        for meter in meters:
            for kind, sent in bodies[meter.who].items():
                meter.send(kind, sent)
        for kind, count in ((SINGLE, knobs.requests), (BATCH, knobs.batches)):
            for who, taken in interleave(meters, kind, count).items():
                getattr(measured[who], kind).extend(taken)
        for meter in meters:
            measured[meter.who].peaks_mb.append(meter.peak_mb())


def interleave(meters: Sequence[Meter], kind: str, count: int) -> dict[str, list[float]]:
    """Send `count` requests of a kind to each, in the order A, B, B, A; return the milliseconds, by their names."""
    taken: dict[str, list[float]] = {meter.who: [] for meter in meters}
    end = time.monotonic() + KIND_SECONDS
    for number in range(count):
        if number >= latency.FEWEST and time.monotonic() > end:
            break
        for meter in meters if number % 2 == 0 else reversed(meters):
            taken[meter.who].append(meter.time(kind, number))
    return taken
