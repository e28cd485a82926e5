"""Time the gates on many holdout rows against one scoring of those rows by the example's model, in one run.

The rows are those of the real holdout, drawn with replacement, with a column of 50 levels more to slice by. What is
timed is all that the gate stage does with two models' answers; what is printed is the median of a few rounds. Ends
with 1 when the gates take as long as the scoring, or when a model is scored more than once.

Examples:
  make bench-gates
  make bench-gates ARGS="--rows 1000000 --rounds 3"
  make bench-gates ARGS="--profile"                where the time goes
"""

import argparse
import cProfile
import io
import pstats
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from gatehouse import bundle as bundles
from gatehouse import config as settings
from gatehouse import files, workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config, Store
from gatehouse.predictions import Predictions
from gatehouse.registry import connect
from gatehouse.serving import runtime
from gatehouse.serving.runtime import Model
from gatehouse.stages import gate, judgement, train
from gatehouse.stages import rows as rowsets
from gatehouse.stages.rows import Rows
from gatehouse.workload import Workload

COLUMN, LEVELS = "slice of the benchmark", 50
GOAL = 1.0
MARKS = {True: "✓", False: "✗"}


@dataclass(frozen=True)
class Scene:
    """The example, a champion and a candidate that were trained on it, and the rows that judge them."""

    config: Config
    found: Workload
    champion: Bundle
    candidate: Bundle
    rows: Rows


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.gates", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--config", type=Path, default=Path("gatehouse.toml"), help="settings (%(default)s)")
    made.add_argument("--rows", type=int, default=100_000, help="holdout rows (%(default)s)")
    made.add_argument("--rounds", type=int, default=7, help="of scoring and judging in turn (%(default)s)")
    made.add_argument("--metric", help="instead of the example's own; one without a formula takes a bootstrap")
    made.add_argument("--profile", action="store_true", help="show where the gates' time goes, too")
    made.add_argument("--out", type=Path, default=Path("build/bench/gates.json"), help="where to write (%(default)s)")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it; 0 when both goals are met, else 1."""
    args = parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        print("Training a champion and a candidate ...", file=sys.stderr)
        config = settings.load(args.config)
        if args.metric:
            config = replace(config, gate=replace(config.gate, metric=args.metric))
        scene = prepared(config, Path(folder), args.rows)
        calls = scorings(scene)
        found = measured(scene, args.rounds, calls)
        print(table(found, args.rows))
        if args.profile:
            print(profiled(scene))
    files.write_json(args.out, {"commit": judgement.commit(), "holdout_rows": args.rows, **found})
    print(f"Written: {args.out}")
    return 0 if found["met"] else 1


def prepared(config: Config, folder: Path, count: int) -> Scene:
    """Train two models by the train stage, register the first as champion, and draw the rows to judge by."""
    config = replace(config, store=Store(state=str(folder / "state")), slices=sliced(config))
    found = workload.of(config)
    window = settings.Window(since=config.data.since, until=config.data.until)
    pair = []
    for seed, name in enumerate(("champion", "candidate")):
        train.run(config, found, window, folder / name, seed=seed)
        pair.append(bundles.read(folder / name))
        if name == "champion":
            registry = connect(config)
            registry.promote(registry.register(pair[0]), "for the benchmark")
    rows = rowsets.of_bundle(pair[1], found, config)
    return Scene(config, found, pair[0], pair[1], replace(rows, holdout=drawn(rows.holdout, count)))


def sliced(config: Config) -> Any:
    """Return the settings of the slices with the benchmark's column beside their own."""
    return replace(config.slices, columns=(*config.slices.columns, COLUMN))


def drawn(holdout: pd.DataFrame, count: int) -> pd.DataFrame:
    """Draw rows with replacement, and give each one of 50 levels."""
    random = np.random.default_rng(0)
    rows = holdout.iloc[random.integers(0, len(holdout), count)].reset_index(drop=True)
    names = np.array([f"level {number}" for number in range(LEVELS)])
    return rows.assign(**{COLUMN: names[random.integers(0, LEVELS, count)]})


@dataclass(frozen=True)
class Watched:
    """A model that counts how often it is asked for a table."""

    model: Model
    name: str
    calls: Counter[str]

    def predict_table(self, rows: pd.DataFrame) -> Predictions:
        """Count, and answer."""
        self.calls[self.name] += 1
        return self.model.predict_table(rows)


def scorings(scene: Scene) -> Counter[str]:
    """Run the whole gate stage on the real holdout, and count how often each model scores it."""
    calls: Counter[str] = Counter()
    names = {bundle.digest: name for name, bundle in (("champion", scene.champion), ("candidate", scene.candidate))}
    load = runtime.load

    def watched(bundle: Bundle) -> Watched:
        return Watched(load(bundle), names[bundle.digest], calls)

    declared = replace(scene.config.slices, columns=scene.config.slices.columns[:-1])
    config = replace(scene.config, slices=declared)
    with mock.patch.object(runtime, "load", watched):
        gate.run(config, scene.found, scene.candidate, connect(config))
    return calls


def answers(scene: Scene) -> tuple[Predictions, Predictions]:
    """Return what champion and candidate answer for the rows."""
    champion, candidate = (
        runtime.load(bundle).predict_table(scene.rows.holdout) for bundle in (scene.champion, scene.candidate)
    )
    return champion, candidate


def judging(scene: Scene) -> Callable[[], list[Any]]:
    """Return what judges the rows from the answers on, with nothing remembered from the time before."""
    champion, candidate = answers(scene)
    return lambda: gate.judged(scene.config, scene.found, scene.rows, replace(champion), replace(candidate))


def measured(scene: Scene, rounds: int, calls: Counter[str]) -> dict[str, Any]:
    """Score and judge in turn; the ratio of the medians is what counts."""
    model, judge = runtime.load(scene.candidate), judging(scene)
    times = [(seconds(lambda: model.predict_table(scene.rows.holdout)), seconds(judge)) for _ in range(rounds)]
    scoring, gates = (statistics.median(column) for column in zip(*times, strict=True))
    once = set(calls.values()) == {1}
    slices = sum(check.name.startswith("slice ") for check in judge())
    return {
        "scoring_seconds": scoring,
        "gate_seconds": gates,
        "ratio": gates / scoring,
        "metric": scene.config.gate.metric,
        "slices": slices,
        "scorings": dict(calls),
        "met": once and gates / scoring < GOAL,
    }


def seconds(action: Callable[[], Any]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def table(found: dict[str, Any], rows: int) -> str:
    """Return what was measured as plain text."""
    asked = ", ".join(f"{name} {count}" for name, count in found["scorings"].items())
    fast, once = MARKS[found["ratio"] < GOAL], MARKS[set(found["scorings"].values()) == {1}]
    lines = [
        f"{rows:,} holdout rows, {found['slices']} slices, {found['metric']}; medians",
        "",
        f"  score them once with the example's model  {1000 * found['scoring_seconds']:>10,.1f} ms",
        f"  judge two models' answers to them         {1000 * found['gate_seconds']:>10,.1f} ms",
        f"{fast} ratio                                     {found['ratio']:>10.2f}     goal: < {GOAL:g}",
        f"{once} how often the gate scores the holdout     {asked}     goal: once each",
        "",
    ]
    return "\n".join(lines)


def profiled(scene: Scene) -> str:
    """Return where the gates' time goes, by function."""
    judge, profile, text = judging(scene), cProfile.Profile(), io.StringIO()
    profile.runcall(judge)
    pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(30)
    return text.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
