import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from stages.paper_target import Killed, PaperTarget, Shelf

from gatehouse import config as settings
from gatehouse import ledger
from gatehouse.canary import lease as leases
from gatehouse.canary import orders
from gatehouse.canary import state as states
from gatehouse.canary.orders import Do, Order
from gatehouse.canary.routing import Routing
from gatehouse.canary.state import Phase, State
from gatehouse.config import Config
from gatehouse.errors import TargetError
from gatehouse.release import Release
from gatehouse.stages.controller import Controller
from gatehouse.stages.patience import PATIENCE

OLD, NEW, NEWER = (Release(f"1.{n}.0", str(n) * 64, "x") for n in range(3))
STEPS = {"steps": [10, 50, 100], "bake_seconds": 5.0, "step_budget_seconds": 60.0}
# As if errors came one by one.
SINGLE = {"bursts": 1.0}
# So that a program which is killed keeps the next one out for a second only.
LEASE = {"seconds": 1.0}
SECTIONS = {"steps": STEPS, "comparison": SINGLE, "lease": LEASE}


@dataclass
class Stage:
    """A target that serves the old version, a registry, and controllers that come and go."""

    config: Config
    target: PaperTarget = field(default_factory=PaperTarget)
    shelf: Shelf = field(default_factory=lambda: Shelf(OLD))

    def controller(self, candidate: Release = NEW) -> Controller:
        """Return a program that has just been started."""
        return Controller(self.config, candidate, self.target, self.shelf, self.target.now)

    def play(self, candidate: Release = NEW) -> Controller:
        """Run a program until the rollout is over, or it is killed."""
        controller = self.controller(candidate)
        controller.attach()
        while not controller.over:
            controller.tick()
            self.target.sleep(1.0)
        controller.release()
        return controller

    @property
    def state(self) -> State:
        """The state beside the traffic."""
        assert self.target.state is not None
        return states.from_json(self.target.state)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a stage on which the old version has all traffic, from slot blue."""
    stage = Stage(settings.parse({"store": {"state": str(tmp_path)}, **SECTIONS}))
    stage.play(OLD)
    stage.target.events.clear()
    stage.target.calls = 0
    return stage


def test_good_candidate_in_order(stage):
    """The candidate starts, climbs and becomes champion, and the old one runs on."""
    stage.play()
    climb = ["weigh 90-10", "weigh 50-50", "weigh 0-100"]
    assert stage.target.events == ["start green 1.1.0", *climb]
    assert stage.shelf.champion() == NEW
    assert stage.target.lost == 0


def test_bad_candidate_in_order(stage):
    """The traffic goes first, then the record is written, and the candidate stops last."""
    stage.target.error_share = {"1.1.0": 0.5}
    stage.play()
    assert stage.target.events == ["start green 1.1.0", "weigh 90-10", "weigh 100-0", "stop green"]
    (entry,) = [e for e in ledger.read(Path(stage.config.store.state)) if e["event"] == "rollback"]
    assert (entry["from"]["version"], entry["to"]["version"]) == ("1.1.0", "1.0.0")
    assert "errors in" in entry["why"]


def test_each_transition_is_told(stage):
    """The ledger has every line of the story once, with who, when, which version, and the evidence at that time."""
    stage.target.error_share = {"1.1.0": 0.5}
    stage.play()
    told = [entry for entry in ledger.read(Path(stage.config.store.state)) if entry["event"] == "rollout"]
    mine = [entry for entry in told if entry["release"]["version"] == "1.1.0"]
    assert [(entry["phase"], entry["weight"]) for entry in mine] == [
        ("starting", 0), ("baking", 10), ("rolled_back", 0),
    ]  # fmt: skip
    assert [entry["why"] for entry in mine] == [one.why for one in stage.state.history]
    assert mine[-1]["who"]
    assert mine[-1]["at"] > mine[0]["at"]
    assert any(said.startswith("errors beside stable: The canary has more errors") for said in mine[-1]["evidence"])


def test_week_of_bake(stage):
    """A bake of days is a matter of settings, and the clock alone decides its end."""
    steps = {**STEPS, "bake_seconds": "56h", "step_budget_seconds": "4d"}
    sections = {**SECTIONS, "steps": steps, "lease": {"unwatched_seconds": 7200.0}}
    stage.config = settings.parse({"store": {"state": stage.config.store.state}, **sections})
    began, controller = stage.target.clock, stage.controller()
    controller.attach()
    while not controller.state.over:
        controller.tick()
        stage.target.sleep(3600.0)
    assert controller.state.phase == Phase.PROMOTED
    assert stage.target.clock - began == pytest.approx(7 * 86400, abs=4 * 3600)


@pytest.mark.parametrize(("errors", "serving"), [(0.0, NEW), (0.5, OLD)])
def test_killed_anywhere_carries_on(tmp_path, errors, serving):
    """Killed before any call, the next program finishes the job: no request is lost and no weight comes back."""
    calls = 0
    while True:
        stage = Stage(settings.parse({"store": {"state": str(tmp_path / str(calls))}, **SECTIONS}))
        stage.play(OLD)
        stage.target.events.clear()
        stage.target.error_share = {"1.1.0": errors}
        stage.target.calls, stage.target.kill_at = 0, calls
        try:
            stage.play()
        except Killed:
            stage.target.kill_at = -1
            stage.target.sleep(0.5)
            stage.play()
        else:
            break
        calls += 1
        check_end(stage, serving)
    assert calls > 20


def check_end(stage: Stage, serving: Release) -> None:
    """Hold the end of a rollout against its laws."""
    assert stage.state.over
    slot = "green" if serving == NEW else "blue"
    assert stage.target.running == {"blue": OLD, **({"green": NEW} if serving == NEW else {})}
    assert stage.target.routed.weights == {each: 100 * (each == slot) for each in ("blue", "green")}
    assert stage.shelf.champion() == serving
    assert stage.target.lost == 0
    shares = [int(event.partition("-")[2]) for event in stage.target.events if event.startswith("weigh")]
    fall = shares.index(0) if 0 in shares else len(shares)
    assert shares[:fall] == sorted(shares[:fall])
    # A rollout that was rolled back may be tried again by whoever calls for it, from its first step.
    assert all(share in (0, 10) for share in shares[fall:])


def test_newer_candidate_supersedes(stage):
    """A rollout that was interrupted ends before that of a newer version begins."""
    controller = stage.controller()
    controller.attach()
    controller.tick()
    stage.play(NEWER)
    assert stage.target.events[:5] == [
        "start green 1.1.0", "weigh 90-10", "weigh 100-0", "stop green", "start green 1.2.0",
    ]  # fmt: skip
    assert stage.shelf.champion() == NEWER


def test_serving_candidate_is_left_alone(stage):
    """Rolling out what serves already does nothing."""
    controller = stage.play(OLD)
    assert controller.serves
    assert stage.target.events == []


def test_power_cut_is_mended(stage):
    """Servers that vanished while nobody looked are started again, and the rollout goes on."""
    controller = stage.controller()
    controller.attach()
    controller.tick()
    controller.release()
    stage.target.running.clear()
    stage.play()
    assert stage.target.events[2:4] == ["start blue 1.0.0", "start green 1.1.0"]
    assert stage.shelf.champion() == NEW


def test_replaced_version_is_warm_again(stage):
    """After a power cut the version that served before is started again, too; where it does not, nobody suffers."""
    stage.play()
    for broken, running in (((), {"blue": OLD, "green": NEW}), (("1.0.0",), {"green": NEW})):
        stage.target.running, stage.target.broken = {}, broken
        assert stage.play().serves
        assert stage.target.running == running


def test_one_deaf_look_is_survived(stage):
    """A look that failed by chance changes nothing."""
    stage.target.deaf = 0
    controller = stage.controller()
    controller.attach()
    controller.tick()
    stage.target.deaf = PATIENCE - 1
    for _ in range(PATIENCE):
        controller.tick()
    assert (controller.state.phase, controller.patience.failed) == (Phase.BAKING, 0)


def test_lost_router_is_an_error(stage):
    """Several looks that fail one after another end it: nobody may go on without evidence."""
    controller = stage.controller()
    controller.attach()
    controller.tick()
    stage.target.deaf = PATIENCE
    for _ in range(PATIENCE - 1):
        controller.tick()
    with pytest.raises(TargetError):
        controller.tick()


def test_rest_remembers_stable(stage):
    """Ticks between rollouts add up to what the next canary is held against; a router that is gone costs a window."""
    controller = stage.play(OLD)
    for minute in range(64):
        stage.target.deaf = int(minute == 30)
        controller.tick()
        stage.target.sleep(60.0)
    assert [window.requests for window in stage.state.watched.windows] == [6100, *[6000] * 60]
    controller.release()
    begun = stage.controller()
    begun.attach()
    begun.tick()
    assert begun.state.compared.dispersion["errors"] == 1.0


def test_moved_weight_is_set_again(stage):
    """Weights that somebody moved by hand are set as the state says."""
    controller = stage.controller()
    controller.attach()
    controller.tick()
    stage.target.routed = Routing({"blue": 20, "green": 80})
    controller.tick()
    assert stage.target.routed.weights == {"blue": 90, "green": 10}


@pytest.mark.parametrize("change", [{"mirrored": {"green": 20}}, {"tested": "blue"}, {"mirrored": {}}])
def test_copies_and_testers_are_set_again(stage, change):
    """Who carries on sends the copies and the testers where the state says; a router that does so is left alone."""
    controller = stage.controller()
    controller.attach()
    controller.tick()
    controller.release()
    stage.target.state = states.to_json(replace(stage.state, settled=False))
    told = stage.target.routed
    stage.target.routed = replace(told, **change)
    stage.target.events.clear()
    carries_on = stage.controller()
    carries_on.attach()
    carries_on.tick()
    assert stage.target.routed == told
    assert stage.target.events == ["weigh 90-10"] * (replace(told, **change) != told)


def test_canary_taken_away_stays_away(stage):
    """Somebody who sets the canary to 0 by hand has rolled it back."""
    controller = stage.controller()
    controller.attach()
    controller.tick()
    stage.target.routed = Routing({"blue": 100, "green": 0})
    controller.tick()
    assert controller.state.phase == Phase.ROLLED_BACK
    assert stage.target.running == {"blue": OLD}


def test_one_program_acts(stage):
    """While one program is at a rollout another one only watches it, to its end, and does not begin it again."""
    acting, watching = stage.controller(), stage.controller()
    acting.attach()
    watching.attach()
    before = list(stage.target.events)
    while not watching.over:
        watching.tick()
        assert stage.target.events == before
        acting.tick()
        before = list(stage.target.events)
        stage.target.sleep(0.5)
    assert watching.serves
    assert [event for event in before if event.startswith("start")] == ["start green 1.1.0"]


def test_watcher_ends_nothing(stage):
    """A program that is interrupted, or loses sight of the target, does not end what another one is at."""
    acting, watching = stage.controller(), stage.controller()
    acting.attach()
    acting.tick()
    watching.attach()
    watching.give_up("It was interrupted.")
    assert (stage.state.phase, stage.target.routed.weights) == (Phase.BAKING, {"blue": 90, "green": 10})


def test_next_candidate_waits_its_turn(stage):
    """A program with another candidate waits until the rollout that is under way has ended, and then begins its own."""
    acting, waiting = stage.controller(), stage.controller(NEWER)
    acting.attach()
    waiting.attach()
    while not waiting.over:
        acting.tick()
        if acting.over:
            acting.release()
        waiting.tick()
        stage.target.sleep(0.5)
    assert [moved[0] for moved in stage.shelf.promoted[-2:]] == [NEW, NEWER]


def test_long_start_is_one_programs(stage):
    """A start that takes longer than a lease stays with the program that is at it."""
    stage.config = replace(stage.config, lease=replace(stage.config.lease, seconds=0.6))
    acting, watching = stage.controller(), stage.controller()
    holders = set()

    def wait() -> None:
        for _ in range(20):
            time.sleep(0.1)
            stage.target.clock += 0.1
            watching.attach()
            holders.add(watching.state.lease.holder)

    stage.target.meanwhile = wait
    acting.attach()
    acting.tick()
    assert holders == {acting.me}
    assert stage.target.events == ["start green 1.1.0", "weigh 90-10"]


def test_taken_start_is_not_its_error(stage):
    """Where a person's order ends what a program is starting, that is no failure of the target: it only watches."""
    acting = stage.controller()
    acting.attach()
    aborted = orders.obey(stage.state, Order(Do.ABORT, "me", "no"), stage.target.clock)
    lease = leases.seized(aborted.lease, "other", stage.target.clock, 1.0)
    stage.target.broken = ("1.1.0",)

    def abort() -> None:
        stage.target.overtaken = states.to_json(replace(aborted, lease=lease))

    stage.target.meanwhile = abort
    acting.tick()
    assert (acting.state.phase, acting.state.lease.holder) == (Phase.ROLLED_BACK, "other")


