"""State that must outlive a hosted runner: the ledger's and the drift windows' lines, on a branch of their own.

The branch shares no history with the code. Every file on it is append-only, one JSON document a line, so two runs that
append at once are merged by keeping the lines of both. A push that comes second is refused by git, merged, and tried
again.
"""

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gatehouse import files, shell
from gatehouse.errors import EvidenceError

BRANCH = "gatehouse-state"
PATTERN = "*.jsonl"
ATTEMPTS = 5
AUTHOR = {
    "GIT_AUTHOR_NAME": "Gatehouse",
    "GIT_AUTHOR_EMAIL": "gatehouse@users.noreply.github.com",
    "GIT_COMMITTER_NAME": "Gatehouse",
    "GIT_COMMITTER_EMAIL": "gatehouse@users.noreply.github.com",
}


def pull(remote: str, state: Path) -> int:
    """Add the lines on the branch to those in the folder `state`, and return how many are on the branch.

    A branch that does not exist yet has none. Raises CommandError when the remote does not answer.
    """
    with _branch(remote) as folder:
        found = {path.name: lines(path) for path in sorted(folder.glob(PATTERN))}
    for name, kept in found.items():
        files.write_text(state / name, _text(merged(kept, lines(state / name))))
    return sum(map(len, found.values()))


def push(remote: str, state: Path, why: str) -> int:
    """Append the lines that only the folder `state` has to the branch, and return how many they were.

    Raises EvidenceError when others were faster every time, CommandError when the remote does not answer.
    """
    for _ in range(ATTEMPTS):
        with _branch(remote) as folder:
            added = sum(_append(folder / path.name, lines(path)) for path in sorted(state.glob(PATTERN)))
            if not added:
                return 0
            _git(folder, "add", "--all")
            _git(folder, "commit", "--quiet", "--message", why)
            if _pushed(folder):
                return added
    raise EvidenceError(f"Others wrote to the branch '{BRANCH}' {ATTEMPTS} times in a row: run this step again.")


def lines(path: Path) -> list[str]:
    """Return the lines of a file, none where there is no file. A half-written last line is left out."""
    if not path.is_file():
        return []
    whole, _, _ = files.read_text(path, "state").rpartition("\n")
    # As `files.read_lines` does.
    return whole.split("\n") if whole else []


def merged(kept: list[str], own: list[str]) -> list[str]:
    """Return the lines of both, the kept ones first, each once."""
    return list(dict.fromkeys([*kept, *own]))


def _append(path: Path, own: list[str]) -> int:
    kept = lines(path)
    every = merged(kept, own)
    if len(every) > len(kept):
        files.write_text(path, _text(every))
    return len(every) - len(kept)


def _text(every: list[str]) -> str:
    return "".join(f"{line}\n" for line in every)


@contextmanager
def _branch(remote: str) -> Iterator[Path]:
    """Give a fresh checkout of the branch, or of an empty one where the remote has none."""
    with TemporaryDirectory(prefix="gatehouse-state-") as scratch:
        folder = Path(scratch)
        _git(folder, "init", "--quiet", "--initial-branch", BRANCH)
        _git(folder, "remote", "add", "origin", remote)
        if _git(folder, "ls-remote", "origin", f"refs/heads/{BRANCH}"):
            _git(folder, "fetch", "--quiet", "--depth", "1", "origin", BRANCH)
            _git(folder, "reset", "--quiet", "--hard", "FETCH_HEAD")
        yield folder


def _pushed(folder: Path) -> bool:
    """Push, and tell whether nobody was faster."""
    try:
        _git(folder, "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    except shell.CommandError as error:
        if any(word in str(error) for word in ("rejected", "fetch first", "cannot lock ref")):
            return False
        raise
    return True


def _git(folder: Path, *arguments: str) -> str:
    return shell.run(["git", *arguments], cwd=folder, env=_environment(os.environ), timeout=120)


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return git's environment: an author, no question at the keyboard, and the workflow's token, out of sight."""
    chosen = {**environ, **AUTHOR, "GIT_TERMINAL_PROMPT": "0"}
    if token := environ.get("GITHUB_TOKEN"):
        # In the environment and not in the command, which any process of the machine could read.
        said = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        chosen |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"http.{server}/.extraheader"}
        chosen["GIT_CONFIG_VALUE_0"] = f"AUTHORIZATION: basic {said}"
    return chosen
