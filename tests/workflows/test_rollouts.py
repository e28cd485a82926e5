"""rollout.yml, run for real on Docker: a sound version serves under traffic, and candidates with planted faults come.

Each candidate is the image that serves with a fault put around its server, which no gate can see before traffic does.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from workflows.scene import BY_ACT, ROOT, Run, Scene, cloned
from workflows.test_under_act import Released, payments, production, release

from gatehouse import images, shell
from gatehouse.canary import state as states
from gatehouse.canary.state import Phase
from gatehouse.config import Config
from gatehouse.config import Registry as Settings
from gatehouse.serving import requests
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import docker
from gatehouse.verdicts import Decision

pytestmark = [*BY_ACT, pytest.mark.slow]
RATE = 100.0  # requests a second
# Half a percent of errors is what the sound version has, so that ten times as many must be told from that.
USUAL = "--error-share 0.005"
# What is planted, and a pattern of the reason for which the canary must go. Who can read the log sees at once that a
# server swaps classes, others by its predictions beside stable's.
FAULTS = {
    "errors": ("--error-share 0.05", "more errors than stable"),
    "stalls": (f"{USUAL} --stall-every 30 --stall-ms 600", r"more answers above \d+ ms than stable"),
    "swapped classes": (f"{USUAL} --swap", "differs from stable's by a PSI of|bundle, asked again, gives"),
    "crashes": (f"{USUAL} --crash-after 40", "errors"),
    "silence": ("--silent", "errors in|answered none"),
}
PATIENT = {
    # It would find some of the faults before any user does.
    "rollout": {"staging": '"off"'},
    "steps": {"steps": "[10, 50, 100]", "bake_seconds": "5.0", "step_budget_seconds": "300.0"},
    "comparison": {"harmless_rate": "0.02", "same_late": "1.5", "bursts": "1.0"},
    "canary": {"latency_p95_ms": "1000.0", "minimum_requests": "200", "minimum_latency_requests": "200"},
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Return the clone of a user who serves on a Docker host, with rules as a user has them and short bakes."""
    with cloned(tmp_path_factory.mktemp("act")) as made:
        for section, keys in PATIENT.items():
            made.set(section, **keys)
        made.commit("Roll out as it is done")
        yield made


@pytest.fixture(scope="module")
def serving(scene: Scene) -> Released:
    """Release a model to nowhere, and have a copy that fails as often as the real world does serve first."""
    first = release(scene, "push", variables={**scene.on_docker, "GATEHOUSE_TARGET": "none"})
    run = roll_out(scene, first, USUAL)
    assert run.code == 0, str(run)
    return first


def roll_out(scene: Scene, first: Released, fault: str) -> Run:
    """Make a faulty copy of the image that serves the challenger, and dispatch its rollout."""
    challenge(scene, first, fault)
    return dispatch(scene, first)


def dispatch(scene: Scene, first: Released, kill: Callable[[], bool] | None = None) -> Run:
    """Roll out what is registered, with what the first release's run has left."""
    inputs = ("--input", "order=watch", "--input", "run=17", "--input", f"guardian={guardian(first)}")
    return scene.act("workflow_dispatch", "rollout.yml", *inputs, variables=scene.on_docker, after=first.run, kill=kill)


def guardian(first: Released) -> str:
    """Return the image of the pipeline."""
    return str(first.run.verdict("images", "build_images").details["outputs"]["train"])


def challenge(scene: Scene, first: Released, fault: str) -> None:
    """Push the first release's image with a fault around its server, as challenger."""
    name = f"{scene.image}/serve:faulty"
    sources = "\n".join(
        f"COPY src/gatehouse/stages/{file}.py gatehouse/stages/" for file in ("__init__", "faulty_server")
    )
    command = ["python", "-m", "gatehouse.stages.faulty_server", *fault.split()]
    text = f"FROM {first.image}\n{sources}\nCMD {command}\n".replace("'", '"')
    shell.run(["docker", "build", "--quiet", "--tag", name, "--file", "-", "."], cwd=ROOT, stdin=text, timeout=300)
    images.name(images.push(name), "challenger")


@contextmanager
def traffic(scene: Scene, first: Released) -> Iterator[Traffic]:
    """Send payments of July to the users' address."""
    rows = requests.payload(payments(scene, date(2026, 7, 1), date(2026, 8, 1)), first.bundle.contract)
    with Traffic(scene.url, itertools.cycle(rows), RATE) as sent:
        yield sent


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_rolled_back(scene, serving, fault):
    """A candidate that only live traffic finds out is rolled back, for the right reason, and the champion stays."""
    planted, reason = FAULTS[fault]
    before = production(scene)
    with traffic(scene, serving):
        run = roll_out(scene, serving, planted)
    verdict = run.verdict("rollout", "rollout")
    assert verdict.decision == Decision.REJECT, verdict.why
    assert re.search(reason, verdict.why), verdict.why
    assert run.code != 0
    assert production(scene) == before
    entry = scene.recorded[-1]
    assert (entry["event"], entry["to"]["location"] != entry["from"]["location"]) == ("rollback", True)
    assert state(scene).stable.release.location != entry["from"]["location"]


def test_order_is_obeyed(scene, serving):
    """A person looks how it stands by dispatch."""
    run = scene.act("workflow_dispatch", "rollout.yml", "--input", "order=status", variables=scene.on_docker)
    assert run.code == 0, str(run)
    assert "has all traffic" in run.verdict("rollout", "steer").why


def test_clock_has_nothing_to_do(scene, serving):
    """The scheduled run is green where nothing is under way."""
    run = scene.act("schedule", "rollout.yml", variables=scene.on_docker)
    assert run.code == 0, str(run)
    assert run.verdict("rollout", "rollout").why == "No rollout is under way."


def test_killed_workflow_is_picked_up(scene, serving):
    """A workflow that is killed leaves its canary to the guardian, and the next scheduled run tells how it ended."""
    # By halves, and with bursts as they are by default: a busy machine stalls one server for several answers at once.
    scene.set("steps", steps="[50, 100]")
    scene.set("comparison", bursts="3.0")
    scene.commit("Share by halves")
    # Another image, and as good: nobody notices two milliseconds.
    challenge(scene, serving, f"{USUAL} --delay-ms 2")
    with traffic(scene, serving) as sent:
        dispatch(scene, serving, kill=lambda: state(scene).phase == Phase.BAKING)
        at = len(state(scene).history)
        run = scene.act("schedule", "rollout.yml", variables=scene.on_docker)
    assert run.code == 0, str(run)
    verdict = run.verdict("rollout", "rollout")
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert len(verdict.details["history"]) > at
    # What fails is what is planted in either server, and no more than that.
    assert {answer.status for answer in sent.answers} <= {200, 500}, sent.failures[-5:]


def state(scene: Scene) -> states.State:
    """Return the rollout's state beside the traffic."""
    target = docker.of(Config(registry=Settings(image=scene.image)))
    try:
        return states.from_json(target.load() or "")
    finally:
        target.close()
