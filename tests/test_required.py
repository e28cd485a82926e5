"""The one check that protects a branch: anything but success is red, and nothing to judge is an error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "required.py"


def ended(needs: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a workflow does."""
    return subprocess.run(
        [sys.executable, str(SCRIPT)], env={"NEEDS": needs}, capture_output=True, text=True, check=False
    )


def test_success_is_green():
    """All jobs succeeded, and each is printed."""
    done = ended(json.dumps({"code": {"result": "success", "outputs": {}}, "data": {"result": "success"}}))
    assert (done.returncode, done.stdout) == (0, "success    code\nsuccess    data\n")


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped", ""])
def test_anything_else_is_red(result):
    """A job that failed, was cancelled or never ran is no success."""
    assert ended(json.dumps({"code": {"result": "success"}, "model": {"result": result}})).returncode == 1


@pytest.mark.parametrize("needs", ["", "{}", "null", "[]", "code", '{"code": {}}', '{"code": "success"}'])
def test_nothing_is_an_error(needs):
    """No job, or a text that is none, is an error that says what to pass."""
    done = ended(needs)
    assert done.returncode == 2
    assert done.stderr == "NEEDS names no job: pass ${{ toJSON(needs) }}.\n"
