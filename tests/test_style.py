"""The shape of the code, counted: small files, short functions, one name from the script to its test."""

import ast
import runpy
import statistics
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("scripts/*.py")])
SCRIPTS = sorted(ROOT.glob("scripts/*.py"))
# `required` only reads what GitHub says of other jobs: it judges no model, so it is no step.
STEPS = [path for path in SCRIPTS if path.stem != "required"]
VAGUE = {"common", "helper", "helpers", "manager", "managers", "misc", "services", "util", "utils"}


def name(path: Path) -> str:
    """Return a path as a person would write it."""
    return str(path.relative_to(ROOT))


def lines(path: Path) -> int:
    """Return the number of lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def functions() -> dict[str, int]:
    """Return the number of lines of every function, from its name to its end."""
    found = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[f"{name(path)}:{node.lineno} {node.name}"] = (node.end_lineno or 0) - node.lineno + 1
    return found


def test_files_are_small() -> None:
    """No file is longer than 300 lines, and half of them have at most 100."""
    sizes = {name(path): lines(path) for path in SOURCES}
    assert {path: size for path, size in sizes.items() if size > 300} == {}
    assert statistics.median(sizes.values()) <= 100


def test_functions_are_short() -> None:
    """No function is longer than 50 lines, 95 % of them have at most 30, and half of them at most 8."""
    sizes = functions()
    assert {function: size for function, size in sizes.items() if size > 50} == {}
    assert sorted(sizes.values())[int(0.95 * len(sizes))] <= 30
    assert statistics.median(sizes.values()) <= 8


def test_scripts_are_thin() -> None:
    """A script has at most 30 lines: what it does stands in its stage."""
    thick = {name(path): lines(path) for path in ROOT.glob("scripts/*") if path.is_file() and lines(path) > 30}
    assert thick == {}


def test_names_say_something() -> None:
    """No module has a name that could hold anything, or one that hides it."""
    vague = [name(path) for path in SOURCES if path.stem in VAGUE or path.parent.name in VAGUE]
    hidden = [name(path) for path in SOURCES if path.stem.startswith("_") and not path.stem.endswith("__")]
    assert vague + hidden == []


@pytest.mark.parametrize("script", STEPS, ids=lambda path: path.stem)
def test_one_name_everywhere(script: Path) -> None:
    """A script, its stage and the stage's test have one name."""
    assert (ROOT / "src/gatehouse/stages" / script.name).is_file()
    assert (ROOT / "tests/stages" / f"test_{script.name}").is_file()


def test_every_step_has_a_script() -> None:
    """What can be run as a step can be run from the command line."""
    stages = ROOT.glob("src/gatehouse/stages/*.py")
    runnable = {path.name for path in stages if "\ndef arguments(" in path.read_text(encoding="utf-8")}
    assert runnable == {path.name for path in STEPS}


@pytest.mark.parametrize("script", STEPS, ids=lambda path: path.stem)
def test_every_script_helps(script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` ends well, says what the step does, and shows how it is run."""
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert f"usage: scripts/{script.name}" in said
    assert f"Examples:\n  scripts/{script.name}" in said
