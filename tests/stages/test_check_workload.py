"""The command that tries a workload; what it asks is proven in tests/test_workload_contract.py."""

import json
from pathlib import Path

from gatehouse import cli
from gatehouse.stages import check_workload

SETTINGS = Path(__file__).parents[1] / "workloads/sklearn_binary/gatehouse.toml"


def test_good_workload_promotes(tmp_path: Path):
    """A good workload ends with exit code 0 and a verdict that names every promise."""
    out = tmp_path / "verdict.json"
    assert cli.run(check_workload, ["--config", str(SETTINGS), "--out", str(out), "--rows", "200"]) == 0
    names = [check["name"] for check in json.loads(out.read_text())["checks"]]
    assert names == [name for name, _, _ in (*check_workload.DATA, *check_workload.MODEL)]


def test_absent_workload_is_error(tmp_path: Path):
    """A package that is not there is an error, with exit code 2."""
    settings, out = tmp_path / "gatehouse.toml", tmp_path / "verdict.json"
    settings.write_text("[workload]\npackage = 'no_such_package'\n")
    assert cli.run(check_workload, ["--config", str(settings), "--out", str(out)]) == 2
    assert "no_such_package" in json.loads(out.read_text())["why"]
