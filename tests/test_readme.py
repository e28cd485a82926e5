"""The README: what it links to and names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINKS = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
JUDGED = README.partition("## What is judged")[2].partition("\n## ")[0]
STEPS = re.findall(r"^\| `(\w+)` \|", JUDGED, re.MULTILINE)
TARGETS = sorted(set(re.findall(r"(?:^|`|=\S+ )make ([a-z-]+)", README, re.MULTILINE)))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("link", LINKS)
def test_link_leads_somewhere(link):
    """A link to a file of the repository leads to one that is there."""
    assert (ROOT / link).exists()


@pytest.mark.parametrize("step", STEPS)
def test_step_has_its_script(step):
    """Every step of the table of judgements is a script."""
    assert (ROOT / "scripts" / f"{step}.py").exists()


@pytest.mark.parametrize("target", TARGETS)
def test_command_exists(target):
    """Every make command that the README names is a target."""
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_something_is_named():
    """The patterns find what they are for."""
    assert len(LINKS) > 3
    assert "gate" in STEPS
    assert "rehearse" in TARGETS
