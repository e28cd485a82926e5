"""Roll the challenger out: a little of the traffic first, more as it proves itself, and back as soon as it fails.

With a guardian ([rollout] guardian) the target watches its canary itself, and this program may leave.

Examples:
  scripts/rollout.py                    the challenger, judged by build/verdicts/gate.json
  scripts/rollout.py --minutes 50       leave after so long; the verdict is `hold` while the guardian goes on
  scripts/rollout.py --attach           carry on with what is under way, and say how it ends
  GATEHOUSE_TARGET=docker scripts/rollout.py --verdict gate.json
  scripts/rollout.py --down             stop and remove everything that it started
"""

import argparse
import math
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from gatehouse import registry as registries
from gatehouse import targets
from gatehouse.canary import comparison
from gatehouse.canary.state import Phase, State
from gatehouse.config import Config, Rollout
from gatehouse.errors import EvidenceError, GatehouseError, TakenError
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.stages import evidence, judgement, looking, telling
from gatehouse.stages.controller import Controller
from gatehouse.targets import Target
from gatehouse.verdicts import Check, Decision, Subject, Verdict

# A bake takes hours: a line when something changes, and now and then a sign of life.
SILENT_SECONDS = 10.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--verdict", type=Path, default=Path("build/verdicts/gate.json"), help="its gate's verdict")
    parser.add_argument("--attach", action="store_true", help="begin nothing: watch what is under way to its end")
    parser.add_argument("--minutes", type=float, default=math.inf, help="to watch at most (default: to the end)")
    parser.add_argument("--down", action="store_true", help="stop and remove everything on the target")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Roll out the registry's challenger. Raises EvidenceError unless its own gate let it through, and staging."""
    if args.down:
        return remove(config)
    registry = registries.connect(config)
    if args.attach:
        return attach(config, registry, args.minutes)
    candidate = registry.challenger()
    if candidate is None:
        raise EvidenceError("The registry has no challenger to roll out. Run register first.")
    gate = evidence.require(args.verdict, "gate", Subject(bundle=candidate.bundle), Path(config.store.state))
    if config.rollout.target == "none":
        return promote_at_once(candidate, registry)
    with closing(targets.connect(config)) as target:
        if staged(config) and not begun(target, candidate):
            tested = Subject(bundle=candidate.bundle, image_digest=subject(candidate).image_digest)
            evidence.require(args.verdict.with_name("staging.json"), "staging", tested, Path(config.store.state))
        return run(config, candidate, target=target, registry=registry, expected=expected(gate), minutes=args.minutes)


def staged(config: Config) -> bool:
    """Tell whether a release must have run in staging: `auto` where staging is made at once, or is said to be there."""
    settings = config.rollout
    there = config.kubernetes.staging_url if settings.target == "kubernetes" else settings.target != "none"
    return settings.staging == "on" or (settings.staging == "auto" and bool(there))


def begun(target: Target, candidate: Release) -> bool:
    """Tell whether a release is on the target already: it serves, or its rollout is under way."""
    state = looking.found(target)
    return state is not None and any(placed and placed.release == candidate for placed in (state.canary, state.stable))


def attach(config: Config, registry: Registry, minutes: float) -> Verdict:
    """Watch what is under way on the target, and tell the registry and the ledger how it ended."""
    if config.rollout.target == "none":
        return nothing("There is no target ([rollout] target = 'none').")
    with closing(targets.connect(config)) as target:
        state = looking.found(target)
        if state is None or state.canary is None:
            if state is not None:
                telling.missed(state, Path(config.store.state), registry)
            return nothing("No rollout is under way.")
        if state.lease.until > time.time():
            # Somebody is at it, by settings that may not be these: nothing is put in that one's place.
            config = replace(config, rollout=replace(config.rollout, guardian=""))
        return run(config, state.canary.release, target=target, registry=registry, minutes=minutes)


def nothing(why: str) -> Verdict:
    """Return the verdict where there is nothing to watch."""
    return judgement.make("rollout", [Check("rollout", Decision.PROMOTE, why)])


def run(
    config: Config,
    candidate: Release,
    *,
    target: Target,
    registry: Registry | None = None,
    expected: Mapping[str, float] | None = None,
    say: Callable[[str], Any] = print,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], Any] = time.sleep,
    minutes: float = math.inf,
) -> Verdict:
    """Roll a release out, and return how it ended, or stands after so many minutes, with the timeline in the details.

    An error on the way puts all traffic back on the stable version and becomes a verdict of `error`; so does Ctrl-C,
    which is raised again, or a terminal that is gone, unless a guardian goes on. Called again after it was killed, it
    carries on. `expected` is as the function of that name returns it; without it nobody knows how much the predictions
    of the two may differ.
    """
    controller = Controller(config, candidate, target, registry, now, expected or {})
    try:
        if config.rollout.guardian:
            # Before there is a canary, so that none is ever alone.
            target.guard(config.rollout.guardian)
        controller.attach()
        _follow(controller, config.rollout, say, now, sleep, now() + 60 * minutes)
    except TakenError as error:
        # It is another program's now: to take the traffic back would work against that one.
        return verdict(controller, candidate, str(error))
    except (GatehouseError, OSError) as error:  # a full disk: what cannot be recorded must not go on
        controller.give_up(str(error))
        return verdict(controller, candidate, str(error))
    except BaseException as error:
        if config.rollout.guardian:
            controller.release()
        else:
            controller.give_up(f"It was interrupted ({type(error).__name__}).")
        raise
    controller.release()
    return verdict(controller, candidate)