def test_dead_program_is_followed(stage):
    """When the program that acted is gone, the one that watched goes on after the lease, not before."""
    dead, watching = stage.controller(), stage.controller()
    dead.attach()
    dead.tick()
    watching.attach()
    watching.tick()
    assert watching.state.lease.holder == dead.me
    stage.target.sleep(1.5)
    watching.tick()
    assert (watching.state.lease.holder, watching.state.lease.number) == (watching.me, dead.state.lease.number + 1)


def test_unwatched_canary_loses_its_traffic(stage):
    """Where nobody looked for too long, the traffic goes first, whatever the counters say, and the reason says so."""
    controller = stage.controller()
    controller.attach()
    controller.tick()
    stage.target.sleep(301.0)
    stage.target.events.clear()
    late = stage.play()
    assert stage.target.events[:2] == ["weigh 100-0", "stop green"]
    assert "Nobody watched the canary for 301 s, and 300 s are allowed." in [one.why for one in late.state.history]


@pytest.mark.parametrize(("jump", "serving"), [(-86400.0, NEW), (-30.0, NEW), (30.0, NEW), (86400.0, OLD)])
def test_clock_that_jumps(stage, jump, serving):
    """Set back, the step begins its time again; set ahead by a day, nobody watched for a day, and the traffic goes."""
    controller = stage.controller()
    controller.attach()
    controller.tick()
    stage.target.clock += jump
    while not controller.over:
        controller.tick()
        stage.target.sleep(1.0)
    assert stage.shelf.champion() == serving
    assert stage.target.running[max(stage.target.routed.weights, key=stage.target.routed.weights.get)] == serving
    assert sorted(stage.target.routed.weights.values()) == [0, 100]
    assert stage.target.lost == 0


