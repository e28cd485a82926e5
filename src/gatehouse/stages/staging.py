"""Run the challenger in staging, beside production and out of its users' sight, and test it over HTTP.

It is the very digest that users would meet, started as for them: it must get ready behind a router, serve its bundle,
answer as that does, and refuse what is no request. scripts/rollout.py asks for the verdict, by [rollout] staging; on a
cluster that is where [kubernetes] staging_url says how staging is reached (deploy/kubernetes-staging).

On this machine and on Docker each run has a staging of its own. A cluster has one namespace for all of them: there a
drill and a staging at the same minute take each other's version away, and both are to be run again.

Examples:
  scripts/staging.py
  GATEHOUSE_TARGET=docker GATEHOUSE_REGISTRY=image scripts/staging.py
"""

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gatehouse import ledger, targets
from gatehouse import registry as registries
from gatehouse.canary.orders import Do, Order
from gatehouse.config import Config, Store
from gatehouse.errors import EvidenceError, TargetError
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.stages import judgement, requesting, rollback, rollout
from gatehouse.stages.controller import Controller
from gatehouse.stages.rollback import Ask
from gatehouse.stages.undoing import undoing
from gatehouse.targets import Target, local
from gatehouse.targets.watchdog import Watchdog
from gatehouse.verdicts import Check, Decision, Verdict

ENVIRONMENT = "staging"
WHY = "Staging has no users."


def arguments(_: argparse.ArgumentParser) -> None:
    """Declare what this step takes: nothing of its own."""


def main(config: Config, _: argparse.Namespace) -> Verdict:
    """Test the registry's challenger. Raises EvidenceError where there is none."""
    if not rollout.staged(config):
        why = f"None is asked for: [rollout] staging = '{config.rollout.staging}', target = '{config.rollout.target}'."
        return judgement.make("staging", [Check("staging", Decision.PROMOTE, why)])
    registry = registries.connect(config)
    challenger = registry.challenger()
    if challenger is None:
        raise EvidenceError("The registry has no challenger to test. Run register first.")
    return tried(config, registry, challenger)


def tried(config: Config, registry: Registry, release: Release) -> Verdict:
    """Test a release in a staging of its own. Raises TargetError when it does not get ready, or does not answer."""
    with made(config) as (settings, target):
        return run(settings, target, release, rollback.answering(config, registry))


@contextmanager
def made(config: Config) -> Iterator[tuple[Config, Target]]:
    """Give a staging that is made for the occasion, by its settings and as a target, and removed in the end.

    Of a program that is killed no process and no folder stays on this machine.
    """
    with TemporaryDirectory(prefix="gatehouse-staging-") as folder:
        settings = beside(config, folder)
        watchdog = Watchdog(local.processes(settings), Path(folder))
        with closing(watchdog), closing(targets.connect(settings, alone=True)) as target, undoing(target.remove):
            # What a run that was killed has left would be a version to compare with.
            target.remove()
            yield settings, target


def beside(config: Config, folder: str) -> Config:
    """Return the settings of staging: beside production on the same target, with a state of its own in `folder`."""
    placed = replace(config.rollout, environment=ENVIRONMENT, port=0, guardian="")
    return replace(config, rollout=placed, store=Store(state=folder, log=""))


def serve(config: Config, target: Target, release: Release) -> None:
    """Give a release all traffic, without a bake. Raises TargetError when it does not take it."""
    controller = Controller(config, release, target)
    controller.attach()
    controller.tick()
    if not controller.over:
        controller.obey(Order(Do.PROMOTE, ledger.actor(), WHY))
    controller.release()
    if not controller.serves:
        raise TargetError(
            f"Version {release.version} could not be given the traffic: {rollout.standing(controller.state)}"
        )


def run(config: Config, target: Target, release: Release, ask: Ask) -> Verdict:
    """Give a release all of staging's traffic, and judge its answers."""
    serve(config, target, release)
    checks = [*ask(target.url, release), requesting.refuses(target.url)]
    return judgement.make("staging", checks, subject=rollout.subject(release))
