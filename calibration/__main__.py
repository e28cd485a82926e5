"""Simulate how often the rules are right, beside what is popular, and print it with intervals.

Ends with 1 when a rate misses its goal. Every figure follows from the seed, on however many cores.

Examples:
  make calibrate                                   every table, in minutes
  make calibrate ARGS="--only drift"               one of them
  make calibrate ARGS="--runs 200"                 a quick look: few runs prove little, so expect ✗
  make calibrate ARGS="--page docs/CALIBRATION.md" write the page again as well (with --only: that table of it)
"""

import argparse
import os
import platform
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from calibration import record, wording
from calibration.record import Found
from calibration.scenarios import Table
from calibration.simulation import simulate
from calibration.tables import TABLES
from gatehouse import files
from gatehouse.stages import judgement


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = argparse.ArgumentParser(
        prog="python -m calibration", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--only", choices=TABLES, help="one table instead of all")
    made.add_argument("--runs", type=positive, help="runs of each situation, instead of as many as settle its rows")
    made.add_argument("--seed", type=int, default=0, help="of every draw (%(default)s)")
    made.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, help="processes (%(default)s: one a core)")
    made.add_argument("--out", type=Path, default=Path("build/calibration"), help="folder of the JSON (%(default)s)")
    made.add_argument("--page", type=Path, help="Markdown page to write as well; it keeps tables that are left out")
    return made


def positive(text: str) -> int:
    """Read a number of 1 or more."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate what is asked for, print it, write it; 0 when every rate meets its goal, else 1."""
    args = parser().parse_args(argv)
    wanted = [args.only] if args.only else list(TABLES)
    found = {name: simulated(name, TABLES[name], args) for name in wanted}
    if args.page:
        earlier = files.read_text(args.page, "page") if args.page.exists() else ""
        sections = [wording.markdown(item, made(args)) for item in found.values()]
        print(f"Written: {files.write_text(args.page, wording.page(sections, earlier))}")
    return 0 if all(item.met for item in found.values()) else 1


def simulated(name: str, table: Table, args: argparse.Namespace) -> Found:
    """Simulate one table, print it and write its JSON."""
    start = time.monotonic()

    def progress(done: int, whole: int) -> None:
        if sys.stderr.isatty() or done == whole:
            seconds = time.monotonic() - start
            print(f"\r{name}: {done:,} of {whole:,} runs, {seconds:.0f} s ", end="", file=sys.stderr, flush=True)

    totals = simulate(table, seed=args.seed, runs=args.runs, jobs=args.jobs, progress=progress)
    print(file=sys.stderr)
    found = record.of(table, totals, time.monotonic() - start)
    print(wording.console(found))
    about = {"commit": judgement.commit(), "seed": args.seed, "runs": args.runs, "machine": machine(args)}
    print(f"Written: {files.write_json(args.out / f'{name}.json', {**about, **record.to_dict(found)})}\n")
    return found


def arguments(args: argparse.Namespace) -> str:
    """Return the arguments that change the figures, as a person would give them to make."""
    given = [f"--{name} {getattr(args, name)}" for name in ("only", "runs", "seed") if getattr(args, name)]
    return f' ARGS="{" ".join(given)}"' if given else ""


def made(args: argparse.Namespace) -> str:
    """Say how a table was made."""
    commit = judgement.commit() or "unknown"
    return f"Made by `make calibrate{arguments(args)}` from commit `{commit}` with seed {args.seed} on {machine(args)},"


def machine(args: argparse.Namespace) -> str:
    """Say on what it ran."""
    return f"{args.jobs} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    warnings.simplefilter("error")
    raise SystemExit(main())
