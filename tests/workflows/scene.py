"""A clone of this repository as its user has it, and what happens when its workflows run.

The workflows run with act, for real: every step's commands on this machine, images in a real registry, containers on a
real engine. GATEHOUSE_ACT is the command that does it. It takes act's options, and keeps artifacts in
$ACT_STATE/artifacts/NAME. What GitHub itself does (deciding that a workflow starts) is played by the test.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import image_registry
import pytest

from gatehouse import ledger, shell, verdicts
from gatehouse.config import Config
from gatehouse.config import Registry as Settings
from gatehouse.targets import docker, ports, waiting
from gatehouse.verdicts import Verdict

ROOT = Path(__file__).parents[2]
# The marks of every test that runs a workflow.
BY_ACT = [
    pytest.mark.act,
    pytest.mark.skipif(not os.environ.get("GATEHOUSE_ACT"), reason="GATEHOUSE_ACT names no command that runs act"),
    pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="these tests need each other: run them without -n"),
]
# What the shell of the tests sets for itself would reach every step.
OURS = ("GATEHOUSE_", "GITHUB_", "MLFLOW_", "PYTEST_", "MAKE", "MFLAGS", "VIRTUAL_ENV", "PYTHON", "BANK_")
# A rollout of seconds in place of hours; and what else this machine does shall hold nothing.
QUICK = {
    "latency": {"p95_ms": "5000.0", "median_ratio": "5.0", "p95_ratio": "9.0", "requests": "40", "rounds": "1"},
    "rollout": {"poll_seconds": "0.5", "drain_seconds": "2.0"},
    "steps": {"steps": "[5, 25, 50, 100]", "bake_seconds": "2.0", "step_budget_seconds": "120.0"},
    "comparison": {"harmless_rate": "0.3", "same_late": "10.0", "bursts": "1.0"},
    "serving": {"maximum_lag_ms": "5000.0"},
    "canary": {"latency_p95_ms": "1000.0", "minimum_requests": "10", "minimum_latency_requests": "10"},
}


@dataclass(frozen=True)
class Run:
    """A workflow's run: act's exit code, what it said, and the artifacts that it left."""

    code: int
    said: list[Mapping[str, Any]]
    artifacts: Path

    @property
    def jobs(self) -> dict[str, str]:
        """What came of each job that was begun: `success` or `failure`."""
        return {str(line["jobID"]): str(line["jobResult"]) for line in self.said if "jobResult" in line}

    def verdict(self, artifact: str, step: str) -> Verdict:
        """Return the verdict of a step out of an artifact."""
        found = sorted((self.artifacts / artifact).rglob(f"{step}.json"))
        assert found, f"The artifact '{artifact}' holds no verdict of {step}.\n{self}"
        return verdicts.from_json(found[0].read_text())

    def __str__(self) -> str:
        """Return the end of what each job printed."""
        lines: dict[str, list[str]] = {}
        for line in self.said:
            if line.get("raw_output") or "Failure" in line["msg"]:
                text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", str(line["msg"])).rstrip()
                lines.setdefault(str(line.get("jobID", "act")), []).append(text)
        return "\n".join(f"--- {job}\n" + "\n".join(texts[-40:]) for job, texts in lines.items())


@dataclass
class Scene:
    """The clone in `folder`/"a clone", with an image name, a state folder and a port of its own."""

    folder: Path
    image: str
    port: int = field(default_factory=ports.free)
    runs: int = 0

    @property
    def clone(self) -> Path:
        """The clone's work tree; its path has a space, as users' paths do."""
        return self.folder / "a clone"

    @property
    def state_branch(self) -> Path:
        """The repository that keeps the branch of the state, as GitHub does: the clone's own origin is not there."""
        return self.folder / "a remote.git"

    @property
    def url(self) -> str:
        """The address that users reach once a version is rolled out."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """The folder to which the servers write their predictions."""
        return self.folder / "prediction log"

    @property
    def on_docker(self) -> dict[str, str]:
        """The repository's variables, as a user sets them who serves on a Docker host."""
        state = str(self.folder / "the state")
        return {"GATEHOUSE_TARGET": "docker", "GATEHOUSE_LOG": str(self.log), "GATEHOUSE_STATE": state}

    @property
    def recorded(self) -> list[dict[str, Any]]:
        """What the ledger says of versions that took over or went back, without the steps between."""
        return [entry for entry in ledger.read(self.folder / "the state") if entry["event"] != "rollout"]

    def prepare(self) -> None:
        """Clone what is committed, and set what a user would set for a quick rollout."""
        self.git("init", "--quiet", "--bare", str(self.state_branch), cwd=self.folder)
        self.git("clone", "--quiet", str(ROOT), str(self.clone), cwd=self.folder)
        self.git("remote", "set-url", "origin", "https://github.com/you/model")
        self.git("checkout", "--quiet", "-B", "main")
        for section, keys in QUICK.items():
            self.set(section, **keys)
        self.set("rollout", port=str(self.port))
        self.commit("Set up")

    def set(self, section: str, **keys: str) -> None:
        """Change settings in gatehouse.toml; a key that does not stand there fails the test."""
        path = self.clone / "gatehouse.toml"
        before, head, rest = path.read_text().partition(f"\n[{section}]")
        body, end, after = rest.partition("\n\n")
        for key, value in keys.items():
            body, found = re.subn(rf"(?m)^{key} *= *(\[.*?\]|\S+)", f"{key} = {value}", body)
            assert found == 1, f"[{section}] {key} stands {found} times in gatehouse.toml"
        path.write_text(before + head + body + end + after)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text in a file of the clone; one that is not there fails the test."""
        path = self.clone / file
        assert old in path.read_text(), f"{file} does not hold {old!r}"
        path.write_text(path.read_text().replace(old, new))

    @contextmanager
    def branch(self, name: str) -> Iterator[None]:
        """Work on a branch; in the end the clone is on main again, as it was."""
        self.git("checkout", "--quiet", "-b", name, "main")
        try:
            yield
        finally:
            self.git("checkout", "--quiet", "--force", "main")

    def commit(self, message: str) -> None:
        """Commit all changes of the clone."""
        author = ("-c", "user.name=A user", "-c", "user.email=user@example.org")
        self.git(*author, "commit", "--quiet", "--all", "--message", message)

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run git in the clone."""
        return shell.run(["git", *arguments], cwd=cwd or self.clone).strip()

    def act(
        self,
        event: str,
        workflow: str,
        *options: str,
        variables: Mapping[str, str] | None = None,
        after: Run | None = None,
        kill: Callable[[], bool] | None = None,
    ) -> Run:
        """Let an event start a workflow, and return when it has ended; it finds the artifacts of the run `after`.

        It is killed, with all its steps, as soon as `kill` holds.
        """
        self.runs += 1
        state, log = self.folder / "act state", self.folder / f"run {self.runs}.jsonl"
        command = [
            *shlex.split(os.environ["GATEHOUSE_ACT"]),
            event,
            "--json",
            "--workflows",
            f".github/workflows/{workflow}",
        ]
        # act gives steps a terminal, and builds would draw on it; its own path may have no space.
        command += ["--env", "BUILDKIT_PROGRESS=plain", "--env", f"GATEHOUSE_STATE_REMOTE={self.state_branch}"]
        command += ["--action-cache-path", str(self.folder / "workspaces"), *options]
        for name, value in {"GATEHOUSE_IMAGE": self.image, **(variables or {})}.items():
            command += ["--var", f"{name}={value}"]
        if after is not None:
            # Without act's marks of the run that made them, as they would all be taken for this run's own.
            shutil.copytree(after.artifacts, state / "artifacts", ignore=shutil.ignore_patterns(".run"))
        with log.open("w") as stream:
            code = ended(command, self.clone, clean(state), stream, kill)
        kept = self.folder / f"artifacts of run {self.runs}"
        (state / "artifacts").rename(kept)
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        return Run(code, lines, kept)

    def clear(self) -> None:
        """Remove what runs or is stored outside of the folder, and the environments that act made within it."""
        target = docker.of(Config(registry=Settings(image=self.image)))
        target.remove()
        target.close()
        image_registry.forget(self.image)
        for name in ("act state", "workspaces"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


@contextmanager
def cloned(folder: Path) -> Iterator[Scene]:
    """Give a user's clone in a folder; whatever its workflows started is removed in the end."""
    scene = Scene(folder, image_registry.new_name())
    try:
        scene.prepare()
        yield scene
    finally:
        scene.clear()


def clean(state: Path) -> dict[str, str]:
    """Return the environment of a user's shell, with act's state in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {"ACT_STATE": str(state)}


def ended(
    command: list[str],
    cwd: Path,
    env: Mapping[str, str],
    stream: Any,
    kill: Callable[[], bool] | None = None,
    minutes: float = 15,
) -> int:
    """Run act to its end, or until `kill` holds, and return its exit code; no process of it is left."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdout=stream,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            if kill is not None:
                waiting.until(lambda: kill() or process.poll() is not None, minutes * 60, "There was nothing to kill")
                shell.run(["pkill", "-KILL", "--session", str(process.pid)])
            return process.wait(minutes * 60)
        finally:
            # act ends its steps when it is interrupted, and not when it is killed.
            for number, seconds in ((signal.SIGINT, 30), (signal.SIGKILL, 10)):
                if process.poll() is None:
                    os.killpg(process.pid, number)
                    stopped(process, seconds)


def stopped(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for a process that was told to end, and no longer than `seconds`."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
