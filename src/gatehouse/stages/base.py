"""What a change is compared with: the commit that a pull request goes into, or where a branch left main."""

import os
from collections.abc import Sequence
from pathlib import Path

from gatehouse import shell
from gatehouse.errors import EvidenceError


def find(folder: Path, asked: str | None) -> str | None:
    """Return the commit to compare with, or None when there is none before this one.

    Raises EvidenceError when it cannot be told which one it is.
    """
    try:
        shell.run(["git", "rev-parse", "--git-dir"], cwd=folder, timeout=30)
    except shell.CommandError as error:
        raise EvidenceError(f"What the settings were before is asked of git, which says: {error}") from error
    if asked is not None:
        if found := commit_of(asked, folder):
            return found
        raise EvidenceError(f"--base {asked}: git knows no such commit here. Fetch it, or name another.")
    if commit_of("HEAD", folder) is None:
        return None
    return of_pull_request(folder) or of_branch(folder)


def of_pull_request(folder: Path) -> str | None:
    """Return the first parent of the merge that GitHub checked out, or None outside its pull requests.

    Raises EvidenceError when the checkout holds that one commit only, which would look like the first of all.
    """
    event = os.environ.get("GITHUB_EVENT_NAME")
    if event not in ("pull_request", "merge_group"):
        return None
    # A merge queue may squash: then the commit before is the base, and there is no second parent.
    merged = event == "merge_group" or commit_of("HEAD^2", folder)
    parent = commit_of("HEAD^1", folder)
    if parent and merged:
        return parent
    if ask(["rev-parse", "--is-shallow-repository"], folder) == "true":
        raise EvidenceError("The checkout holds no commit to compare with: give actions/checkout `fetch-depth: 2`.")
    return None


def of_branch(folder: Path) -> str | None:
    """Return the commit where the branch left main. Raises EvidenceError when git knows no main."""
    names = [f"origin/{os.environ['GITHUB_BASE_REF']}"] if os.environ.get("GITHUB_BASE_REF") else []
    for name in [*names, "origin/main", "main", "origin/HEAD"]:
        if found := ask(["merge-base", "HEAD", name], folder):
            return found
    if commit_of("HEAD^1", folder) is None:
        return None
    raise EvidenceError("git knows no branch 'main' here to compare the settings with: name a commit with --base.")


def at(commit: str, folder: Path, name: str) -> str | None:
    """Return a file of a folder as it was at a commit; None when it was not there."""
    if not shell.run(["git", "ls-tree", "--name-only", commit, "--", name], cwd=folder, timeout=30).strip():
        return None
    return shell.run(["git", "show", f"{commit}:./{name}"], cwd=folder, timeout=30)


def commit_of(name: str, folder: Path) -> str | None:
    """Return the full hash of a commit, or None when git does not know it."""
    return ask(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], folder)


def ask(question: Sequence[str], folder: Path) -> str | None:
    """Return git's answer, or None when it has none."""
    try:
        return shell.run(["git", *question], cwd=folder, timeout=30).strip() or None
    except shell.CommandError:
        return None
