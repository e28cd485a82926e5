"""Load two real servers through the real router of a laptop, while the weights change and while they rest, in turn.

What is judged is how many requests a second are answered during changes, as a share of those while nothing changes,
and that no request fails. Ends with 1 when a goal is missed.

Examples:
  make bench-router
  make bench-router ARGS="--seconds 2 --rounds 1"
"""

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.serve import bench as benches
from gatehouse import bundle as bundles
from gatehouse import config as settings
from gatehouse import files, workload
from gatehouse.canary.counters import SLOTS
from gatehouse.canary.routing import Routing
from gatehouse.config import Store
from gatehouse.release import Release
from gatehouse.serving import requests
from gatehouse.stages import judgement, train
from gatehouse.targets.local import LocalTarget

GOAL = 0.95
# Of the second slot: up and down again, as rollouts and rollbacks do.
WEIGHTS = (5, 10, 25, 50, 75, 100, 0)
MARKS = {True: "✓", False: "✗"}


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.router", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--config", type=Path, default=Path("gatehouse.toml"), help="settings (%(default)s)")
    made.add_argument("--seconds", type=float, default=5, help="of each load (%(default)s)")
    made.add_argument("--rounds", type=int, default=5, help="of resting and changing in turn (%(default)s)")
    made.add_argument("--every", type=float, default=0.5, help="seconds from change to change (%(default)s)")
    made.add_argument("--out", type=Path, default=Path("build/bench/router.json"), help="where to write (%(default)s)")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it; 0 when both goals are met, else 1."""
    args = parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), args.config) as (target, bodies):
        rest, change = [], []
        for number in range(args.rounds):
            print(f"Round {number + 1} of {args.rounds} ...", file=sys.stderr)
            rest.append(load(target, bodies, args.seconds))
            with changing(target, args.every) as changes:
                change.append({**load(target, bodies, args.seconds), "changes": changes})
    found = judged(rest, change)
    print(table(found))
    files.write_json(args.out, {"commit": judgement.commit(), **found})
    print(f"Written: {args.out}")
    return 0 if found["met"] else 1


@contextmanager
def running(folder: Path, config_path: Path) -> Iterator[tuple[LocalTarget, Path]]:
    """Give a target that serves the example's model from both slots, and a file of requests."""
    print("Training a model ...", file=sys.stderr)
    config = settings.load(config_path)
    # On a port of its own: users may be at that of the settings.
    config = replace(config, store=Store(state=str(folder / "state")), rollout=replace(config.rollout, port=0))
    found = workload.of(config)
    train.run(config, found, settings.Window(since=config.data.since, until=config.data.until), folder / "bundle")
    bundle = bundles.read(folder / "bundle")
    rows = requests.payload(found.load(None, None).head(200), bundle.contract)
    bodies = files.write_text(folder / "bodies.jsonl", "\n".join(map(json.dumps, rows)))
    target = LocalTarget(config)
    try:
        for slot in SLOTS:
            target.start(slot, Release(slot, bundle.digest, str(bundle.path)))
        target.weigh(Routing({"blue": 50, "green": 50}))
        yield target, bodies
    finally:
        target.close()


def load(target: LocalTarget, bodies: Path, seconds: float) -> dict[str, Any]:
    """Load the router by 16 clients, and return what came of it."""
    port = int(target.url.rsplit(":", 1)[1])
    return benches.finished(benches.loading(port, "/predict", bodies, seconds=seconds))


@contextmanager
def changing(target: LocalTarget, every: float) -> Iterator[list[int]]:
    """Change the weights again and again, and give the list of those that were set."""
    stop, changes = threading.Event(), list[int]()

    def change() -> None:
        for weight in itertools.cycle(WEIGHTS):
            if stop.wait(every):
                return
            target.weigh(Routing({"blue": 100 - weight, "green": weight}))
            changes.append(weight)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield changes
    finally:
        stop.set()
        thread.join()


def judged(rest: Sequence[dict[str, Any]], change: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures, and whether the goals are met."""
    steady, moved = (statistics.median(run["good_per_second"] for run in runs) for runs in (rest, change))
    failed = sum(run["sent"] - run["statuses"].get("200", 0) for run in (*rest, *change))
    changes = sum(len(run["changes"]) for run in change)
    return {
        "steady_per_second": steady,
        "changing_per_second": moved,
        "ratio": moved / steady,
        "goal": GOAL,
        "requests": sum(run["sent"] for run in (*rest, *change)),
        "failed": failed,
        "changes": changes,
        "met": moved / steady >= GOAL and failed == 0 and changes > 0,
    }


def table(found: dict[str, Any]) -> str:
    """Return the figures beside their goals."""
    enough, whole = MARKS[found["ratio"] >= GOAL], MARKS[found["failed"] == 0]
    rates = f"{found['changing_per_second']:,.0f} against {found['steady_per_second']:,.0f} a second"
    around = f"of {found['requests']:,} around {found['changes']} changes"
    return (
        f"{enough} requests during weight changes, of steady   {found['ratio']:6.3f}   goal >= {GOAL}   {rates}\n"
        f"{whole} requests that failed                         {found['failed']:6,}   goal 0         {around}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
