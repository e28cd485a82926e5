"""Dispatching: a workflow is started on a branch with its inputs, and a mistyped input is an error."""

import github_api
import pytest

from gatehouse import cli, github
from gatehouse.config import Config
from gatehouse.errors import ConfigError
from gatehouse.stages import dispatch
from gatehouse.verdicts import Decision


@pytest.fixture
def seen(monkeypatch):
    """Return what the stand-in for GitHub's API has seen."""
    with github_api.running() as api:
        for name, value in {"API_URL": api.url, "REPOSITORY": "you/model", "TOKEN": "t0ken"}.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        yield api.seen


def started(*argv):
    """Run the step with a command line."""
    return dispatch.main(Config(), cli.parser(dispatch).parse_args(argv))


def test_workflow_is_started(seen, monkeypatch):
    """The branch of the run and every input are sent, and the verdict says so."""
    monkeypatch.setenv("GITHUB_REF_NAME", "trunk")
    verdict = started("--workflow", "release.yml", "--input", "window=sliding", "--input", "why=a=b")
    assert verdict.decision == Decision.PROMOTE
    assert "release.yml on trunk" in verdict.why
    path, _, body = seen[0]
    assert path == "/repos/you/model/actions/workflows/release.yml/dispatches"
    assert body == {"ref": "trunk", "inputs": {"window": "sliding", "why": "a=b"}}


def test_mistyped_input_raises(seen):
    """An input without a value is refused before anything is started."""
    with pytest.raises(ConfigError, match="NAME=VALUE, not 'window'"):
        started("--workflow", "release.yml", "--input", "window")
    assert not seen


def test_unknown_workflow_raises(seen):
    """A workflow that GitHub does not know is an error with its answer."""
    with pytest.raises(github.GithubError, match="404"):
        started("--workflow", "none.yml")