def test_late_holder_is_refused(stage):
    """A program that was thought dead and wakes up changes nothing that the next one has decided."""
    dead = stage.controller()
    dead.attach()
    dead.tick()
    stage.target.sleep(2.0)
    stage.play()
    dead.tick()
    assert stage.shelf.champion() == NEW
    assert stage.target.routed.weights == {"blue": 0, "green": 100}


def shadowed(folder: Path, *chain: str) -> Stage:
    """Return a stage on which the old version has all traffic, and a candidate proves itself by these strategies."""
    rollout, shadow = {"strategy": list(chain)}, {"minimum_pairs": 50}
    stage = Stage(settings.parse({"store": {"state": str(folder)}, **SECTIONS, "rollout": rollout, "shadow": shadow}))
    stage.play(OLD)
    stage.target.events.clear()
    stage.target.calls = 0
    return stage


def test_shadow_before_canary_in_order(tmp_path):
    """A good candidate gets copies first, then the canary's weights, and no request is lost."""
    stage = shadowed(tmp_path, "shadow", "canary")
    controller = stage.play()
    climb = ["weigh 90-10", "weigh 50-50", "weigh 0-100"]
    assert stage.target.events[:5] == ["start green 1.1.0", "weigh 100-0 copy green", *climb]
    assert (stage.shelf.champion(), stage.target.lost) == (NEW, 0)
    counts = [point["requests"] for point in controller.timeline.points]
    assert counts == sorted(counts)
    assert counts[-1] == pytest.approx(stage.target.exact["green"][0], abs=200)


