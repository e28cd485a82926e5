"""Say how a rollout stands, or tell one that is under way what to do. The ledger records who did, and why.

  status    its story so far
  promote   all traffic to the candidate now, whatever is still unproven
  hold      stay at this weight; what is worse than stable still goes back
  resume    go on after a hold
  abort     all traffic back to the stable version

Examples:
  scripts/steer.py status
  scripts/steer.py hold --why "the sale begins at noon"
  GATEHOUSE_TARGET=docker scripts/steer.py abort --why "customers call"
"""

import argparse
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gatehouse import ledger, targets
from gatehouse import registry as registries
from gatehouse.canary import state as states
from gatehouse.canary.orders import Do, Order
from gatehouse.canary.state import State
from gatehouse.config import Config
from gatehouse.errors import EvidenceError
from gatehouse.registry import Registry
from gatehouse.stages import former, judgement, looking, rollout
from gatehouse.stages.controller import Controller
from gatehouse.targets import Target
from gatehouse.verdicts import Check, Decision, Verdict

STATUS = "status"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("order", choices=[STATUS, *Do], help="see above")
    parser.add_argument("--why", default="", help="why; it stands in the ledger, and in the rollout's story")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Do what the command line says. Raises EvidenceError where there is nothing to be told, or no reason is given."""
    with closing(targets.connect(config)) as target:
        if args.order == STATUS:
            return status(target)
        return run(config, Do(args.order), args.why, target, registries.connect(config))


def status(target: Target, say: Callable[[str], Any] = print) -> Verdict:
    """Say how the rollout on a target stands, how it came to that, and which versions could take over again."""
    state = read(target)
    for line in story(state):
        say(line)
    checks = [Check("rollout", Decision.PROMOTE, rollout.standing(state)), *former.judge(target, state)]
    return judgement.make("steer", checks, subject=rollout.subject(served(state).release))


def run(config: Config, do: Do, why: str, target: Target, registry: Registry | None = None) -> Verdict:
    """Have an order obeyed, with all that follows from it. Raises EvidenceError when it makes no sense now."""
    if not why.strip():
        raise EvidenceError(f"An order needs a reason: scripts/steer.py {do} --why 'why it must be'.")
    before = read(target)
    release = served(before).release
    controller = Controller(config, release, target, registry)
    order = Order(do, ledger.actor(), why.strip())
    controller.obey(order)
    ledger.append(
        Path(config.store.state),
        "order",
        why=order.why,
        order=str(do),
        phase=str(before.phase),
        release=release.to_dict(),
    )
    checks = [Check("order", Decision.PROMOTE, f"{order.by} says {do}. {rollout.standing(controller.state)}")]
    return judgement.make("steer", checks, subject=rollout.subject(release))


def read(target: Target) -> State:
    """Return a target's state. Raises EvidenceError when nothing was rolled out there."""
    state = looking.found(target)
    if state is None:
        raise EvidenceError("Nothing was rolled out here yet. Run scripts/rollout.py first.")
    return state


def served(state: State) -> states.Placed:
    """Return the candidate, or what serves where there is none. Raises EvidenceError when nothing does."""
    found = state.canary or state.stable
    if found is None:
        raise EvidenceError(f"No version serves here: the first rollout is {state.phase}.")
    return found


def story(state: State) -> list[str]:
    """Return the rollout's transitions, a line each, in UTC."""
    return [
        f"{datetime.fromtimestamp(one.at, UTC):%Y-%m-%d %H:%M:%S}  {one.phase:11} {one.weight:3d} %  {one.why}"
        for one in state.history
    ]
