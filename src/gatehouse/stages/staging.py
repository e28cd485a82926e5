"""Run the challenger in staging, beside production and out of its users' sight, and test it over HTTP.

It is the very digest that users would meet, started as for them: it must get ready behind a router, serve its bundle,
answer as that does, and refuse what is no request. scripts/rollout.py asks for the verdict ([rollout] staging).

Examples:
  scripts/staging.py
  GATEHOUSE_TARGET=docker GATEHOUSE_REGISTRY=image scripts/staging.py
"""

import argparse
from tempfile import TemporaryDirectory

from gatehouse import registry as registries
from gatehouse import targets
from gatehouse.config import Config
from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.stages import drill, judgement, requesting, rollback, rollout
from gatehouse.stages.rollback import Ask
from gatehouse.targets import Target
from gatehouse.verdicts import Verdict


def arguments(_: argparse.ArgumentParser) -> None:
    """Declare what this step takes: nothing of its own."""


def main(config: Config, _: argparse.Namespace) -> Verdict:
    """Test the registry's challenger. Raises EvidenceError where there is none."""
    if config.rollout.target == "none":
        raise ConfigError("There is no target ([rollout] target = 'none'), so there is no staging beside it.")
    registry = registries.connect(config)
    challenger = registry.challenger()
    if challenger is None:
        raise EvidenceError("The registry has no challenger to test. Run register first.")
    return tried(config, registry, challenger)


def tried(config: Config, registry: Registry, release: Release) -> Verdict:
    """Test a release in a staging that is made for it and removed in the end.

    Raises TargetError when it does not get ready, or does not answer.
    """
    with TemporaryDirectory(prefix="gatehouse-staging-") as folder:
        staging = drill.beside(config, folder)
        target = targets.connect(staging)
        try:
            # What a run that was killed has left would be a version to compare with.
            target.remove()
            return run(staging, target, release, rollback.answering(config, registry))
        finally:
            target.remove()
            target.close()


def run(config: Config, target: Target, release: Release, ask: Ask) -> Verdict:
    """Give a release all of staging's traffic, and judge its answers."""
    drill.serve(config, target, release)
    checks = [*ask(target.url, release), requesting.refuses(target.url)]
    return judgement.make("staging", checks, subject=rollout.subject(release))
