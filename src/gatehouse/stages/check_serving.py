"""Time a candidate beside the champion, as a server runs both, and weigh the memory that they need.

Both answer the same held-out rows in processes of their own, one request at a time and in turns, until the evidence
settles who is slower. Without a champion only the absolute budgets count. With --image the candidate runs in its serve
image, and a champion that has an image in that.

Examples:
  scripts/check_serving.py
  scripts/check_serving.py --image                                        (the one that build_images tagged `candidate`)
  scripts/check_serving.py --image ghcr.io/you/model/serve@sha256:...
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gatehouse import bundle as bundles
from gatehouse import images, workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config
from gatehouse.gates import latency, memory
from gatehouse.gates.memory import Footprint
from gatehouse.registry import Registry, connect
from gatehouse.stages import contestants, evidence, interleaving, judgement, timed_requests, train
from gatehouse.stages import rows as rowsets
from gatehouse.stages.contestants import CANDIDATE, CHAMPION, Contestant
from gatehouse.stages.interleaving import Measured, Start
from gatehouse.stages.meter import UnservedError
from gatehouse.stages.timed_requests import BATCH, SINGLE
from gatehouse.verdicts import SEVERITY, Check, Decision, Verdict
from gatehouse.workload import Workload

Say = Callable[[str], Any]

# What a reader does now. An approval is one of the bundle, because times differ whenever they are taken.
AGAIN = "Time it again where less else is running (on GitHub: Re-run jobs takes another machine), or approve this model"
APPROVE = (
    '`scripts/approve.py build/verdicts/check_serving.json --reason "..."`, or on GitHub: Actions, release, Run '
    "workflow, with the number of the release's run and a reason. In a pull request nothing waits for it: the release "
    "times it again."
)
APPROVED = "A person has approved that this model goes on, as the ledger says: `scripts/register.py` takes it."
CHEAPER = (
    "This model goes no further, and nobody can approve it. Make it cheaper to run: smaller, with fewer features or "
    "less preprocessing. If it is worth what it costs, raise the limit in gatehouse.toml and write why beside it."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="the candidate (%(default)s)")
    parser.add_argument("--image", nargs="?", const="", help="its serve image (without it, the bundle runs here)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Judge the bundle of the command line, in its image if there is one."""
    built = f"{config.registry.image.lower() or 'gatehouse'}/serve:candidate"
    image = built if args.image == "" else args.image
    verdict = run(config, workload.of(config), bundles.read(args.bundle), connect(config), image)
    return known(verdict, Path(config.store.state))


def known(verdict: Verdict, state: Path) -> Verdict:
    """Say so when a person has approved a hold of this bundle before, so that a workflow goes on to register it."""
    if verdict.decision != Decision.HOLD or not evidence.approved(verdict, state):
        return verdict
    return replace(verdict, details={**verdict.details, "next": APPROVED, "outputs": {"approved": "yes"}})


def run(
    config: Config, found: Workload, candidate: Bundle, registry: Registry, image: str | None = None,
    start: Start = contestants.start, say: Say = print,
) -> Verdict:  # fmt: skip
    """Judge how a candidate serves, beside the champion where there is one. `start` is replaced to plant a fault.

    A champion that cannot be timed (its image is too old for it, its bundle does not load, it refuses the rows, it
    fails) gives `hold`: the absolute budgets are judged, and a person decides on the rest. Raises UnservedError when
    the candidate cannot be timed, TargetError when no process can be started.
    """
    rows = rowsets.of_bundle(candidate, found, config).holdout
    ours, release = Contestant(CANDIDATE, candidate, image), registry.champion()
    both = [ours, contestants.opponent(release, registry.fetch(release), image)] if release else [ours]
    unlike: list[Check] = []
    try:
        measured, checks = settle(config, both, rows, start, say)
    except UnservedError as error:
        if error.who == CANDIDATE:
            raise
        unlike, both = [not_comparable(error)], [ours]
        measured, checks = settle(config, both, rows, start, say)
    prints = {one.who: Footprint(measured[one.who].peaks_mb, one.bundle.size_mb) for one in both}
    checks = [*checks, *memory.judge(prints[CANDIDATE], prints.get(CHAMPION), config.memory), *unlike]
    about = replace(train.subject(candidate), image_digest=images.digest(image) if image else None)
    details = {
        "champion": release.to_dict() if release else None,
        "served_by": {one.who: one.image or "this environment" for one in both},
        "rounds": len(measured[CANDIDATE].peaks_mb),
        "tables": {"What was measured": table(measured, prints)},
    }
    verdict = judgement.make("check_serving", checks, subject=about, details=details)
    return replace(verdict, details={**details, "next": advised(verdict.decision, again=not unlike)})


def advised(decision: Decision, *, again: bool) -> str | None:
    """Say what to do now; `again` where other times could settle it."""
    if decision == Decision.HOLD:
        return f"{AGAIN if again else 'Approve this model'}: {APPROVE}"
    return CHEAPER if decision == Decision.REJECT else None


def settle(
    config: Config, both: list[Contestant], rows: pd.DataFrame, start: Start, say: Say
) -> tuple[dict[str, Measured], list[Check]]:
    """Play rounds until every check of latency is settled, or one is lost, or the last round is played."""
    knobs = config.latency
    bodies = timed_requests.of(rows, {one.who: one.bundle for one in both}, knobs, config.serving.maximum_rows)
    measured = {one.who: Measured() for one in both}
    checks: list[Check] = []
    last = max(knobs.rounds, knobs.maximum_rounds)
    for number in range(1, last + 1):
        interleaving.play(both, bodies, measured, knobs, start, config.rollout.start_seconds)
        say(progress(number, measured))
        if number < knobs.rounds:
            continue
        champion = measured[CHAMPION].times if CHAMPION in measured else None
        checks = latency.judge(measured[CANDIDATE].times, champion, knobs)
        if max(SEVERITY.index(check.decision) for check in checks) != SEVERITY.index(Decision.HOLD):
            break
        if number < last:
            say("  Not settled yet: another round.")
    return measured, checks


def progress(number: int, measured: Mapping[str, Measured]) -> str:
    """Say what is known after a round."""
    said = [f"{np.median(taken.single):.3g} ms for the {who}" for who, taken in measured.items()]
    return f"  Round {number}: one row takes {' and '.join(said)} (medians so far)."


def table(measured: Mapping[str, Measured], prints: Mapping[str, Footprint]) -> list[dict[str, Any]]:
    """Return what was measured, one line a number, the candidate beside the champion."""
    measured = {who: measured[who] for who in (CHAMPION, CANDIDATE) if who in measured}
    levels = (("median", latency.MEDIAN), ("p95", latency.P95))
    lines = [
        {"measured": f"{word} of {name}, ms"}
        | {who: float(np.quantile(getattr(taken, kind), level)) for who, taken in measured.items()}
        for kind, name in ((SINGLE, latency.SINGLE), (BATCH, latency.BATCH))
        for word, level in levels
    ]
    peaks = {who: max(prints[who].peaks_mb) for who in measured}
    sizes = {who: prints[who].bundle_mb for who in measured}
    return [*lines, {"measured": "peak memory, MB", **peaks}, {"measured": "bundle size, MB", **sizes}]


def not_comparable(error: UnservedError) -> Check:
    """Return the check that says why there is nothing to compare with."""
    why = (
        f"Not comparable, so only the absolute budgets were judged. {error}\n"
        "A person may approve it: once it serves, it is what the next one is timed beside."
    )
    return Check("comparable", Decision.HOLD, why)
