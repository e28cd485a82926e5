from stages.paper_target import PaperTarget

from gatehouse.canary import machine
from gatehouse.canary.state import Phase, settle
from gatehouse.canary.strategy import Strategy
from gatehouse.config import Config
from gatehouse.release import Release
from gatehouse.stages import looking

OLD, NEW = (Release(f"1.{n}.0", str(n) * 64, "x") for n in range(2))


def test_rules_are_those_of_the_phase():
    """A shadow is judged by its answers beside stable's, a canary by its counts; both at the clock's time."""
    target, config = (
        PaperTarget(running={"blue": OLD, "green": NEW}, exact={"blue": [90, 0], "green": [40, 0]}),
        Config(),
    )
    stable = settle(machine.started(settle(machine.begin(None, OLD, 0.0)), {}, 0.0, config.steps))
    for strategy, name in (Strategy.SHADOW, "shadow agreement"), (Strategy.CANARY, "traffic split"):
        began = settle(machine.begin(stable, NEW, 0.0, strategies=(strategy,), share=20))
        state = machine.started(began, {}, 0.0, config.steps)
        after = looking.judged(state, target, target.now, config)
        assert name in {check.name for check in after.checks}
        assert after.looked_at == target.clock
    assert looking.judged(stable, target, target.now, config) == stable
    assert stable.phase == Phase.PROMOTED


def test_copies_are_part_of_what_is_told():
    """The right weights with copies that nobody asked for are not what the router was told."""
    target = PaperTarget(shares={"blue": 100, "green": 0}, copies={"green": 20})
    assert looking.as_told(target, {"blue": 100, "green": 0}, {"green": 20})
    assert not looking.as_told(target, {"blue": 100, "green": 0}, {})
