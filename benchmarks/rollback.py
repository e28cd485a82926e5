"""Roll back real serve images on Docker while users ask for predictions, beside stopping one container for another.

What is timed is from the decision to the last request that the older version did not answer, as the requests see it
that go through the router: of the rollback's own decision, of the whole of scripts/rollback.py, and of what
`docker compose up` does with an older tag: it stops the container and starts another on the same port. Ends with 1 when
a goal is missed. It needs a Docker engine, and an image registry that it reaches:

  docker run --detach --publish 127.0.0.1:5000:5000 registry:2

Examples:
  make bench-rollback
  make bench-rollback ARGS="--rounds 1"
"""

import argparse
import itertools
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gatehouse import bundle as bundles
from gatehouse import config as settings
from gatehouse import files, images, shell, workload
from gatehouse import registry as registries
from gatehouse.bundle import Bundle
from gatehouse.canary import state as states
from gatehouse.canary.routing import Routing
from gatehouse.canary.state import Phase, Placed, State
from gatehouse.config import Config, Registry, Store, Window
from gatehouse.registry import connect
from gatehouse.release import Release
from gatehouse.serving import requests
from gatehouse.stages import judgement, requesting, rollback, train
from gatehouse.stages.controller import Controller
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import docker, ports, server_environment
from gatehouse.targets.docker import DockerTarget

