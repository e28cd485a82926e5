"""What all rows of the table share: the one pipeline, its rows as requests, and the load upon a server."""

import json
import math
import os
import shutil
import statistics
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from benchmarks.serve import processes
from benchmarks.serve.contenders import ROOT, AbsentError, Contender
from benchmarks.serve.pace import Pace
from benchmarks.serve.processes import Running
from gatehouse import bundle as bundles
from gatehouse import config as settings
from gatehouse import files, workload
from gatehouse.bundle import Bundle
from gatehouse.config import Store
from gatehouse.serving import requests
from gatehouse.stages import rows as rowsets
from gatehouse.stages import train

# What came of one load, and of several that are compared with one another, one for each.
Run: TypeAlias = dict[str, Any]
Round: TypeAlias = Sequence[Run]

CLIENTS = 16
ROWS = 200
SAME = 1e-6
# Less than this share of a core: somebody else was at work on it.
OWN_CORE = 0.9
# A round counts where the core took at most so many times as long for the same work as in the fastest; at most so many
# times as many rounds as were asked for are measured for it.
SLOW, PATIENCE = 1.15, 2


@dataclass(frozen=True)
class Line:
    """One line of the table: what was observed against its goal, `at_most` or `at_least`."""

    row: str
    text: str
    goal: str
    observed: float
    met: bool
    note: str = ""
    judged: bool = True


def at_least(row: str, text: str, observed: float, goal: float, unit: str, note: str = "") -> Line:
    """Return a line for what must not be smaller; what is no number never meets its goal."""
    return Line(row, text, f">= {goal:g}{unit}", observed, observed >= goal, note)


def at_most(row: str, text: str, observed: float, goal: float, unit: str, note: str = "") -> Line:
    """Return a line for what must not be larger; what is no number never meets its goal."""
    return Line(row, text, f"<= {goal:g}{unit}", observed, observed <= goal, note)


def told(row: str, text: str, observed: float, unit: str, note: str) -> Line:
    """Return a line that has no goal."""
    return Line(row, text, f"-{unit}", observed, met=True, note=note, judged=False)


def missing(row: str, text: str, why: str) -> Line:
    """Return a line for what could not be measured, which never meets its goal."""
    return Line(row, text, "", math.nan, False, f"NOT MEASURED: {why}")


@dataclass
class Bench:
    """The pipeline, the requests, and how long one measurement takes."""

    folder: Path
    bundle: Bundle
    ours: list[dict[str, Any]]
    theirs: list[dict[str, Any]]
    expected: np.ndarray
    seconds: float
    rounds: int
    stops: int
    models: dict[str, Path | AbsentError] = field(default_factory=dict)
    # How slow the core was in each round, of those that count and of the others.
    slowness: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})

    def model(self, contender: Contender) -> Path:
        """Return what a contender serves; installed and exported once. Raises AbsentError, each time the same."""
        if contender.name not in self.models:
            try:
                contender.install()
                source = self.by_sklearn() if contender.name.endswith("sklearn") else self.bundle.path
                self.models[contender.name] = contender.export(source / bundles.MODEL, self.folder)
            except AbsentError as error:
                self.models[contender.name] = error
        found = self.models[contender.name]
        if isinstance(found, AbsentError):
            raise found
        return found

    def by_sklearn(self) -> Path:
        """Return the same bundle as training leaves it where the model cannot be exported to ONNX."""
        folder = self.folder / "bundle-sklearn"
        if not folder.exists():
            shutil.copytree(self.bundle.path, folder)
            (folder / bundles.ONNX).unlink(missing_ok=True)
            manifest = files.read_json(folder / bundles.MANIFEST, "manifest")
            manifest["files"].pop(bundles.ONNX, None)
            files.write_json(folder / bundles.MANIFEST, manifest)
        return folder

    @contextmanager
    def running(self, *contenders: Contender) -> Iterator[list[Running]]:
        """Give servers that are ready and answer what the pipeline says. Raises AbsentError when one does not."""
        with ExitStack() as stack:
            started = []
            for contender in contenders:
                started.append(stack.enter_context(processes.running(contender, self.model(contender))))
                self.check(started[-1])
            yield started

    def check(self, server: Running) -> None:
        """Ask for some of the rows. Raises AbsentError when the scores are not the pipeline's."""
        contender = server.contender
        for body, expected in zip(self.documents(contender)[:20], self.expected, strict=False):
            address = f"http://127.0.0.1:{server.port}{contender.path}"
            asked = urllib.request.Request(address, json.dumps(body).encode(), {"content-type": "application/json"})
            try:
                with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
                    scores = contender.scores(json.load(answer))
            except OSError as error:
                raise AbsentError(f"{contender.name} does not answer: {error}.") from error
            if scores and not np.allclose(scores, expected, rtol=0, atol=SAME):
                raise AbsentError(f"{contender.name} answers {scores} where the pipeline says {expected.tolist()}.")

    def documents(self, contender: Contender) -> list[Any]:
        """Return the rows as one server takes them."""
        return [contender.body(row) for row in (self.theirs if contender.exported else self.ours)]

    def load(self, server: Running, documents: Sequence[Any] | None = None, **options: Any) -> Run:
        """Load a server and return what came of it, with `cpu_ms` a request, its share of the core, and `pace_us`."""
        pace = Pace()
        pace.start()
        try:
            before = server.cpu_seconds() if processes.PROC.is_dir() else math.nan
            found = finished(self.begun(server, documents, **options))
            used = (server.cpu_seconds() if processes.PROC.is_dir() else math.nan) - before
        finally:
            pace_us = pace.end()
        answered = sum(found["statuses"].values())
        cost = {"cpu_ms": 1000 * used / max(answered, 1), "core_share": used / found["seconds"], "pace_us": pace_us}
        return {**found, **cost}

    def steady(self, rounds: int, measure: Callable[[], Round]) -> list[Round]:
        """Return rounds in which the core was almost as fast as ever; where they are too few, the fastest of all."""
        found: list[Round] = []
        slow: list[float] = []
        while sum(times <= SLOW for times in slow) < rounds and len(found) < PATIENCE * rounds:
            found.append(measure())
            slow = slowness(found)
        order = sorted(range(len(found)), key=slow.__getitem__)
        for place, number in enumerate(order):
            self.slowness[place < rounds].append(slow[number])
        return [found[number] for number in order[:rounds]]

    def pace(self) -> list[Line]:
        """Tell how fast the core was, where anything depended on it."""
        counted, others = self.slowness[True], self.slowness[False]
        if not counted:
            return []
        note = (
            f"of {len(counted + others)}; the same work took up to {max(counted):.2f} times as long as in the fastest"
        )
        more = f", and {max(others):.2f} times in those left out" if others else ""
        return [told("pace", "rounds left out, in which the core was slow", len(others), "", note + more)]

    def begun(self, server: Running, documents: Sequence[Any] | None = None, **options: Any) -> "subprocess.Popen[str]":
        """Start to load a server."""
        contender = server.contender
        lines = [json.dumps(document) for document in documents or self.documents(contender)]
        bodies = files.write_text(self.folder / f"{contender.name}.jsonl", "\n".join(lines))
        asked = {"connections": CLIENTS, "seconds": self.seconds, **options}
        return loading(server.port, contender.path, bodies, **asked)


