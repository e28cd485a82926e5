"""Makes a target do what the rollout's machine says, one tick after another.

Every tick takes the state, reads what the router does and has counted, decides, writes its intent, applies it, reads
it back, and commits. Killed between any two of these, the next one carries on. When traffic is to be taken away, that
comes first, and the record second.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from gatehouse.canary import actions, earlier, machine, orders, routing
from gatehouse.canary import lease as leases
from gatehouse.canary import state as states
from gatehouse.canary.actions import Action, Promote, Start, Stop, Weigh
from gatehouse.canary.orders import Order
from gatehouse.canary.state import Phase, State
from gatehouse.config import Config
from gatehouse.errors import GatehouseError, SilenceError, TakenError, TargetError
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.stages import looking, telling
from gatehouse.stages.patience import PATIENCE, Patience
from gatehouse.stages.rescoring import Rescorer
from gatehouse.stages.timeline import Timeline
from gatehouse.targets import Target, heartbeat

# Within a lease: one that is late or fails costs nobody the lease.
BEATS = 3


@dataclass
class Controller:
    """Rolls `candidate` out, or without one carries on with whatever is under way.

    `now` returns seconds since the epoch. `expected` is the PSI between the
    candidate's predictions and the champion's on the newest rows, by output, as its gate found. Who does not keep
    `records`, a guardian, moves traffic only: the registry and the ledger are told by the next program that does.
    """

    config: Config
    candidate: Release | None
    target: Target
    registry: Registry | None = None
    now: Callable[[], float] = time.time
    expected: Mapping[str, float] = field(default_factory=dict)
    state: State = field(default_factory=lambda: State(Phase.HELD, settled=True))
    timeline: Timeline = field(default_factory=Timeline)
    patience: Patience = field(default_factory=Patience)
    records: bool = True
    me: str = field(default_factory=lambda: uuid.uuid4().hex)
    # Whether the candidate's rollout has begun, and whether this program has seen to it that the world is as it says.
    begun: bool = False
    resumed: bool = False
    rescorer: Rescorer = field(default_factory=Rescorer)

    @property
    def serves(self) -> bool:
        """Tell whether the candidate has all traffic, and everything that follows from it is done."""
        return self.state.over and self.state.stable is not None and self.state.stable.release == self.candidate

    @property
    def over(self) -> bool:
        """Tell whether the candidate's rollout has ended, whoever did it."""
        return self.state.over and (self.begun or self.candidate is None)

    def attach(self) -> None:
        """Begin the rollout, or carry on with it where it was interrupted, unless another program is at one.

        Raises TargetError and EvidenceError.
        """
        self._reload()
        with suppress(TakenError):
            if self._leads():
                self._resume()
        self.timeline.add(self.state, self.now())

    def tick(self) -> None:
        """Finish what was intended; then look, decide, and do what follows. Between rollouts, look at stable alone.

        While another program is at the rollout, this one only watches. Where one has changed the state meanwhile, what
        it says holds, and this tick is over. Raises TargetError when the target does not obey, or when several looks
        failed one after another.
        """
        try:
            if self._attends():
                self._act()
        except TakenError:
            self._reload()
        self.timeline.add(self.state, self.now())

    def release(self) -> None:
        """Let another program go on at once, where this one may act."""
        if self.state.lease.holder == self.me:
            with suppress(GatehouseError, OSError):
                self._keep(replace(self.state, lease=replace(self.state.lease, until=0.0)))

    def _attends(self) -> bool:
        """Read the state and take the lease; False while another program has it, or where nobody answered by chance."""
        try:
            self._reload()
            return self._leads()
        except SilenceError as error:
            self.patience.bear(error)
            return False

    def _leads(self) -> bool:
        """Take the lease, or say that this program is alive; False while another one has it, or nothing is there."""
        canary = self.state.canary
        if self.candidate is None and canary is None and self.state.stable is None:
            return False
        self.begun = self.begun or (canary is not None and canary.release == self.candidate)
        return self._renew()

    def _renew(self) -> bool:
        """Take the lease, or have it for longer; False while another program has it."""
        lease = leases.taken(self.state.lease, self.me, self.now(), self.config.lease.seconds)
        if lease is not None:
            self._keep(replace(self.state, lease=lease))
        return lease is not None

    def _alive(self) -> AbstractContextManager[None]:
        """Go on having the lease while something is done that may take long, such as a start."""
        return heartbeat.beating(self._renew, self.config.lease.seconds / BEATS)

    def _resume(self) -> None:
        """Bring the world to where the state says that it is; a rollout of another version is brought to its end."""
        self._wake()
        new = self.candidate if self.state.canary is None or self.state.canary.release != self.candidate else None
        if self.state.canary is not None and new is not None:
            self._keep(machine.abandon(self.state, f"Version {new.version} came after it.", self.now()))
        with self._alive():
            for placed in actions.serving(self.state):
                # What only waits for a rollback keeps nobody's traffic up.
                with suppress(TargetError) if placed == self.state.previous else nullcontext():
                    self.target.start(placed.slot, placed.release)
        if new is not None:
            self.apply()
            if self.records:
                telling.missed(self.state, self._folder, self.registry)
            self._begin(new)
        self.resumed, self.begun, self.patience = True, True, Patience()

    def _wake(self) -> None:
        """Take the traffic from a canary that nobody watched, before all else."""
        weight = self.state.weight
        self.state = machine.unwatched(self.state, self.now(), self.config.lease.unwatched_seconds)
        if self.state.weight < weight:
            self._weigh()
            self._keep(self.state)
        self._notice()

    def _notice(self) -> None:
        """Carry on with a rollback that moved the traffic and wrote nothing down."""
        if not self.state.over or self.state.previous is None:
            return
        try:
            noticed = earlier.noticed(self.state, self.target.routing().weights, self.now())
        except TargetError:
            return
        if noticed != self.state:
            self._keep(noticed)

    def _act(self) -> None:
        if not self.resumed and not self.over:
            self._resume()
        self._wake()
        self.apply()
        if self.state.over:
            self._rest()
            self.resumed = False
        elif self._look():
            self.apply()

    def obey(self, order: Order) -> None:
        """Do what a person says, and all that follows from it. Raises EvidenceError when it makes no sense now."""
        self.insist(lambda state: orders.obey(state, order, self.now()))
        self.apply()
        self.release()

    def insist(self, change: Callable[[State], State]) -> None:
        """Take the lease and change the state, whoever else is at it; what takes traffic away does so before all else.

        What another program saves meanwhile is read, and the change made to that. `apply` and `release` come after it.
        """
        for left in reversed(range(PATIENCE)):
            self._reload()
            before, self.state = routing.of(self.state).weights, change(self.state)
            lease = leases.seized(self.state.lease, self.me, self.now(), self.config.lease.seconds)
            self.state = replace(self.state, lease=lease)
            canary = self.state.canary
            if canary is not None and routing.of(self.state).weights[canary.slot] < before[canary.slot]:
                self._weigh()
            try:
                self._keep(self.state)
            except TakenError:
                if not left:
                    raise
            else:
                return

    def give_up(self, why: str) -> None:
        """End the rollout with all traffic on the stable version, as far as the target still obeys.

        One that another program is at is not this one's to end.
        """
        if self.state.over or self.state.lease.holder != self.me:
            return
        self.state = machine.abandon(self.state, why, self.now())
        for step in (self._weigh, lambda: self._keep(self.state), self.apply, self.release):
            with suppress(GatehouseError, OSError):
                step()
        self.timeline.add(self.state, self.now())

    def apply(self) -> None:
        """Do what the state needs until it needs nothing more."""
        while not self.state.settled:
            with self._alive():
                for action in actions.needed(self.state):
                    self._do(action)
            if self.state.phase == Phase.STARTING:
                counters, rules = self.target.counters(), self.config
                self._keep(machine.started(self.state, counters, self.now(), rules.steps, rules.comparison))
            elif self.state.phase in states.FINAL and not self.records:
                return
            else:
                telling.ended(self.state, self._folder)
                self._keep(states.settle(self._told(), self.config.rollout.keep_versions))
                self._hold()

    def _hold(self) -> None:
        """Have the target keep what it takes to go back; what is missing is said by scripts/steer.py status."""
        with self._alive():
            for release in self.state.former if self.state.over else ():
                with suppress(TargetError):
                    self.target.hold(release)

    def _reload(self) -> None:
        """Read what stands beside the traffic: another program may have obeyed an order since the last look."""
        self.state = looking.found(self.target) or self.state

    def _begin(self, candidate: Release) -> None:
        if not self.serves:
            chain, share = self.config.rollout.strategy, self.config.shadow.share
            self._keep(machine.begin(self.state, candidate, self.now(), self.expected, chain, share))
        elif self.target.routing() != routing.of(self.state):
            self._weigh()

    def _look(self) -> bool:
        """Look at the router and decide; False when it could not be looked at."""
        weight = self.state.weight
        try:
            state = self.rescorer.look(self.state, self.config, self.registry)
            state = looking.judged(state, self.target, self.now, self.config)
        except TargetError as error:
            self.patience.bear(error)
            return False
        self.patience = Patience()
        self.state = state
        if self.state.weight < weight:
            self._weigh()
        self._keep(self._told())
        return True

    def _rest(self) -> None:
        """Remember a window of stable's traffic; a router that does not answer costs one, and nobody's request."""
        with suppress(TargetError):
            state = machine.rest(self.state, self.target.counters(), self.now(), self.config.comparison)
            if state != self.state:
                self._keep(state)

    def _do(self, action: Action) -> None:
        match action:
            case Start():
                self.target.start(action.slot, action.release)
            case Weigh():
                if self.target.routing() != action.routing:
                    self._weigh()
            case Promote():
                telling.promoted(self.state, action.release, self.registry)
            case Stop():
                self.target.stop(action.slot)

    def _weigh(self) -> None:
        self.target.weigh(routing.of(self.state))

    def _keep(self, state: State) -> None:
        self.state = state
        self.target.save(states.to_json(state))

    def _told(self) -> State:
        """Write what is new in the rollout's story to the ledger, where this program keeps the records."""
        return telling.told(self.state, self._folder) if self.records else self.state

    @property
    def _folder(self) -> Path:
        return Path(self.config.store.state)
