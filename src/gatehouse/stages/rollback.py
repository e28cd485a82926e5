"""Take all traffic back to a version that served before; the registry's champion follows. It waits for nobody.

A rollout that is under way is aborted, and that is all. Else the version that served before must answer a prediction,
without traffic, as its bundle does; then it gets all traffic at once. Killed half-way, run it again: where the traffic
has moved already, whoever looks at the rollout next does the rest. Without a target, the champion alone moves.

Examples:
  scripts/rollback.py --why "customers call"
  scripts/rollback.py --why "both of the last two are wrong" --to 1.4.0
  GATEHOUSE_TARGET=docker scripts/rollback.py --why "customers call"
"""

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from gatehouse import ledger, targets
from gatehouse import registry as registries
from gatehouse.bundle import Bundle
from gatehouse.canary import earlier
from gatehouse.canary.orders import Do
from gatehouse.canary.state import FINAL, Phase, State
from gatehouse.config import Config
from gatehouse.errors import EvidenceError, GatehouseError, TargetError
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.serving import page
from gatehouse.stages import champions, judgement, requesting, rollout, scoring, steer
from gatehouse.stages.controller import Controller
from gatehouse.targets import Target
from gatehouse.verdicts import Check, Decision, Verdict

# Judges what a release answers at an address.
Ask = Callable[[str, Release], Sequence[Check]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--why", required=True, help="why; it stands in the ledger, and in the rollout's story")
    parser.add_argument(
        "--to", metavar="VERSION", help="the version to go back to (default: the one that served before)"
    )


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Roll back as the command line says. Raises EvidenceError where there is nothing to go back to."""
    registry, version = registries.connect(config), args.to or None
    if config.rollout.target == "none":
        return rename(Path(config.store.state), args.why, registry, version)
    with closing(targets.connect(config)) as target:
        return run(config, args.why, target, registry, version, answering(config, registry))


def run(
    config: Config,
    why: str,
    target: Target,
    registry: Registry | None,
    version: str | None,
    ask: Ask,
    *,
    say: Callable[[str], Any] = print,
    now: Callable[[], float] = time.time,
) -> Verdict:
    """Take the traffic back to a version, by default the one that served before, and tell the registry.

    Raises EvidenceError or TargetError, with the traffic untouched, when there is no such version, or it does not start
    or answers wrongly; and with the traffic moved, saying so, when what follows from that failed.
    """
    check_reason(why)
    state = steer.read(target)
    if earlier.under_way(state):
        serving = state.stable.release.version if state.stable else None
        release = earlier.choose(state, version) if version not in (None, serving) else None
        stop(config, why, target, registry, state)
    else:
        release = earlier.choose(state, version)
    checks: Sequence[Check] = ()
    if release is not None:
        controller = Controller(config, release, target, registry, now)
        if not earlier.waits(steer.read(target), release):
            # What a guardian promoted is written down before its slot is needed; where it cannot be, that may wait.
            with suppress(GatehouseError):
                finish(controller)
        checks = prepare(controller, release, ask)
        give(controller, release, f"{ledger.actor()} says rollback: {why.strip()}")
    return told(steer.read(target), checks, say)


def check_reason(why: str) -> None:
    """Raise EvidenceError where no reason is given."""
    if not why.strip():
        raise EvidenceError("A rollback needs a reason: scripts/rollback.py --why 'why it must be'.")


def rename(state: Path, why: str, registry: Registry, version: str | None) -> Verdict:
    """Make an earlier version the champion again, where there is no traffic to move; it must answer before.

    Raises EvidenceError, with the champion untouched, when there is none, or it cannot be loaded.
    """
    check_reason(why)
    champion = registry.champion()
    release = champions.choose(champions.served(state), champion, version)
    scoring.by_own_runtime(registry, release, examples(registry.fetch(release)))
    registry.promote(release, f"Rolled back. {why.strip()}")
    moved = {"from": champion.to_dict() if champion else None, "to": release.to_dict()}
    ledger.append(state, "rollback", why=why.strip(), phase=str(Phase.ROLLED_BACK), **moved)
    done = Check("rollback", Decision.PROMOTE, f"Version {release.version} is the champion again. {why.strip()}")
    details = {"release": release.to_dict(), "outputs": {"version": release.version}}
    return judgement.make("rollback", [done], subject=rollout.subject(release), details=details)


def stop(config: Config, why: str, target: Target, registry: Registry | None, state: State) -> None:
    """Abort the rollout that is under way, or finish its end."""
    if state.phase not in FINAL:
        steer.run(config, Do.ABORT, why, target, registry)
    else:
        finish(Controller(config, steer.served(state).release, target, registry))


def finish(controller: Controller) -> None:
    """Do what follows from how a rollout ended, and was not done yet."""
    controller.insist(lambda found: found)
    follow(controller)


def prepare(controller: Controller, release: Release, ask: Ask) -> Sequence[Check]:
    """Start a release without traffic, where it does not run already, and return the checks of what it answered.

    Raises TargetError, with the traffic untouched, when it does not start or does not answer as it should.
    """
    try:
        controller.insist(lambda state: earlier.waiting(state, release))
        placed = earlier.settled(controller.state).previous
        assert placed is not None  # noqa: S101 - it has just been put there
        controller.target.start(placed.slot, release)
        checks = ask(controller.target.door(placed.slot), release)
        if wrong := next((check for check in checks if check.decision != Decision.PROMOTE), None):
            raise TargetError(wrong.why)
    except GatehouseError as error:
        give_up(controller)
        raise TargetError(
            f"Version {release.version} cannot take over, and the traffic was not touched. {error} "
            "Another version is chosen with --to; scripts/steer.py status names them."
        ) from error
    return checks


def give_up(controller: Controller) -> None:
    """Stop a release that cannot take over, as far as the target obeys."""
    waits = controller.state.previous
    with suppress(GatehouseError):
        if waits is not None and controller.state.over:
            controller.insist(lambda state: replace(state, previous=None))
            controller.target.stop(waits.slot)
        controller.release()


def give(controller: Controller, release: Release, why: str) -> None:
    """Give all traffic to a release that waits, and do what follows from that."""
    controller.insist(lambda state: earlier.returned(state, release, why, controller.now()))
    follow(controller)


def follow(controller: Controller) -> None:
    """Tell the registry and the ledger of traffic that was moved. Raises EvidenceError when one did not obey."""
    try:
        controller.apply()
    except GatehouseError as error:
        raise EvidenceError(
            f"The traffic has moved: {rollout.standing(controller.state)} But what follows is not done: {error} "
            "Run it again; where a guardian watches, it goes on by itself."
        ) from error
    finally:
        controller.release()


def answering(config: Config, registry: Registry) -> Ask:
    """Return what asks a server for predictions, and holds them against what the release's own runtime says."""

    def ask(url: str, release: Release) -> Sequence[Check]:
        bundle = registry.fetch(release)
        rows = examples(bundle)
        expected = scoring.by_own_runtime(registry, release, rows)
        return requesting.judge(url, bundle, rows, expected, config.parity)

    return ask


def examples(bundle: Bundle) -> pd.DataFrame:
    """Return rows made of a bundle's own profile, which can be had when no data can."""
    return pd.DataFrame([page.example(bundle, *where) for where in page.EXAMPLES.values()])


def told(state: State, checks: Sequence[Check], say: Callable[[str], Any]) -> Verdict:
    """Say how the rollout stands now, and return it as a verdict."""
    for line in steer.story(state):
        say(line)
    done = Check("rollback", Decision.PROMOTE, f"{rollout.standing(state)} {state.history[-1].why}")
    serves = state.stable.release if state.stable else None
    details = {"release": serves.to_dict(), "outputs": {"version": serves.version}} if serves else {}
    about = rollout.subject(serves) if serves else None
    return judgement.make("rollback", [done, *checks], subject=about, details=details)
