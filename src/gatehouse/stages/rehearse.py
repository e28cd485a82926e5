"""Rehearse the whole loop on this machine, with real servers behind a real router, and write one HTML report.

A bad file is refused, a first model is served, a better one is rolled out under traffic, a worse one is refused, a
broken one is rolled back, and when the world moves a new model is trained. Needs no Docker, no cloud and no secret.

Examples:
  scripts/rehearse.py
  scripts/rehearse.py --config examples/bank_marketing/gatehouse.toml
"""

import argparse
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gatehouse import workload
from gatehouse.canary.strategy import DEFAULT
from gatehouse.config import Config, Registry, Store
from gatehouse.report import html
from gatehouse.stages import scenes
from gatehouse.stages.scenes import Play
from gatehouse.stages.story import Story, SurpriseError
from gatehouse.targets.local import LocalTarget
from gatehouse.verdicts import Verdict
from gatehouse.workload import Workload


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--folder", type=Path, default=Path("build/rehearsal"), help="for the report (%(default)s)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Rehearse in a scratch folder of its own, so that two rehearsals may run side by side."""
    args.folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{datetime.now(UTC):%Y%m%d-%H%M%S}-", dir=args.folder)).resolve()
    return run(config, workload.of(config), scratch, args.folder / "report.html")


def run(config: Config, found: Workload, scratch: Path, report: Path) -> Verdict:
    """Play every scene in `scratch` and write the report, also when a scene does not end as expected."""
    settings = rehearsed(config, scratch)
    story = Story(scratch)
    target = LocalTarget(settings)
    try:
        for scene in scenes.ALL:
            scene(Play(settings, found, target, story, scratch))
    except SurpriseError as surprise:
        story.say(f"\nThe rehearsal ends here. {surprise}")
    finally:
        target.close()
    html.write(
        report, f"Rehearsal of {config.workload.package}", story.verdicts, [vars(entry) for entry in story.entries]
    )
    story.say(f"\nThe report: {report}\n")
    return story.verdict(report=str(report), scratch=str(scratch))


def rehearsed(config: Config, scratch: Path) -> Config:
    """Return the settings with all that is kept in the scratch folder, at a pace of minutes in place of days."""
    pace = config.rehearsal
    return replace(
        config,
        store=Store(state=str(scratch / "state"), log=str(scratch / "log")),
        registry=Registry(kind="mlflow", name=config.registry.name),
        rollout=replace(config.rollout, target="local", strategy=DEFAULT, port=0, drain_seconds=1.0, poll_seconds=1.0),
        steps=replace(config.steps, bake_seconds=pace.bake_seconds),
        latency=replace(config.latency, rounds=1, median_ratio=pace.slower, p95_ratio=pace.slower),
        canary=replace(config.canary, minimum_requests=pace.minimum_requests),
        comparison=replace(
            config.comparison, harmless_rate=pace.harmless_rate, same_late=pace.same_late, bursts=pace.bursts
        ),
    )
