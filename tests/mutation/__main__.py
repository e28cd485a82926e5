"""Mutation testing: how many small changes of the rules the rules' own tests notice.

A mutant is the code with one operator, number, text or argument changed; it is killed when a test fails. mutmut makes
and tries them, on a copy of the repository in build/mutation. What was decided stays so until the function changes;
when a test changes, the mutants that had survived are tried again.

    make mutation                        all that is not decided yet; then the table
    make mutation ARGS="--fresh"         all of them again
    make mutation ARGS="drift.psi"       those of one module again
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from mutation import outcomes, undecorated
from mutation.outcomes import Fate
from mutmut.mutation.diff_apply import get_diff_for_mutant

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/mutation"
COPIED = ("src", "tests", "examples", "data", "pyproject.toml", "gatehouse.toml")
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
    copy(settings()["only_mutate"])
    retry_survivors()
    patterns = [pattern for name in args.modules for pattern in (f"gatehouse.{name}.x*", f"gatehouse.{name}.*.x*")]
    try_mutants(args.processes, patterns)
    found = outcomes.read(BUILD / "mutants")
    alive = [outcome.name for outcome in found if outcome.fate == Fate.SURVIVED]
    (BUILD / "survivors.diff").write_text(differences(alive))
    print(outcomes.table(found, LEAST))
    print(f"What the survivors change: {BUILD / 'survivors.diff'}")
    return 0 if outcomes.enough(found, LEAST) else 1


def settings() -> dict[str, list[str]]:
    """Return what pyproject.toml tells mutmut."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]


def copy(mutated: list[str]) -> None:
    """Bring the copy up to date; a file that did not change keeps its time, by which mutmut knows it."""
    wanted = {path.relative_to(ROOT) for name in COPIED for path in files(ROOT / name)}
    for old in {path.relative_to(BUILD) for name in COPIED for path in files(BUILD / name)} - wanted:
        for stale in (BUILD / old, BUILD / "mutants" / old):
            stale.unlink(missing_ok=True)
    for path in wanted:
        content = (ROOT / path).read_bytes()
        if any(path.match(pattern) for pattern in mutated):
            content = undecorated.rewrite(content.decode()).encode()
        if not (BUILD / path).is_file() or (BUILD / path).read_bytes() != content:
            (BUILD / path).parent.mkdir(parents=True, exist_ok=True)
            (BUILD / path).write_bytes(content)


def files(path: Path) -> list[Path]:
    """Return the file itself, or all files of a folder, without what Python and installers leave there."""
    found = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return [file for file in found if "__pycache__" not in file.parts and ".egg-info" not in str(file)]


def retry_survivors() -> None:
    """Forget the mutants that survived when any test has changed since: it may kill them now."""
    content = b"".join(file.read_bytes() for file in sorted(files(BUILD / "tests")) if file.suffix == ".py")
    now, seen = hashlib.sha256(content).hexdigest(), BUILD / "tests.sha256"
    if not seen.is_file() or seen.read_text() != now:
        outcomes.forget_survivors(BUILD / "mutants")
        (BUILD / "mutants/mutmut-stats.json").unlink(missing_ok=True)  # which test runs which function
    seen.write_text(now)


def differences(names: list[str]) -> str:
    """Return what each of these mutants changes, as a diff."""
    with contextlib.chdir(BUILD):  # mutmut looks for its files where it is run
        return "\n".join(f"{name}\n{get_diff_for_mutant(name)}" for name in names)


def try_mutants(processes: int, patterns: list[str]) -> None:
    """Run mutmut on the copy. Raises CalledProcessError when it could not do its work."""
    # One thread a numeric library: the processes already take every core.
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": str(BUILD / "tests")}
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(processes), *patterns]
    subprocess.run(command, cwd=BUILD, env=environ, check=True)


if __name__ == "__main__":
    sys.exit(main())
