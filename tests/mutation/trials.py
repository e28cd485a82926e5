"""The pytest plugin that tries the mutants: the tests are collected once, and each trial is a fork of that process.

Which tests a mutant meets is seen in one run of them all: those that call its function, first those of its own module,
then the quickest. The first that fails ends the trial.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from mutmut.state import state

# Nobody reads the failing example of a mutant, so none is made smaller, which takes hypothesis seconds; and a mutant
# that passes 30 examples lacks an example of its own.
settings.register_profile(
    "mutation", derandomize=True, database=None, deadline=None, max_examples=30, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("mutation")

# A mutant meets all tests of its own module, and of others so many as take these seconds together: what only the
# hundredth test of another module notices lacks a test of its own.
ENOUGH_S = 1.0
# A run that takes so many times as long as it should never ends.
PATIENCE = 10
# Read by mutmut's mutants: which of them is alive, or "stats": note which functions are called.
ALIVE = "MUTANT_UNDER_TEST"


@dataclass(frozen=True)
class Run:
    """One test without mutants: how long it took, and which functions it called."""

    seconds: float
    called: frozenset[str]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take what to try, where to write, and how many at once."""
    parser.addoption("--mutants", help="a file that names a mutant a line")
    parser.addoption("--fates", help="the file to which each trial adds a line")
    parser.addoption("--at-once", type=int, default=1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try all mutants instead of running the tests."""
    names = Path(session.config.getoption("--mutants")).read_text().split()
    if session.testsfailed:
        raise session.Failed("The tests could not be read.")
    runs = rehearse(session)
    by_function: dict[str, list[pytest.Item]] = {}
    for item in sorted(session.items, key=lambda item: runs[item.nodeid].seconds):
        for function in runs[item.nodeid].called:
            by_function.setdefault(function, []).append(item)
    with Path(session.config.getoption("--fates")).open("a") as fates:
        trials = ((name, chosen(name, by_function, runs)) for name in names)
        for number, (name, code) in enumerate(tried(session, trials, runs), 1):
            fates.write(json.dumps([name, code]) + "\n")
            fates.flush()
            if number % 100 == 0:
                print(f"{number} of {len(names)} mutants tried", file=sys.__stderr__, flush=True)
    return True


def rehearse(session: pytest.Session) -> dict[str, Run]:
    """Run every test in a fork, without a mutant, and return what came of each. Raises Failed when one fails."""
    note = Path(session.config.getoption("--fates")).with_name("rehearsal.json")
    child = os.fork()
    if child == 0:
        os.environ[ALIVE] = "stats"
        silence(session)
        runs, failed = {}, ""
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            state()._stats.clear()
            started = time.perf_counter()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            runs[item.nodeid] = (time.perf_counter() - started, sorted(state()._stats))
            failed = failed or (item.nodeid if session.testsfailed else "")
        note.write_text(json.dumps({"failed": failed, "runs": runs}))
        os._exit(0)
    os.waitpid(child, 0)
    found = json.loads(note.read_text())
    if found["failed"]:
        raise session.Failed(f"{found['failed']} fails without any mutant.")
    return {name: Run(seconds, frozenset(called)) for name, (seconds, called) in found["runs"].items()}


def chosen(name: str, by_function: dict[str, list[pytest.Item]], runs: dict[str, Run]) -> list[pytest.Item]:
    """Return the tests that a mutant meets, in their order."""
    function = name.partition("__mutmut_")[0]
    *folders, module, _ = function.split(".")[1:]
    own = "/".join(["tests", *folders, f"test_{module}.py"])
    items = by_function.get(function, [])
    taken = [item for item in items if item.nodeid.startswith(own)]
    others, spent = [item for item in items if not item.nodeid.startswith(own)], 0.0
    for item in others:
        spent += runs[item.nodeid].seconds
        if spent < ENOUGH_S or not taken:
            taken.append(item)
    return taken


def tried(
    session: pytest.Session, trials: Iterator[tuple[str, list[pytest.Item]]], runs: dict[str, Run]
) -> Iterator[tuple[str, int]]:
    """Yield each mutant and how its process ended: 0 when no test noticed it, 1 when one did, -n by signal n."""
    at_once, alive = session.config.getoption("--at-once"), {}
    for name, items in trials:
        if not items:
            yield name, 0
            continue
        child = os.fork()
        if child == 0:
            attempt(session, name, items, sum(runs[item.nodeid].seconds for item in items))
        alive[child] = name
        if len(alive) >= at_once:
            yield ended(alive)
    while alive:
        yield ended(alive)


def ended(alive: dict[int, str]) -> tuple[str, int]:
    """Wait until a trial ends; return its mutant and its exit code."""
    child, status = os.wait()
    return alive.pop(child), os.waitstatus_to_exitcode(status)


def attempt(session: pytest.Session, name: str, items: list[pytest.Item], seconds: float) -> None:
    """Run the tests with one mutant alive, and end this process."""
    limit = int(PATIENCE * (1 + seconds))
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    os.environ[ALIVE] = name
    silence(session)
    try:
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                os._exit(1)
    except BaseException:
        os._exit(1)
    os._exit(0)


def silence(session: pytest.Session) -> None:
    """Let this process say nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    session.config.pluginmanager.unregister(reporter)
