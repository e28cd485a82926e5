from dataclasses import replace

from stages.paper_target import PaperTarget

from gatehouse.canary import machine
from gatehouse.canary.routing import Routing
from gatehouse.canary.state import Phase, settle
from gatehouse.canary.strategy import Strategy
from gatehouse.config import Config, parse
from gatehouse.release import Release
from gatehouse.stages import looking
from gatehouse.verdicts import Decision

OLD, NEW = (Release(f"1.{n}.0", str(n) * 64, "x") for n in range(2))


def test_rules_are_those_of_the_phase():
    """A shadow is judged by its answers beside stable's, a canary by its counts; both at the clock's time."""
    target, config = (
        PaperTarget(running={"blue": OLD, "green": NEW}, exact={"blue": [90, 0], "green": [40, 0]}),
        Config(),
    )
    stable = settle(machine.started(settle(machine.begin(None, OLD, 0.0)), {}, 0.0, config.steps, config.comparison))
    for strategy, name in (Strategy.SHADOW, "shadow agreement"), (Strategy.CANARY, "traffic split"):
        began = settle(machine.begin(stable, NEW, 0.0, strategies=(strategy,), share=20))
        state = machine.started(began, {}, 0.0, config.steps, config.comparison)
        after = looking.judged(state, target, target.now, config)
        assert name in {check.name for check in after.checks}
        assert after.looked_at == target.clock
    assert looking.judged(stable, target, target.now, config) == stable
    assert stable.phase == Phase.PROMOTED


def test_sticky_clients_are_not_blamed():
    """A canary that keeps fewer clients than its weight says is no error of the router, if clients stay."""
    decisions = []
    for sticky in (False, True):
        config = parse({"rollout": {"sticky": sticky}})
        target = PaperTarget(running={"blue": OLD, "green": NEW}, routed=Routing({"blue": 50, "green": 50}))
        rules = replace(config.steps, steps=(50, 100)), config.comparison
        stable = settle(machine.started(settle(machine.begin(None, OLD, 0.0)), {}, 0.0, *rules))
        state = settle(machine.started(settle(machine.begin(stable, NEW, 0.0)), {}, 0.0, *rules))
        for requests in range(0, 4000, 500):
            target.exact = {"blue": [4.0 * requests, 0.0], "green": [float(requests), 0.0]}
            target.clock += 20
            state = settle(looking.judged(state, target, target.now, config))
        decisions.append(next(check.decision for check in state.checks if check.name == "traffic split"))
    assert decisions == [Decision.ERROR, Decision.PROMOTE]
