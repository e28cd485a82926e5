from collections.abc import Callable
from pathlib import Path

import pytest
from stages.paper_target import Shelf
from stages.test_controller import NEW, OLD, SECTIONS, Stage

from gatehouse import config as settings
from gatehouse import ledger
from gatehouse.canary import orders
from gatehouse.canary import state as states
from gatehouse.canary.orders import Do, Order
from gatehouse.canary.state import Phase
from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.stages import steer
from gatehouse.verdicts import Decision

WHY = "customers call"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a stage on which a rollout of the new version is baking at 10 %."""
    stage = Stage(settings.parse({"store": {"state": str(tmp_path)}, **SECTIONS}))
    stage.play(OLD)
    first = stage.controller()
    first.attach()
    first.tick()
    first.release()
    assert (stage.state.phase, stage.state.weight) == (Phase.BAKING, 10)
    return stage


@pytest.fixture
def tell(stage: Stage) -> Callable[[Do], Decision]:
    """Return what gives an order."""
    return lambda do: steer.run(stage.config, do, WHY, stage.target, stage.shelf).decision


def finished(stage: Stage) -> Phase:
    """Let a program that was under way go on until the rollout is over."""
    return stage.play().state.phase


def test_abort_takes_traffic_first(stage, tell):
    """The traffic goes back before anything is written down, the candidate is stopped, and the ledger knows who."""
    stage.target.events.clear()
    assert tell(Do.ABORT) == Decision.PROMOTE
    assert stage.target.events == ["weigh 100-0", "stop green"]
    assert stage.state.history[-1].why.endswith(f"says abort: {WHY}")
    entries = ledger.read(Path(stage.config.store.state))
    events = [entry["event"] for entry in entries if entry["event"] != "rollout"]
    assert events[-2:] == ["rollback", "order"]


def test_running_program_notices(stage, tell):
    """A program that is under way obeys what another one was told, and does not write over it."""
    running = stage.controller()
    running.attach()
    running.tick()
    tell(Do.ABORT)
    running.tick()
    assert running.state.phase == Phase.ROLLED_BACK
    assert not running.serves


def test_overtaken_program_writes_over_nothing(stage):
    """Where another program saves in the middle of a tick, its word holds: the next tick does what that says."""
    running = stage.controller()
    running.attach()
    ordered = orders.obey(stage.state, Order(Do.ABORT, "Ada", WHY), stage.target.now())
    stage.target.overtaken = states.to_json(ordered)
    running.tick()
    running.tick()
    assert (running.state.phase, stage.target.routed.weights["green"]) == (Phase.ROLLED_BACK, 0)
    assert stage.state.history[-1].why == f"Ada says abort: {WHY}"


def test_promote_moves_registry(stage, tell):
    """A promotion by order does all that one by evidence does: traffic, registry, and the old version runs on."""
    tell(Do.PROMOTE)
    assert stage.target.routed.weights == {"blue": 0, "green": 100}
    assert stage.shelf.champion() == NEW
    assert stage.state.previous is not None
    assert stage.target.running["blue"] == stage.state.previous.release == OLD


def test_hold_and_resume(stage, tell):
    """A held rollout does not climb however long it goes on; when it is let go, it does."""
    tell(Do.HOLD)
    running = stage.controller()
    running.attach()
    for _ in range(200):
        running.tick()
        stage.target.sleep(1.0)
    assert (stage.state.weight, stage.state.paused) == (10, True)
    tell(Do.RESUME)
    assert finished(stage) == Phase.PROMOTED


def test_status_tells_the_story(stage):
    """The status is one sentence, and a line for each transition."""
    said: list[str] = []
    verdict = steer.status(stage.target, said.append)
    assert verdict.why == "Version 1.1.0 is baking at 10 % beside version 1.0.0."
    assert [line.split("  ")[1].strip()[:8] for line in said][-2:] == ["starting", "baking"]
    finished(stage)
    assert steer.status(stage.target, said.append).why.startswith("The last rollout is over (promoted): version 1.1.0")


def test_senseless_orders_are_refused(stage, tell):
    """An order without a reason, about nothing, or about what is over is refused, and changes nothing."""
    with pytest.raises(EvidenceError, match="needs a reason"):
        steer.run(stage.config, Do.ABORT, " ", stage.target, stage.shelf)
    finished(stage)
    before = stage.target.state
    with pytest.raises(EvidenceError, match="the rollout is over"):
        tell(Do.ABORT)
    assert stage.target.state == before
    with pytest.raises(EvidenceError, match="Nothing was rolled out here"):
        steer.status(Stage(stage.config, shelf=Shelf()).target)


def test_no_target_has_no_rollout(tmp_path):
    """Where nothing serves there is nothing to steer."""
    config = settings.parse({"store": {"state": str(tmp_path)}, "rollout": {"target": "none"}})
    with pytest.raises(ConfigError, match="no place to roll out to"):
        steer.main(config, None)
