"""A git repository with settings, as a pull request or a laptop has it."""

from pathlib import Path

from gatehouse import shell

IDENTITY = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *command: str) -> str:
    """Run git in a folder and return what it said."""
    return shell.run(["git", *IDENTITY, *command], cwd=folder).strip()


def make(folder: Path, text: str, branch: str = "main") -> Path:
    """Make a repository with one commit and return the path of its settings."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", branch)
    return write(folder / "gatehouse.toml", text)


def write(path: Path, text: str) -> Path:
    """Commit the settings."""
    path.write_text(text)
    git(path.parent, "add", ".")
    git(path.parent, "commit", "-q", "--allow-empty", "-m", "Settings")
    return path


def merge(path: Path) -> None:
    """Merge the branch `feature` into main, as GitHub does for a pull request, and check the merge out."""
    git(path.parent, "checkout", "-q", "--detach", "main")
    git(path.parent, "merge", "-q", "--no-ff", "-m", "Merge", "feature")
