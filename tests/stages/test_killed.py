"""Rollouts on this machine whose program is killed after every transition, while users send requests."""

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stages.quick import quick
from targets.test_local import Laptop, command

from gatehouse import config as settings
from gatehouse.canary import state as states
from gatehouse.canary.state import Phase, State
from gatehouse.release import Release
from gatehouse.stages import rollout
from gatehouse.stages.traffic import Traffic
from gatehouse.targets.local import LocalTarget

# The program: settings out of a file, and the release by its name.
PROGRAM = (
    "import sys; from pathlib import Path; from targets.test_local import Laptop, command;"
    "from gatehouse import config; from gatehouse.stages import rollout;"
    "from gatehouse.targets.local import LocalTarget;"
    "found = config.load(Path(sys.argv[1]));"
    "rollout.run(found, getattr(Laptop, sys.argv[2]), target=LocalTarget(found, command, stays=True))"
)
PATIENT = {
    # A planted 40 % cannot be too few errors to tell of so many; and who starts programs all the time answers late.
    "canary": {"minimum_requests": 60, "latency_p95_ms": 1000.0},
    "steps": {"bake_seconds": 0.5, "step_budget_seconds": 90.0},
    "shadow": {"share": 100, "minimum_pairs": 15, "disagreement": 0.5},
}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


def killed_at_every_step(target: LocalTarget, file: Path, candidate: str) -> list[State]:
    """Start a program again and again until the rollout is over; each is killed at the first line that it adds."""
    seen: list[State] = []
    end = time.monotonic() + 240
    while not seen or not seen[-1].over:
        lines = len(seen[-1].history) if seen else 0
        with subprocess.Popen([sys.executable, "-c", PROGRAM, str(file), candidate], env=ENVIRONMENT) as program:
            while program.poll() is None and time.monotonic() < end:
                state = states.from_json(target.load() or "")
                if begun(state) and len(state.history) > lines:
                    os.kill(program.pid, signal.SIGKILL)
                    break
                time.sleep(0.01)
        assert time.monotonic() < end, "It does not come to an end."
        seen.append(states.from_json(target.load() or ""))
    return seen


def begun(state: State) -> bool:
    """Tell whether a state is of the second rollout."""
    return state.canary is not None and state.stable is not None


@pytest.mark.parametrize(
    ("chain", "candidate", "ends"),
    [
        (["canary"], "better", Phase.PROMOTED),
        (["canary"], "failing", Phase.ROLLED_BACK),
        (["blue-green"], "better", Phase.PROMOTED),
        (["shadow", "canary"], "better", Phase.PROMOTED),
        (["shadow", "canary"], "failing", Phase.ROLLED_BACK),
    ],
)
def test_killed_at_every_step(tmp_path, chain, candidate, ends):
    """Whatever it was at, the next program finishes it, and users notice nothing but what was planted."""
    config = quick(tmp_path, rollout={"strategy": chain}, **PATIENT)
    file = tmp_path / "settings.json"
    file.write_text(settings.to_json(config))
    target = LocalTarget(config, command)
    try:
        rollout.run(config, Laptop.good, target=target, say=str)
        with Traffic(target.url, itertools.repeat({"amount": 1.0}), 100) as traffic:
            seen = killed_at_every_step(target, file, candidate)
        assert seen[-1].phase == ends, "\n".join(f"{one.phase} {one.weight} {one.why}" for one in seen[-1].history)
        assert len(seen) >= 3
        serving: Release = getattr(Laptop, candidate) if ends == Phase.PROMOTED else Laptop.good
        assert seen[-1].stable is not None
        assert seen[-1].stable.release == serving
        assert {answer.status for answer in traffic.failures} <= ({500} if candidate == "failing" else set())
    finally:
        target.close()
