"""Practise a rollback on staging: roll the champion out, take the traffic back to the version before it, and look.

Nothing of production is touched: not its traffic, nor the registry's names, nor its prediction log. The ledger keeps
how it went, and in the end all of staging is removed.

Examples:
  scripts/drill.py
  GATEHOUSE_TARGET=docker scripts/drill.py
"""

import argparse
import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatehouse import ledger
from gatehouse import registry as registries
from gatehouse.config import Config
from gatehouse.errors import ConfigError, GatehouseError
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.serving import requests
from gatehouse.stages import champions, judgement, requesting, rollback, rollout, staging
from gatehouse.stages.rollback import Ask
from gatehouse.stages.traffic import Answer, Traffic
from gatehouse.targets import Target
from gatehouse.verdicts import Check, Decision, Verdict

# Enough to see a gap of a twentieth of a second, and little for a machine that serves beside it.
REQUESTS_PER_SECOND = 20.0
WHY = "A drill: could the version before take over?"


def arguments(_: argparse.ArgumentParser) -> None:
    """Declare what this step takes: nothing of its own."""


def main(config: Config, _: argparse.Namespace) -> Verdict:
    """Practise with the registry's champion and the one before it; where there are no two, there is nothing to do."""
    if config.rollout.target == "none":
        raise ConfigError("There is no target ([rollout] target = 'none'), so there is no traffic to take back.")
    registry, state = registries.connect(config), Path(config.store.state)
    champion, served = registry.champion(), champions.served(state)
    if champion is None or len(served) < 2 or served[-1].bundle != champion.bundle:
        why = "The ledger knows no version that was champion before the present one: there is nothing to practise."
        return judgement.make("drill", [Check("drill", Decision.HOLD, why)])
    moved = {"from": champion.to_dict(), "to": served[-2].to_dict()}
    try:
        verdict = practised(config, registry, champion, served[-2])
    except GatehouseError as error:
        ledger.append(state, "drill", why=str(error), decision=str(Decision.ERROR), **moved)
        raise
    ledger.append(state, "drill", why=verdict.why, decision=str(verdict.decision), **moved)
    return verdict


def practised(config: Config, registry: Registry, champion: Release, before: Release) -> Verdict:
    """Practise on a staging that is made for it and removed in the end."""
    calls = rows(registry, champion)
    with staging.made(config) as (settings, target):
        return run(settings, target, champion, before, rollback.answering(config, registry), calls)


def rows(registry: Registry, release: Release) -> list[dict[str, Any]]:
    """Return requests that a release takes, made of its bundle's own profile."""
    bundle = registry.fetch(release)
    return requests.payload(rollback.examples(bundle), bundle.contract)


def run(
    config: Config, target: Target, champion: Release, before: Release, ask: Ask, calls: Sequence[dict[str, Any]]
) -> Verdict:
    """Roll out both, one after the other, and roll back while `calls` are sent; judge who answers, and that all did.

    Raises TargetError when one of them does not start, or the version before does not answer as it should.
    """
    for release in (before, champion):
        staging.serve(config, target, release)
    with Traffic(target.url, itertools.cycle(calls), REQUESTS_PER_SECOND) as traffic:
        time.sleep(1.0)
        rollback.run(config, WHY, target, None, None, ask, say=str)
        moved = time.time()
        time.sleep(1.0)
    checks = [serves(target, before), answered(traffic.answers, before, moved)]
    return judgement.make("drill", checks, subject=rollout.subject(champion))


def serves(target: Target, release: Release) -> Check:
    """Judge whether users reach a release, and no other has weight."""
    found, shares = requesting.version(target.url), sorted(target.routing().weights.values())
    good = found["bundle"] == release.bundle and shares == [0, 100]
    why = f"After the rollback version {found['model_version']} answers, at weights of {shares[1]} % and {shares[0]} %."
    return Check("drill", Decision.PROMOTE if good else Decision.REJECT, why)


def answered(answers: Sequence[Answer], release: Release, moved: float) -> Check:
    """Judge whether every request was answered, and by the right release once the traffic had moved."""
    failed = [answer for answer in answers if not answer.ok]
    late = [answer for answer in answers if answer.at > moved and answer.version != release.version]
    good = answers and not failed and not late
    why = f"{len(failed)} of {len(answers)} requests failed, and {len(late)} reached the other version afterwards."
    return Check(
        "requests", Decision.PROMOTE if good else Decision.REJECT, why, observed=len(failed), limit=0, n=len(answers)
    )