ROOT = Path(__file__).parents[1]
GOAL_SECONDS = 1.0
MARKS = {True: "✓", False: "✗"}
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "build", ".gatehouse", ".*_cache", "__pycache__", "tests", "docs")


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.rollback", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--config", type=Path, default=Path("gatehouse.toml"), help="settings (%(default)s)")
    made.add_argument("--registry", default="127.0.0.1:5000", help="an image registry (%(default)s)")
    made.add_argument("--rounds", type=int, default=5, help="of the three in turn (%(default)s)")
    made.add_argument("--rate", type=float, default=100.0, help="requests a second (%(default)s)")
    made.add_argument(
        "--out", type=Path, default=Path("build/bench/rollback.json"), help="where to write (%(default)s)"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it; 0 when every goal is met, else 1."""
    args = parser().parse_args(argv)
    image = f"{args.registry}/gatehouse-bench-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = placed(args.config, image, str(folder / "state"))
        with prepared(config, args.config, folder, args.rate) as bench:
            rounds = [bench.round(number) for number in range(1, args.rounds + 1)]
    found = judged(rounds)
    print(table(found))
    files.write_json(args.out, {"commit": judgement.commit(), "rate": args.rate, **found})
    print(f"Written: {args.out}")
    return 0 if found["met"] else 1


@dataclass
class Bench:
    """Two versions as serve images: the `old` one to which is rolled back, and the `bad` one that serves."""

    config: Config
    settings: Path
    target: DockerTarget
    registry: registries.Registry
    old: Release
    bad: Release
    rows: list[dict[str, Any]]
    rate: float

    def round(self, number: int) -> dict[str, Any]:
        """Roll back in each of the three ways."""
        print(f"Round {number} ...", file=sys.stderr)
        return {"decision": self.decision(), "script": self.script(), "replaced": self.replaced()}

    def decision(self) -> dict[str, Any]:
        """Roll back when the older version was checked already."""
        self.reset()
        controller = Controller(self.config, self.old, self.target, self.registry)
        rollback.prepare(controller, self.old, rollback.answering(self.config, self.registry))
        return self.timed(self.target.url, lambda: rollback.give(controller, self.old, "The benchmark says rollback."))

    def script(self) -> dict[str, Any]:
        """Roll back as a person does."""
        self.reset()
        command = [sys.executable, "-P", str(ROOT / "scripts" / "rollback.py"), "--config", str(self.settings)]
        command += ["--out", str(Path(self.config.store.state) / "rollback.json"), "--why", "the benchmark says so"]
        told = {
            "GATEHOUSE_TARGET": "docker",
            "GATEHOUSE_REGISTRY": "image",
            "GATEHOUSE_IMAGE": self.config.registry.image,
            "GATEHOUSE_STATE": self.config.store.state,
        }
        return self.timed(self.target.url, lambda: shell.run(command, env={**os.environ, **told}))

    def replaced(self) -> dict[str, Any]:
        """Stop a container and start another one on its port."""
        name, port = f"{self.target.names.project}-alone", ports.free()
        run = ["docker", "run", "--detach", "--name", name, "--publish", f"127.0.0.1:{port}:8080"]
        run += [part for pair in server_environment.of(self.config).items() for part in ("--env", "=".join(pair))]
        shell.run([*run, self.bad.location])
        try:
            requesting.wait_until_ready(f"http://127.0.0.1:{port}", self.config.rollout.start_seconds)

            def replace_container() -> None:
                shell.run(["docker", "stop", name])
                images.remove(name)
                shell.run([*run, self.old.location])

            return self.timed(f"http://127.0.0.1:{port}", replace_container)
        finally:
            images.remove(name)

    def reset(self) -> None:
        """Let the bad version serve, with the old one beside it, as a promotion leaves them."""
        self.target.start("blue", self.old)
        self.target.start("green", self.bad)
        self.target.weigh(Routing({"green": 100}))
        placed = Placed("green", self.bad), Placed("blue", self.old)
        state = State(Phase.PROMOTED, stable=placed[0], previous=placed[1], former=(self.old,), settled=True)
        self.target.load()
        self.target.save(states.to_json(state))
        self.registry.promote(self.bad, "the benchmark")

    def timed(self, url: str, change: Callable[[], Any]) -> dict[str, Any]:
        """Return the seconds from a decision to the last request that the old version did not answer, and more."""
        with Traffic(url, itertools.cycle(self.rows), self.rate, timeout_seconds=30.0) as traffic:
            time.sleep(1.0)
            begin = time.time()
            change()
            done = time.time() - begin
            end = time.time() + self.config.rollout.start_seconds
            while not newest(traffic.answers, self.old.version) and time.time() < end:
                time.sleep(0.1)
        others = [answer.at for answer in traffic.answers if answer.version != self.old.version or not answer.ok]
        return {
            "seconds": max(max(others) - begin, 0.0),
            "done_seconds": done,
            "requests": len(traffic.answers),
            "failed": len(traffic.failures),
        }


def newest(answers: Sequence[Any], version: str) -> bool:
    """Tell whether the last requests, a good many of them, were answered by a version."""
    last = answers[-50:]
    return len(last) == 50 and all(answer.ok and answer.version == version for answer in last)


def placed(path: Path, image: str, state: str) -> Config:
    """Return the settings of a file, for a production of its own on Docker."""
    config = settings.load(path)
    return replace(
        config,
        store=Store(state=state),
        registry=replace(config.registry, kind="image", image=image),
        # On a port of its own: users may be at that of the settings.
        rollout=replace(config.rollout, target="docker", port=0),
        # A machine that runs all of this at once must refuse no request for that.
        serving=replace(config.serving, maximum_lag_ms=5000.0),
    )


@contextmanager
def prepared(config: Config, path: Path, folder: Path, rate: float) -> Iterator[Bench]:
    """Give two versions of the example's model as serve images in a registry; what was started is removed."""
    image = config.registry.image
    models = trained(replace(config, registry=Registry(), store=Store(state=str(folder / "trainings"))), folder)
    context = shutil.copytree(ROOT, folder / "context", ignore=LEFT_OUT)
    old, bad = (released(model, image, context) for model in models)
    rows = requests.payload(workload.of(config).load(None, None).head(200), models[0].contract)
    target = docker.of(config)
    try:
        yield Bench(config, path, target, connect(config), old, bad, rows, rate)
    finally:
        target.remove()
        target.close()
        tagged = [f"{image}/serve:{name}" for name in ("production", *(model.version for model in models))]
        shell.run(["docker", "rmi", "--force", *tagged])


def trained(config: Config, folder: Path) -> list[Bundle]:
    """Return the example's model, and another version of it."""
    found, models = workload.of(config), []
    for seed in (0, 1):
        print(f"Training model {seed + 1} of 2 ...", file=sys.stderr)
        path, window = folder / f"model {seed}", Window(since=config.data.since, until=config.data.until)
        train.run(config, found, window, path, seed=seed)
        models.append(bundles.read(path))
        found_here = connect(config)
        found_here.promote(found_here.register(models[-1]), "the benchmark")
    return models


def released(model: Bundle, image: str, context: Path) -> Release:
    """Build the serve image of a model, push it, and return the release."""
    shutil.rmtree(context / "build", ignore_errors=True)
    shutil.copytree(model.path, context / "build" / "bundle")
    told = {"VERSION": model.version, "BUNDLE_DIGEST": model.digest, "RUNTIME": model.runtime}
    tag = images.build(context / "Dockerfile.serve", f"{image}/serve:{model.version}", told, context)
    return Release(model.version, model.digest, images.push(tag))


def judged(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians, the failed requests, and whether the goals are met."""
    ways = ("decision", "script", "replaced")
    middle = {way: statistics.median(found[way]["seconds"] for found in rounds) for way in ways}
    failed = {way: sum(found[way]["failed"] for found in rounds) for way in ways}
    worst = max(found["decision"]["seconds"] for found in rounds)
    return {
        "seconds": middle,
        "worst_seconds": worst,
        "script_done_seconds": statistics.median(found["script"]["done_seconds"] for found in rounds),
        "ratio": {way: middle["replaced"] / max(middle[way], 1e-3) for way in ("decision", "script")},
        "failed": failed,
        "requests": {way: sum(found[way]["requests"] for found in rounds) for way in ways},
        "goal_seconds": GOAL_SECONDS,
        "rounds": list(rounds),
        "met": worst < GOAL_SECONDS and failed["decision"] == failed["script"] == 0,
    }


def table(found: dict[str, Any]) -> str:
    """Return the figures beside their goals."""
    seconds, failed, sent, ratio = (found[name] for name in ("seconds", "failed", "requests", "ratio"))
    lost, asked = failed["decision"] + failed["script"], sent["decision"] + sent["script"]
    fast, whole = MARKS[found["worst_seconds"] < GOAL_SECONDS], MARKS[lost == 0]
    return (
        f"{fast} from the decision to 0 % on the bad version {seconds['decision']:8.3f} s   goal < {GOAL_SECONDS:g} s, "
        f"at worst {found['worst_seconds']:.3f} s\n"
        f"{whole} requests that failed meanwhile              {lost:8,}     goal 0, of {asked:,}\n"
        f"  from the start of scripts/rollback.py        {seconds['script']:8.3f} s   it checks the older one first\n"
        f"  stop one container and start another         {seconds['replaced']:8.3f} s   "
        f"{failed['replaced']:,} of {sent['replaced']:,} requests failed\n"
        f"  that takes {ratio['decision']:.1f} times as long as the decision, {ratio['script']:.1f} times as the script"
    )


if __name__ == "__main__":
    raise SystemExit(main())
