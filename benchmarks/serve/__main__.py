"""Load Gatehouse's server and other model servers with one pipeline, and hold the figures against their goals.

The other servers are installed into environments of their own below build/bench the first time. The server has one
core and the load generator the other; each comparison is made in turn in one run. A line that could not be measured
counts as missed. Ends with 1 when a goal is missed.

Examples:
  make bench-serve
  make bench-serve ARGS="--quick"
  make bench-serve ARGS="--only overload --only stop"
"""

import argparse
import math
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.serve import bench as benches
from benchmarks.serve import life, processes, speed
from benchmarks.serve.bench import Bench, Line
from benchmarks.serve.contenders import BUILD, AbsentError
from gatehouse import files
from gatehouse.stages import judgement

ROWS: dict[str, Callable[[Bench], list[Line]]] = {
    "throughput": speed.throughput,
    "cpu": speed.cpu,
    "latency": speed.latency,
    "overload": speed.overload,
    "start": life.start,
    "size": life.size,
    "memory": life.memory,
    "stop": life.stop,
    "sklearn": speed.sklearn,
}
MARKS = {True: "✓", False: "✗"}


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.serve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--config", type=Path, default=Path("gatehouse.toml"), help="settings (%(default)s)")
    made.add_argument("--only", action="append", choices=ROWS, default=[], help="measure this row, and no other")
    made.add_argument("--quick", action="store_true", help="seconds instead of minutes, and figures that vary more")
    made.add_argument("--out", type=Path, default=BUILD / "serve.json", help="where to write (%(default)s)")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it; 0 when all goals are met, else 1."""
    args = parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        print("Training the pipeline ...", file=sys.stderr)
        seconds, rounds, stops = (1.5, 1, 3) if args.quick else (5, 3, 20)
        bench = benches.prepared(Path(folder), args.config, seconds, rounds, stops)
        about = surroundings(bench, quick=args.quick)
        benches.pin()
        lines = [line for row in args.only or ROWS for line in measured(row, bench)] + bench.pace()
    print(table(lines, about))
    files.write_json(args.out, {**about, "lines": [written(line) for line in lines]})
    print(f"Written: {args.out}")
    return 0 if all(line.met for line in lines) else 1


def measured(row: str, bench: Bench) -> list[Line]:
    """Measure one row; what cannot be measured is said, and is not passed."""
    print(f"Measuring {row} ...", file=sys.stderr)
    try:
        found = ROWS[row](bench)
    except AbsentError as error:
        found = [benches.missing(row, row, str(error))]
    for line in found:
        print(shown(line), file=sys.stderr)
    return found


def surroundings(bench: Bench, *, quick: bool) -> dict[str, Any]:
    """Say where and when this was measured, and how busy the machine was."""
    return {
        "commit": judgement.commit(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "pinned": processes.PINNED,
        "load_before": os.getloadavg()[0],
        "quick": quick,
        "bundle": bench.bundle.digest,
    }


def written(line: Line) -> dict[str, Any]:
    """Return a line for the file, where what is no number is null."""
    return {**asdict(line), "observed": None if math.isnan(line.observed) else line.observed}


def shown(line: Line) -> str:
    """Return a line of the table."""
    observed = "-" if math.isnan(line.observed) else f"{line.observed:,.2f}"
    mark = MARKS[line.met] if line.judged else " "
    return f"{mark} {line.text:<60} {observed:>9}   goal {line.goal:<10} {line.note}".rstrip()


def table(lines: Sequence[Line], about: dict[str, Any]) -> str:
    """Return what was measured as plain text."""
    rough = "; quick, so rough" if about["quick"] else ""
    head = f"{about['machine']}, Python {about['python']}; load before {about['load_before']:.1f}{rough}"
    judged = [line for line in lines if line.judged]
    said = f"{sum(line.met for line in judged)} of {len(judged)} goals met"
    return "\n".join(["", head, "", *(shown(line) for line in lines), "", said, ""])


if __name__ == "__main__":
    sys.exit(main())