def _follow(
    controller: Controller,
    settings: Rollout,
    say: Callable[[str], Any],
    now: Callable[[], float],
    sleep: Callable[[float], Any],
    end: float,
) -> None:
    """Take a rollout on until it is over, or the time has come to its end, and say where it stands."""
    said, spoken = None, now()
    # What starts a server is this program's own: a guardian has no password of the registry.
    while not controller.over and (now() < end or controller.state.phase == Phase.STARTING):
        controller.tick()
        stands = (controller.state.phase, controller.state.weight)
        if stands != said or now() - spoken >= SILENT_SECONDS:
            try:
                say(progress(controller))
            except OSError:
                # Who should hear it is gone, as of a workflow that was killed; a guardian goes on.
                if not settings.guardian:
                    raise
                return
            said, spoken = stands, now()
        if settings.guardian:
            controller.release()
        if not controller.over:
            sleep(settings.poll_seconds)


def expected(gate: Verdict) -> dict[str, float]:
    """Return the PSI between candidate and champion on the newest rows, by output, out of the gate's verdict."""
    return dict(gate.details.get("predictions") or {})


def progress(controller: Controller) -> str:
    """Return one line on where a rollout stands."""
    state, point = controller.state, controller.timeline.points[-1]
    p95 = "" if point["p95_ms"] is None else f", p95 {point['p95_ms']:.0f} ms"
    seen = f"{point['requests']} requests to the canary, {point['errors']} errors{p95}"
    unsettled = [check for check in state.checks if check.decision != Decision.PROMOTE]
    # What the step waits for comes before what is only worth knowing.
    missing = next((check.why for check in sorted(unsettled, key=lambda check: check.advisory)), "")
    why = state.history[-1].why if state.over and state.history else missing
    return f"{point['t']:6.1f} s  {state.phase:11} {state.weight:3d} %  {seen}. {why}".rstrip()


def standing(state: State) -> str:
    """Return one sentence on where a rollout stands."""
    stable = f"version {state.stable.release.version}" if state.stable else "no version"
    if state.canary is None:
        return f"The last rollout is over ({state.phase}): {stable} has all traffic."
    waits = ", and waits for a person" if state.paused else ""
    return f"Version {state.canary.release.version} is {state.phase} at {state.weight} % beside {stable}{waits}."


def verdict(controller: Controller, candidate: Release, error: str = "") -> Verdict:
    """Return the verdict of a rollout that is over, or that an error ended."""
    state, points, limits = controller.state, controller.timeline.points, controller.config.canary
    details = {
        "timeline": points,
        "limits": {
            "error_rate": limits.error_rate,
            "latency_p95_ms": limits.latency_p95_ms,
            "odds_worse": comparison.needed_odds(controller.config.comparison),
        },
        "history": [asdict(transition) for transition in state.history],
        "release": candidate.to_dict(),
    }
    # Where the candidate served before, the last checks are those of another one, which failed.
    own = state.checks if state.phase == Phase.PROMOTED or not controller.serves else ()
    checks = [outcome(controller, candidate.version, error), *own]
    return judgement.make("rollout", checks, subject=subject(candidate), details=details)


def outcome(controller: Controller, version: str, error: str) -> Check:
    """Return the check that says how a rollout ended, or where it stands."""
    state = controller.state
    n = controller.timeline.points[-1]["requests"] if controller.timeline.points else None
    if error:
        return Check("rollout", Decision.ERROR, error, n=n)
    why = state.history[-1].why if state.history else ""
    if controller.serves:
        reason = why if state.phase == Phase.PROMOTED else "It did so before."
        return Check("rollout", Decision.PROMOTE, f"Version {version} has all traffic. {reason}".rstrip(), n=n)
    if not controller.over:
        watch, wait = (
            "It goes on: scripts/rollout.py --attach watches it.",
            f"{version} waits, and has not begun: try again.",
        )
        return Check("rollout", Decision.HOLD, f"{standing(state)} {watch if controller.begun else wait}", n=n)
    decision = Decision.HOLD if state.phase == Phase.HELD else Decision.REJECT
    return Check("rollout", decision, f"Version {version} serves nobody. {why}", n=n)


def subject(release: Release) -> Subject:
    """Return what a rollout's verdict is about."""
    digest = release.location.partition("@")[2] or None
    return Subject(judgement.commit(), bundle=release.bundle, model_version=release.version, image_digest=digest)


def promote_at_once(candidate: Release, registry: Registry) -> Verdict:
    """Make the challenger champion where there is no traffic to try it on."""
    why = "There is no target ([rollout] target = 'none'), so what its gate let through is the champion at once."
    registry.promote(candidate, why)
    return judgement.make("rollout", [Check("rollout", Decision.PROMOTE, why)], subject=subject(candidate))


def remove(config: Config) -> Verdict:
    """Stop and remove everything that rollouts started on the target."""
    with closing(targets.connect(config)) as target:
        target.remove()
    left = "Nothing is left" if config.rollout.target != "kubernetes" else "No version of it runs"
    why = f"{left} on the target '{config.rollout.target}'."
    return judgement.make("rollout", [Check("rollout", Decision.PROMOTE, why)])
