"""A target on paper: its clock, its router and its servers obey at once, and can be made to fail at any call.

It keeps the contract that tests/targets/contract.py proves of the real ones, and lets a week pass in a moment.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gatehouse.bundle import Bundle
from gatehouse.canary.counters import CLASS, EDGES_MS, SLOTS, Counters, Slot
from gatehouse.canary.routing import Routing
from gatehouse.canary.shadow import Recalled, Told
from gatehouse.errors import SilenceError, TakenError, TargetError
from gatehouse.release import Release


class Killed(BaseException):
    """The program ends here, as by SIGKILL: nothing of it runs any more."""


@dataclass
class PaperTarget:
    """Servers by their slots, traffic of `rate` requests a second, and the share of errors by version.

    Versions that are `contrary` answer all requests otherwise, and `remembered` is the size of each server's memory.
    While a release starts the others do `meanwhile`.
    `kill_at` is the number of the call before which the program is killed; `deaf` counts the looks that fail, `silent`
    the states that cannot be read, and `overtaken` is the state that another program saves just before the next save.
    """

    rate: float = 100.0
    error_share: dict[str, float] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    clock: float = 1000.0
    calls: int = 0
    kill_at: int = -1
    deaf: int = 0
    silent: int = 0
    running: dict[Slot, Release] = field(default_factory=dict)
    routed: Routing = field(default_factory=lambda: Routing(dict.fromkeys(SLOTS, 0)))
    contrary: tuple[str, ...] = ()
    remembered: int = 2000
    exact: dict[Slot, list[float]] = field(default_factory=lambda: {slot: [0.0, 0.0] for slot in SLOTS})
    state: str | None = None
    overtaken: str | None = None
    events: list[str] = field(default_factory=list)
    lost: float = 0.0
    meanwhile: Callable[[], object] = lambda: None

    url = "http://paper"

    def call(self, what: str) -> None:
        """Note a call, and be killed at the one that was chosen."""
        if self.calls == self.kill_at:
            raise Killed(what)
        self.calls += 1

    def start(self, slot: Slot, release: Release) -> None:
        """Start a release."""
        self.call("start")
        if self.running.get(slot) == release:
            return
        self.meanwhile()
        if release.version in self.broken:
            raise TargetError(f"'{slot}' ended before it could get ready.")
        self.events.append(f"start {slot} {release.version}")
        self.running[slot] = release
        self.call("started")

    def stop(self, slot: Slot) -> None:
        """Stop a slot."""
        self.call("stop")
        if slot in self.running:
            self.events.append(f"stop {slot}")
            del self.running[slot]
        self.call("stopped")

    def hold(self, release: Release) -> None:
        """Refuse what is broken."""
        self.call("hold")
        if release.version in self.broken:
            raise TargetError(f"The bundle of version {release.version} is gone.")

    def weigh(self, routing: Routing) -> None:
        """Share the requests."""
        self.call("weigh")
        self.routed = replace(routing, weights={slot: routing.weights.get(slot, 0) for slot in SLOTS})
        copied = "".join(f" copy {slot}" for slot in routing.mirrored)
        self.events.append(f"weigh {self.routed.weights['blue']}-{self.routed.weights['green']}{copied}")
        self.call("weighed")

    def routing(self) -> Routing:
        """Return how the requests are shared."""
        self.call("routing")
        return self.routed

    def door(self, slot: Slot) -> str:
        """Return an address that names what runs there."""
        self.call("door")
        return f"{self.url}/{self.running[slot].version}"

    def answers(self, slot: Slot) -> tuple[Recalled, ...]:
        """Return one answer for each request that was counted; some versions say no to all of them."""
        release = self.running.get(slot)
        if release is None:
            return ()
        word = "no" if release.version in self.contrary else "yes"
        told = (Told(number + 1, str(number), word) for number in range(int(self.exact[slot][0])))
        return (Recalled(f"{slot} {release.version}", self.remembered, tuple(told)),)

    def counters(self) -> dict[Slot, Counters]:
        """Return the counters; all answers are quick."""
        self.call("counters")
        if self.deaf:
            self.deaf -= 1
            raise TargetError("The router does not answer.")
        found = {slot: (int(requests), int(errors)) for slot, (requests, errors) in self.exact.items()}
        return {
            slot: Counters(n, bad, 0, dict.fromkeys(EDGES_MS, n), 0, {CLASS: {"no": n}})
            for slot, (n, bad) in found.items()
        }

    def guard(self, image: str) -> None:
        """Note who shall watch."""
        self.events.append(f"guard {image}")

    def load(self) -> str | None:
        """Return the state."""
        self.call("load")
        if self.silent:
            self.silent -= 1
            raise SilenceError("Nobody answers.")
        return self.state

    def save(self, state: str) -> None:
        """Keep the state."""
        self.call("save")
        if self.overtaken is not None:
            self.state, self.overtaken = self.overtaken, None
            raise TakenError("Another program has changed the state.")
        self.state = state
        self.call("saved")

    def close(self) -> None:
        """Do nothing."""

    def remove(self) -> None:
        """Forget everything."""
        self.running, self.state = {}, None

    def now(self) -> float:
        """Return the time on paper."""
        return self.clock

    def sleep(self, seconds: float) -> None:
        """Let time pass under traffic. Requests to a slot without a server fail, and are lost."""
        self.clock += seconds
        for slot, share in self.routed.weights.items():
            n = self.rate * seconds * share / 100
            release = self.running.get(slot)
            failing = self.error_share.get(release.version, 0.0) if release else 1.0
            self.exact[slot][0] += n
            self.exact[slot][1] += n * failing
            self.lost += 0 if release else n
        for slot, share in self.routed.mirrored.items():
            release = self.running.get(slot)
            n = self.rate * seconds * share / 100
            self.exact[slot][0] += n
            self.exact[slot][1] += n * (self.error_share.get(release.version, 0.0) if release else 1.0)


@dataclass
class Shelf:
    """A registry on paper."""

    first: Release | None = None
    promoted: list[tuple[Release, str]] = field(default_factory=list)

    def champion(self) -> Release | None:
        """Return what was promoted last."""
        return self.promoted[-1][0] if self.promoted else self.first

    def challenger(self) -> Release | None:
        """Return nothing."""

    def anchor(self) -> Release | None:
        """Return nothing."""

    def set_anchor(self, release: Release, why: str) -> None:
        """Do not move it."""
        raise NotImplementedError

    def register(self, bundle: Bundle, image: str | None = None) -> Release:
        """Do not register."""
        raise NotImplementedError

    def promote(self, release: Release, why: str) -> None:
        """Note a promotion."""
        self.promoted.append((release, why))

    def fetch(self, release: Release) -> Bundle:
        """Fetch nothing."""
        raise NotImplementedError
