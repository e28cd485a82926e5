"""Mutation testing: how many small changes of the rules the rules' own tests notice.

A mutant is the code with one operator, number, text or argument changed; it is killed when a test fails. mutmut makes
them, in a copy of the repository in build/mutation, and tests/mutation/trials.py tries them. A run that is interrupted
goes on where it stopped. What was killed stays so until its function changes; what survived is tried again when a test
has changed.

    make mutation                        all that is not decided yet; then the table
    make mutation ARGS="--fresh"         all of them again
    make mutation ARGS="drift.psi"       those of one module or folder again, and no others
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from mutation import mutants, outcomes
from mutation.mutants import Mutant
from mutation.outcomes import Fate, Ledger, Outcome

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/mutation"
COPIED = ("src", "tests", "examples", "data", "pyproject.toml", "gatehouse.toml")
RULES = ("gates", "drift", "canary", "verdicts.py")
TESTS = ("tests/gates", "tests/drift", "tests/canary", "tests/test_verdicts.py")
# Simulations of error rates: they take seconds, and a mutant that only they notice lacks a test of its own.
LEFT_OUT = "not rates_are_nominal"
LEAST = 0.85


def main(argv: list[str] | None = None) -> int:
    """Try every mutant, write what came of it, and tell whether enough were killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", action="store_true", help="forget what was found before")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at the same time (%(default)s)")
    parser.add_argument("modules", nargs="*", help="modules below gatehouse to try again, as drift.psi or gates")
    args = parser.parse_args(argv)
    if args.fresh:
        shutil.rmtree(BUILD, ignore_errors=True)
    copy()
    every = mutate()
    ledger = Ledger(BUILD / "ledger.json", sha256(b"".join(file.read_bytes() for file in tests())).hexdigest())
    ledger.add(every, fates())  # of a run that was interrupted
    asked = tuple(f"gatehouse.{name}." for name in args.modules)
    due = [mutant for mutant in every if (mutant.name.startswith(asked) if asked else ledger.code(mutant) is None)]
    if due:
        try_mutants(due, args.processes)
        ledger.add(every, fates())
    found = [Outcome(mutant, outcomes.fate(ledger.code(mutant))) for mutant in every]
    alive = [outcome.mutant for outcome in found if outcome.fate == Fate.SURVIVED]
    (BUILD / "survivors.diff").write_text("\n".join(f"{mutant.name}\n{mutant.change}\n" for mutant in alive))
    (BUILD / "report.json").write_text(outcomes.report(found, LEAST))
    print(outcomes.table(found, LEAST))
    print(f"What the survivors change: {BUILD / 'survivors.diff'}")
    return 0 if outcomes.enough(found, LEAST) else 1


def copy() -> None:
    """Bring the copy up to date, except for the rules, which are written with their mutants."""
    rules = set(sources())
    wanted = {path.relative_to(ROOT) for name in COPIED for path in files(ROOT / name)}
    for old in {path.relative_to(BUILD) for name in COPIED for path in files(BUILD / name)} - wanted:
        if not old.name.endswith(".mutants.json"):
            (BUILD / old).unlink()
    for path in wanted:
        if ROOT / path not in rules:
            (BUILD / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, BUILD / path)


def files(path: Path) -> list[Path]:
    """Return the file itself, or all files of a folder, without what Python and installers leave there."""
    found = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return [file for file in found if "__pycache__" not in file.parts and ".egg-info" not in str(file)]


def sources() -> list[Path]:
    """Return the modules that are changed."""
    found = [path for name in RULES for path in files(ROOT / "src/gatehouse" / name)]
    return sorted(path for path in found if path.suffix == ".py")


def tests() -> list[Path]:
    """Return every file on which the tests of the rules may depend."""
    return sorted(path for path in files(ROOT / "tests") if path.suffix == ".py")


def mutate() -> list[Mutant]:
    """Write the rules with their mutants into the copy, and return the mutants."""
    found = []
    for path in sources():
        relative = path.relative_to(ROOT / "src/gatehouse")
        target = BUILD / path.relative_to(ROOT)
        found += mutants.make(path, target, relative.with_suffix("").as_posix())
    return found


def try_mutants(due: Sequence[Mutant], processes: int) -> None:
    """Try these mutants. Raises CalledProcessError when pytest could not do its work."""
    (BUILD / "due.txt").write_text("\n".join(mutant.name for mutant in due))
    # One thread a numeric library: the processes already take every core.
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    environ |= {"PYTHONPATH": f"{BUILD / 'src'}:{BUILD / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"}
    plain = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--tb=native", "--assert=plain", "--capture=no"]
    ours = ["-p", "mutation.trials", f"--mutants={BUILD / 'due.txt'}", f"--fates={BUILD / 'fates.jsonl'}"]
    command = [sys.executable, "-m", "pytest", *plain, *ours, f"--at-once={processes}", f"-k={LEFT_OUT}", *TESTS]
    subprocess.run(command, cwd=BUILD, env=environ, check=True)


def fates() -> dict[str, int]:
    """Return what the trials have written, and clear it away."""
    path = BUILD / "fates.jsonl"
    if not path.is_file():
        return {}
    found = dict(json.loads(line) for line in path.read_text().splitlines() if line.endswith("]"))
    path.unlink()
    return found


if __name__ == "__main__":
    sys.exit(main())
