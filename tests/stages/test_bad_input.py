"""What users get wrong: exit code 2, a sentence that says what to do, and nothing half-written."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatehouse import bundle as bundles
from gatehouse import cli, files
from gatehouse.registry import connect
from gatehouse.stages import check_drift, check_model, gate, judgement, register, rollout, train, validate_data
from gatehouse.targets import local_router
from gatehouse.verdicts import Check, Decision

SETTINGS = """
[workload]
package = "workloads.sklearn_binary"
[gate]
metric = "log_loss"
delta = 0.1
floor = 0.5
[validate]
minimum_rows = 100
"""


@dataclass
class Project:
    """A folder with settings, and what a step said last."""

    folder: Path
    said: str = ""

    def run(self, step, *arguments: str) -> int:
        """Run a step as its script does, and keep what it said."""
        out = self.folder / "verdict.json"
        code = cli.run(step, ["--config", str(self.folder / "gatehouse.toml"), "--out", str(out), *arguments])
        self.said = json.loads(out.read_text())["why"]
        return code

    def judge(self, bundle: Path) -> int:
        """Run the gate on a bundle that every other check has let through."""
        about = train.subject(bundles.read(bundle))
        for step in (*gate.BEFORE, register.SERVED):
            passed = judgement.make(step, [Check(step, Decision.PROMOTE, "Nothing was found.")], subject=about)
            files.write_text(self.folder / "verdicts" / f"{step}.json", passed.to_json())
        return self.run(gate, "--bundle", str(bundle), "--verdicts", str(self.folder / "verdicts"))


@pytest.fixture
def project(tmp_path, capsys) -> Project:
    """Make a project in a folder with a space in its name; nobody may see a traceback in it."""
    folder = tmp_path / "my project"
    folder.mkdir()
    (folder / "gatehouse.toml").write_text(SETTINGS)
    yield (made := Project(folder))
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err + made.said


@pytest.fixture
def bundle(project, trained) -> Path:
    """Copy a good bundle into the project."""
    copy = project.folder / "bundle"
    copy.mkdir()
    for file in trained.bundle.path.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no file"), (b"", "cannot be read as CSV"), (b"\x00\x01\x02\xff", "cannot be read as CSV")],
    ids=["missing", "empty", "no CSV"],
)
def test_unreadable_file(project, content, said):
    """A file that is missing, empty or no CSV is an error, not a failed validation."""
    path = project.folder / "rows.csv"
    if content is not None:
        path.write_bytes(content)
    assert project.run(validate_data, "--rows", str(path)) == 2
    assert said in project.said


def test_schema_mismatch(project):
    """A file of something else is refused, and the missing columns are named."""
    path = project.folder / "rows.csv"
    path.write_text("a,b\n" + "1,2\n" * 200)
    assert project.run(validate_data, "--rows", str(path)) == 1
    assert "not in the data" in project.said


def test_corrupt_bundle(project, bundle):
    """A model file that was changed after training is never loaded."""
    (bundle / "model.skops").write_bytes(b"something else")
    assert project.run(check_model, "--bundle", str(bundle)) == 2
    assert "was changed after training" in project.said


def test_missing_bundle(project):
    """Without a bundle the error says which step makes one."""
    assert project.run(gate, "--bundle", str(project.folder / "none")) == 2
    assert "Run train first" in project.said


def test_wrong_hash(project, bundle):
    """A verdict about another bundle does not let this one through."""
    assert project.judge(bundle) == 0
    verdict = project.folder / "gate.json"
    document = json.loads((project.folder / "verdict.json").read_text())
    document["subject"]["bundle"] = "0" * 64
    verdict.write_text(json.dumps(document))
    assert project.run(register, "--bundle", str(bundle), "--verdict", str(verdict)) == 2
    assert "stale" in project.said
    assert not (project.folder / ".gatehouse" / "bundles").exists()


def test_no_champion(project):
    """Without a champion there is no reference for the drift check."""
    assert project.run(check_drift, "--log", str(project.folder)) == 2
    assert "no champion" in project.said


def test_no_challenger(project):
    """Without a challenger there is nothing to roll out."""
    assert project.run(rollout) == 2
    assert "no challenger" in project.said


def test_unknown_setting(project):
    """A mistyped key names the nearest one."""
    (project.folder / "gatehouse.toml").write_text("[gate]\ndetla = 0.1\n")
    assert project.run(gate) == 2
    assert "Did you mean 'delta'?" in project.said


def test_no_workload(project):
    """A workload that is not there is named."""
    (project.folder / "gatehouse.toml").write_text('[workload]\npackage = "nobody"\n')
    assert project.run(train, "--bundle", str(project.folder / "new")) == 2
    assert "nobody" in project.said
    assert not (project.folder / "new").exists()


@pytest.fixture
def challenger(project, bundle) -> Path:
    """Register the bundle, and return the verdict that let it through."""
    verdict = project.folder / "verdicts" / "gate.json"
    assert project.judge(bundle) == 0
    verdict.write_text((project.folder / "verdict.json").read_text())
    assert project.run(register, "--bundle", str(bundle), "--verdict", str(verdict)) == 0
    return verdict


def test_port_in_use(project, challenger):
    """A port that another program has is named, and the registry's champion does not move."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (project.folder / "gatehouse.toml").open("a") as stream:
            stream.write(f"[rollout]\nport = {port}\nstaging = 'off'\n")
        assert project.run(rollout, "--verdict", str(challenger)) == 2
    assert f"Port {port} is in use" in project.said
    assert connect(cli.config.load(project.folder / "gatehouse.toml")).champion() is None


def test_traefik_missing(project, challenger, monkeypatch):
    """Without the router's program the error says how to install it."""
    with (project.folder / "gatehouse.toml").open("a") as stream:
        stream.write("[rollout]\nstaging = 'off'\n")
    monkeypatch.setattr(local_router.shutil, "which", lambda *args, **kwargs: None)
    assert project.run(rollout, "--verdict", str(challenger)) == 2
    assert "traefik" in project.said.lower()
