"""What every script shares: arguments, settings, the verdict's file and summary, and the exit code."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from gatehouse import config, files
from gatehouse.errors import GatehouseError
from gatehouse.report import markdown
from gatehouse.stages import judgement
from gatehouse.verdicts import Check, Decision, Verdict

INTERRUPTED = 130


def run(stage: ModuleType, argv: Sequence[str] | None = None) -> int:
    """Run one step as a command: parse, load the settings, judge, write the verdict, say it, return the exit code."""
    name = stage.__name__.rsplit(".", 1)[-1]
    args = parser(stage).parse_args(argv)
    try:
        # A step that is killed must not leave the verdict of an earlier run behind.
        args.out.unlink(missing_ok=True)
        verdict = stage.main(config.load(args.config), args)
    except GatehouseError as error:
        verdict = _error(name, str(error))
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again to start over.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        # Python's own exit code for this is 1, which would read as a rejected model.
        traceback.print_exc()
        verdict = _error(name, f"A defect in Gatehouse or in the workload: {type(error).__name__}: {error}")
    return finish(verdict, args.out)


def parser(stage: ModuleType) -> argparse.ArgumentParser:
    """Return the parser of a step; its help text is the step's docstring."""
    name = stage.__name__.rsplit(".", 1)[-1]
    made = argparse.ArgumentParser(
        prog=f"scripts/{name}.py", description=stage.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    settings = os.environ.get("GATEHOUSE_CONFIG", "gatehouse.toml")
    made.add_argument("--config", type=Path, default=Path(settings), help="settings (default: %(default)s)")
    out = Path("build/verdicts") / f"{name}.json"
    made.add_argument("--out", type=Path, default=out, help="where the verdict is written (default: %(default)s)")
    stage.arguments(made)
    return made


def finish(verdict: Verdict, out: Path) -> int:
    """Write the verdict, print it, hand it to GitHub when this is a workflow, and return its exit code."""
    try:
        files.write_text(out, verdict.to_json())
    except OSError as error:
        print(f"The verdict cannot be written to {out}: {error}.", file=sys.stderr)
        return 2
    print(markdown.terminal(verdict, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")))
    _append("GITHUB_STEP_SUMMARY", markdown.summary(verdict))
    outputs = {"decision": verdict.decision, **verdict.details.get("outputs", {})}
    # One line each: a line break in a value would set another output.
    _append("GITHUB_OUTPUT", "".join(f"{key}={' '.join(str(value).split())}\n" for key, value in outputs.items()))
    return verdict.exit_code


def _append(variable: str, text: str) -> None:
    if os.environ.get(variable):
        with Path(os.environ[variable]).open("a", encoding="utf-8") as stream:
            stream.write(text if text.endswith("\n") else f"{text}\n")


def _error(name: str, why: str) -> Verdict:
    return judgement.make(name, [Check(name, Decision.ERROR, why)])
