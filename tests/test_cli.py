"""The command line: one exit code for each decision, a verdict on disk in every case, and no traceback for a user."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from gatehouse import cli, verdicts
from gatehouse.errors import DataError
from gatehouse.stages import judgement
from gatehouse.verdicts import Check, Decision


def step(outcome):
    """Make a step that ends in a decision, or raises an exception."""
    module = ModuleType("gatehouse.stages.example", "Do an example.\n\nExamples:\n  scripts/example.py")
    module.arguments = lambda parser: None

    def main(config, args):
        if isinstance(outcome, BaseException):
            raise outcome
        return judgement.make("example", [Check("it", outcome, "Because.")], details={"outputs": {"size": 3}})

    module.main = main
    return module


@pytest.fixture
def arguments(tmp_path):
    """Return a command line with settings of its own."""
    (tmp_path / "gatehouse.toml").write_text("")
    return ["--config", str(tmp_path / "gatehouse.toml"), "--out", str(tmp_path / "out" / "example.json")]


@pytest.mark.parametrize(
    ("decision", "code"),
    [(Decision.PROMOTE, 0), (Decision.HOLD, 0), (Decision.REJECT, 1), (Decision.ERROR, 2)],
)
def test_decision_gives_code(arguments, decision, code, capsys):
    """Promote and hold are 0, reject is 1, error is 2; the verdict is written and said."""
    assert cli.run(step(decision), arguments) == code
    assert verdicts.from_json(Path(arguments[-1]).read_text()).decision == decision
    assert "Because." in capsys.readouterr().out


def test_known_error_is_said(arguments, capsys):
    """An error that we raise ends in the verdict `error`, without a traceback."""
    assert cli.run(step(DataError("There is no file x.csv.")), arguments) == 2
    said = capsys.readouterr()
    assert "There is no file x.csv." in said.out
    assert "Traceback" not in said.out + said.err


def test_defect_is_no_reject(arguments, capsys):
    """Python's exit code for a crash is 1; here it must not read as a rejected model."""
    assert cli.run(step(ZeroDivisionError("oops")), arguments) == 2
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_interrupt_leaves_no_verdict(arguments, tmp_path):
    """An interrupted step leaves no verdict behind, not even an earlier run's."""
    cli.run(step(Decision.PROMOTE), arguments)
    assert cli.run(step(KeyboardInterrupt()), arguments) == 130
    assert not (tmp_path / "out" / "example.json").exists()


def test_workflow_gets_outputs(arguments, tmp_path, monkeypatch):
    """In a workflow the decision and the outputs reach the next steps, and the summary its page."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    cli.run(step(Decision.HOLD), arguments)
    assert (tmp_path / "output").read_text() == "decision=hold\nsize=3\n"
    assert "HOLD" in (tmp_path / "summary.md").read_text()


def test_missing_settings_are_named(tmp_path, capsys):
    """A settings file that is not there is an error that says how to name one."""
    code = cli.run(
        step(Decision.PROMOTE), ["--config", str(tmp_path / "no.toml"), "--out", str(tmp_path / "verdict.json")]
    )
    assert code == 2
    assert "--config" in json.loads((tmp_path / "verdict.json").read_text())["why"]


def test_unwritable_verdict_fails(arguments, tmp_path, capsys):
    """A verdict that cannot be written is no verdict: the step fails."""
    (tmp_path / "out").write_text("a file where a folder should be")
    assert cli.run(step(Decision.PROMOTE), arguments) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_help_shows_examples(capsys):
    """--help shows how the step is called."""
    with pytest.raises(SystemExit) as ended:
        cli.run(step(Decision.PROMOTE), ["--help"])
    assert ended.value.code == 0
    assert "scripts/example.py" in capsys.readouterr().out
