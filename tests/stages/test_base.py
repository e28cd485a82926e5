"""The base: the pull request's, the branch's, none at the very first commit, and an error where nobody can tell."""

import git_repository
import pytest
from git_repository import git

from gatehouse.errors import EvidenceError
from gatehouse.stages import base


@pytest.fixture(autouse=True)
def laptop(monkeypatch):
    """Forget that the tests themselves may run in a pull request."""
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)


@pytest.fixture
def branched(tmp_path):
    """Return the settings of a repository with a branch that is one commit ahead, and main another."""
    path = git_repository.make(tmp_path / "own", "one")
    git(path.parent, "checkout", "-q", "-b", "feature")
    git_repository.write(path, "two")
    git(path.parent, "checkout", "-q", "main")
    git_repository.write(path.with_name("other"), "three")
    git(path.parent, "checkout", "-q", "feature")
    return path


def test_branch_is_compared_where_it_left(branched):
    """On a laptop it is the commit where the branch left main."""
    assert base.find(branched.parent, None) == git(branched.parent, "rev-parse", "main~1")


def test_pull_request_is_compared_with_its_target(branched, monkeypatch):
    """In a pull request it is the first parent of the merge."""
    git_repository.merge(branched)
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    assert base.find(branched.parent, None) == git(branched.parent, "rev-parse", "main")


def test_squashed_queue_is_compared_with_the_commit_before(branched, monkeypatch):
    """A merge queue that squashes checks out a commit with one parent."""
    monkeypatch.setenv("GITHUB_EVENT_NAME", "merge_group")
    assert base.find(branched.parent, None) == git(branched.parent, "rev-parse", "HEAD^1")


@pytest.mark.parametrize(("depth", "known"), [(1, False), (2, True)])
def test_shallow_checkout_is_named(branched, tmp_path, monkeypatch, depth, known):
    """Two commits are enough; one would look like the first of all, and is an error that says what to set."""
    git_repository.merge(branched)
    git(branched.parent, "branch", "-f", "merged", "HEAD")
    address = branched.parent.resolve().as_uri()
    git(tmp_path, "clone", "-q", "--depth", str(depth), "--branch", "merged", address, "shallow")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    if known:
        assert base.find(tmp_path / "shallow", None) == git(branched.parent, "rev-parse", "main")
    else:
        with pytest.raises(EvidenceError, match="fetch-depth: 2"):
            base.find(tmp_path / "shallow", None)


def test_asked_base_stands_above(branched):
    """A commit that was asked for is taken; one that git does not know is an error."""
    assert base.find(branched.parent, "main") == git(branched.parent, "rev-parse", "main")
    with pytest.raises(EvidenceError, match="--base nowhere"):
        base.find(branched.parent, "nowhere")


@pytest.mark.parametrize("branch", ["main", "trunk"])
def test_first_commit_has_no_base(tmp_path, branch):
    """Before the first commit there is nothing; on main, the first commit is compared with what is not committed."""
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    assert base.find(tmp_path / "empty", None) is None
    folder = git_repository.make(tmp_path / "own", "one", branch).parent
    assert base.find(folder, None) == (git(folder, "rev-parse", "main") if branch == "main" else None)


def test_unknown_main_is_an_error(tmp_path):
    """Where no branch is called main, the base must be named."""
    path = git_repository.make(tmp_path / "own", "one", "trunk")
    git_repository.write(path, "two")
    with pytest.raises(EvidenceError, match="--base"):
        base.find(path.parent, None)


def test_no_repository_is_an_error(tmp_path):
    """Outside a repository nobody knows what was before."""
    with pytest.raises(EvidenceError, match="not a git repository"):
        base.find(tmp_path, None)


def test_file_is_read_as_it_was(branched):
    """A file is read from a commit; None where it was not there."""
    assert base.at("main", branched.parent, "gatehouse.toml") == "one"
    assert base.at("feature", branched.parent, "other") is None
