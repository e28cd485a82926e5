"""The one place that runs other programs to their end. Servers are started by their target."""

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatehouse.errors import GatehouseError


class CommandError(GatehouseError):
    """A program ended with an error, took too long, or is not installed.

    `code` is the exit code and `said` the end of the output of a program that ran to its end.
    """

    def __init__(self, message: str, code: int | None = None, said: str = "") -> None:
        super().__init__(message)
        self.code, self.said = code, said


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 600,
    show: bool = False,
) -> str:
    """Run a program, give it `stdin`, and return what it printed; `show` lets its output through, for long work.

    `env` is the whole environment of the program, `timeout` in seconds; it reads nothing from the keyboard.
    Raises CommandError with the end of its output.
    """
    text = shlex.join(command)
    pipe = None if show else subprocess.PIPE
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, timeout=timeout, stdout=pipe, stderr=pipe,
            text=True, errors="replace", check=False, **given,
        )  # fmt: skip
    except OSError as error:
        if cwd is not None and not cwd.is_dir():
            raise CommandError(f"There is no folder {cwd} to run in: {text}") from error
        raise CommandError(f"'{command[0]}' cannot be run: {error.strerror}. Install it for: {text}") from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"No answer within {timeout:.0f} s from: {text}") from error
    if done.returncode:
        last = "\n".join((f"{done.stdout or ''}{done.stderr or ''}").strip().splitlines()[-15:])
        raise CommandError(f"Exit code {done.returncode} from: {text}\n{last}".rstrip(), done.returncode, last)
    return done.stdout or ""
