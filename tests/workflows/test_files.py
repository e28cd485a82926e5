"""What every workflow file must hold to, beside what the linters see."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {file.name: yaml.safe_load(file.read_text()) for file in FILES}
JOBS = [
    pytest.param(name, job, id=f"{file} {name}")
    for file, workflow in WORKFLOWS.items()
    for name, job in workflow["jobs"].items()
    if "uses" not in job  # another of these workflows, which stands here itself
]


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_nothing_is_permitted_on_top(workflow):
    """Rights are granted to single jobs, and two runs never do the same thing at once."""
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_rights_have_reasons(file):
    """Every right of a job stands beside its reason."""
    granted = re.findall(r"(?m)^ {6}(?:actions|contents|packages): (?:read|write)(.*)$", file.read_text())
    assert granted
    assert all(re.fullmatch(r" # to \S.*", reason) for reason in granted)


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_jobs_end(name, job):
    """Every job says how long it may take: GitHub's own limit is six hours."""
    assert 0 < job["timeout-minutes"] <= 120


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_steps_are_thin(name, job):
    """A step calls make or one script that exists, in one line, and takes no text of others into its command."""
    for line in [step["run"] for step in job["steps"] if "run" in step]:
        assert "\n" not in line
        assert "${{" not in line
        script = re.search(r"scripts/\w+\.py", line)
        assert (ROOT / script[0]).is_file() if script else line in ("make setup", "make test"), line


def test_required_needs_every_job():
    """The one check that a branch is protected by waits for all others, and always runs."""
    jobs = dict(WORKFLOWS["ci.yml"]["jobs"])
    required = jobs.pop("required")
    assert sorted(required["needs"]) == sorted(jobs)
    assert required["if"] == "${{ always() }}"


def test_releases_are_not_cancelled():
    """A newer pull request replaces the run before; a release, or a drift check, is never cut short."""
    cancelled = {name: WORKFLOWS[name]["concurrency"]["cancel-in-progress"] for name in WORKFLOWS}
    assert cancelled["ci.yml"]
    assert not cancelled["release.yml"]
    assert not cancelled["drift.yml"]
    assert not cancelled["rollout.yml"]


def test_rollback_waits_for_nobody():
    """A rollback stands in no queue with others."""
    assert WORKFLOWS["rollback.yml"]["concurrency"]["group"] == "rollback-${{ github.run_id }}"


def test_only_main_is_released():
    """A branch that nobody reviewed, dispatched by hand, is not judged by its own gates and released."""
    jobs = WORKFLOWS["release.yml"]["jobs"]
    first = [job for job in jobs.values() if "needs" not in job]
    assert len(first) == 2
    assert all("github.ref == 'refs/heads/main' && " in job["if"] for job in first)