def test_contrary_shadow_in_order(tmp_path):
    """A candidate with swapped classes never serves: the copies end, then it stops, and the ledger says why."""
    stage = shadowed(tmp_path, "shadow", "canary")
    stage.target.contrary = ("1.1.0",)
    stage.play()
    assert stage.target.events == ["start green 1.1.0", "weigh 100-0 copy green", "weigh 100-0", "stop green"]
    (entry,) = [e for e in ledger.read(Path(stage.config.store.state)) if e["event"] == "rollback"]
    assert "requests otherwise than stable" in entry["why"]


def test_lone_shadow_is_held(tmp_path):
    """Where nothing follows the shadow it serves nobody, and the registry keeps its champion."""
    stage = shadowed(tmp_path, "shadow")
    controller = stage.play()
    assert (controller.state.phase, stage.shelf.champion()) == (Phase.HELD, OLD)
    assert controller.state.history[-1].why.startswith("The shadow passed, and served nobody")


def test_blue_green_in_order(tmp_path):
    """All traffic is switched at once, and back at once when a ceiling breaks."""
    for errors, events in ((0.0, ["weigh 0-100"]), (0.5, ["weigh 0-100", "weigh 100-0", "stop green"])):
        stage = shadowed(tmp_path / str(errors), "blue-green")
        stage.target.error_share = {"1.1.0": errors}
        stage.play()
        assert stage.target.events == ["start green 1.1.0", *events]


@pytest.mark.parametrize("chain", [("blue-green",), ("shadow", "canary"), ("shadow", "blue-green")])
@pytest.mark.parametrize(("errors", "serving"), [(0.0, NEW), (0.5, OLD)])
def test_killed_in_any_strategy_carries_on(tmp_path, chain, errors, serving):
    """Killed before any call, by whatever strategy, the next program finishes the job, and no copy is left."""
    calls, killed = 0, True
    while killed:
        stage = shadowed(tmp_path / str(calls), *chain)
        stage.target.error_share = {"1.1.0": errors}
        stage.target.kill_at, killed = calls, False
        try:
            stage.play()
        except Killed:
            killed, stage.target.kill_at = True, -1
            stage.target.sleep(0.5)
            stage.play()
        calls += 3
        assert (stage.state.stable.release, stage.target.lost) == (serving, 0)
        assert (stage.target.routed.mirrored, stage.target.routed.weights[stage.state.stable.slot]) == ({}, 100)
    assert calls > 20
