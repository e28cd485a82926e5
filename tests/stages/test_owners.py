"""Code owners: the last line that matches decides, as GitHub reads it."""

import pytest

from gatehouse import shell
from gatehouse.stages import owners


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/gatehouse.toml @me", ["@me"]),
        ("* @me # all\n", ["@me"]),
        ("*.toml @me me@example.org", ["@me", "me@example.org"]),
        ("gatehouse.toml @me\n/gatehouse.toml", []),
        ("# /gatehouse.toml @me", []),
        ("/src/ @me", []),
        ("", []),
    ],
)
def test_last_match_decides(text, found):
    """The last line that matches gives the owners, even when it names none."""
    assert owners.of(text, "gatehouse.toml") == found


@pytest.mark.parametrize("pattern", ["/src/", "src/gates/", "/src/gates/*.py", "gates/", "*.py", "gates"])
def test_folder_means_all_in_it(pattern):
    """A folder's owner owns what is in it."""
    assert owners.of(f"{pattern} @me", "src/gates/psi.py") == ["@me"]


def test_missing_owner_is_said(tmp_path):
    """Without an owner the report says where to write one; with one it says nothing."""
    shell.run(["git", "init", "-q"], cwd=tmp_path)
    (check,) = owners.judge(tmp_path.resolve(), "gatehouse.toml")
    assert check.advisory
    assert ".github/CODEOWNERS" in check.why
    (tmp_path / "CODEOWNERS").write_text("/gatehouse.toml @me\n")
    assert owners.judge(tmp_path.resolve(), "gatehouse.toml") == []