def slowness(rounds: Sequence[Round]) -> list[float]:
    """Return for each round how many times as long the core took in it as in the fastest, in the slowest of its loads.

    Each load is compared with the same one of other rounds: what a load leaves of the core's caches is its own matter.
    """
    least = [min(run["pace_us"] for run in runs) for runs in zip(*rounds, strict=True)]
    return [
        max(run["pace_us"] / fast if fast else 1 for run, fast in zip(loads, least, strict=True)) for loads in rounds
    ]


def loading(port: int, path: str, bodies: Path, **options: Any) -> "subprocess.Popen[str]":
    """Start the load generator upon an address; `finished` returns its figures."""
    return subprocess.Popen(
        processes.load_command(port, path, bodies, **options),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(generator: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for a load generator and return its figures. Raises AbsentError when it failed."""
    out, said = generator.communicate(timeout=300)
    if generator.returncode:
        raise AbsentError(f"The load generator failed: {' '.join(said.split())[-300:]}")
    found: dict[str, Any] = json.loads(out)
    return found


def median(values: Sequence[Mapping[str, Any]], *keys: str) -> float:
    """Return the median of one figure of several runs; NaN when a run has no such figure."""
    found = []
    for value in values:
        inner: Any = value
        for key in keys:
            inner = inner.get(key, {}) if isinstance(inner, Mapping) else inner
        found.append(float(inner) if isinstance(inner, (int, float)) else math.nan)
    return statistics.median(found)


def prepared(folder: Path, config_path: Path, seconds: float, rounds: int, stops: int) -> Bench:
    """Train the pipeline once, and draw the rows that every server is asked for: complete ones, in the same order."""
    config = replace(settings.load(config_path), store=Store(state=str(folder / "state")))
    found = workload.of(config)
    window = settings.Window(since=config.data.since, until=config.data.until)
    train.run(config, found, window, folder / "bundle")
    bundle = bundles.read(folder / "bundle")
    holdout = rowsets.of_bundle(bundle, found, config).holdout
    features = [column.name for column in bundle.contract.features]
    # Complete, because not every protocol knows a missing number.
    rows = holdout.dropna(subset=features).head(ROWS)
    table = bundle.contract.frame(rows)
    theirs = [dict(zip(features, row, strict=True)) for row in table.to_numpy(dtype=object).tolist()]
    model = bundles.load_model(bundle)
    return Bench(
        folder=folder, bundle=bundle, ours=requests.payload(rows, bundle.contract),
        theirs=theirs, expected=model.predict(rows).scores,
        seconds=seconds, rounds=rounds, stops=stops,
    )  # fmt: skip


def pin() -> None:
    """Stay off the servers' core, where there are two."""
    if processes.LOAD_CORE is not None:
        os.sched_setaffinity(0, {processes.LOAD_CORE})
