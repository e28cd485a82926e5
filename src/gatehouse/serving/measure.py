"""Time a bundle as the server runs it, one command at a time, so that another program can hold two side by side.

A command is a line of JSON on stdin, and is answered by one on stdout; a first line there says that the model is
loaded and warm. The process ends when its stdin does.

  ["bodies", KIND, [BODY, ...]]  keep the bodies of requests under a name, and answer the first ones to warm up
  ["time", KIND, NUMBER]         answer one of them (after the last comes the first), and say how many ms it took
  ["memory"]                     say the most memory that the process has had, in MB (1,000,000 bytes)

Examples:
  python -m gatehouse.serving.measure --bundle build/bundle
  docker run --rm -i IMAGE python -m gatehouse.serving.measure
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import uvloop

from gatehouse.errors import BundleError, GatehouseError

# `server` because the memory shall be that of a process which could answer users.
from gatehouse.serving import server, service
from gatehouse.serving.service import Service, Settings

WARM = 3  # requests a kind: the first ones load what the later ones find
REQUEST_ID = "0" * 32
MAXIMUM_ROWS = 10**6


class Stopwatch:
    """A service with the requests that it is to be timed on, by their kind."""

    def __init__(self, timed: Service, runner: asyncio.Runner) -> None:
        self.service, self.runner = timed, runner
        self.bodies: dict[str, list[bytes]] = {}

    def answer(self, line: str) -> dict[str, Any]:
        """Do what a command says, and return the answer; what goes wrong is under `error`."""
        try:
            return self._do(json.loads(line))
        except (GatehouseError, json.JSONDecodeError) as error:
            return {"error": str(error)}

    def _do(self, command: Any) -> dict[str, Any]:
        match command:
            case ["bodies", str(kind), [str(), *_] as bodies]:
                self.bodies[kind] = [body.encode() for body in bodies]
                for number in range(WARM):
                    self.time(kind, number)
                return {"bodies": len(bodies)}
            case ["time", str(kind), int(number)] if kind in self.bodies:
                return {"ms": self.time(kind, number)}
            case ["memory"]:
                return {"peak_mb": peak_mb()}
        return {"error": f"This is no command: {str(command)[:100]}"}

    def time(self, kind: str, number: int) -> float:
        """Return the milliseconds that one request takes."""
        bodies = self.bodies[kind]
        return self.runner.run(self.served(bodies[number % len(bodies)]))

    async def served(self, body: bytes) -> float:
        """Answer a request as the server's route does, from its body to the answer's bytes; return the milliseconds."""
        begun = time.perf_counter()
        await self.service.predict(body, REQUEST_ID)
        return (time.perf_counter() - begun) * 1000


def peak_mb() -> float:
    """Return the most memory that this process has had resident, in megabytes (1,000,000 bytes)."""
    # Linux keeps `ru_maxrss` over exec: a small program says that of the large one which started it. VmHWM begins anew.
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def run(settings: Settings, out: TextIO) -> None:
    """Load the bundle, and answer the commands of stdin until it ends. Raises BundleError when it cannot be loaded."""
    timed = service.start(settings)
    try:
        # The event loop that the server has, because a request waits for it twice.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            stopwatch = Stopwatch(timed, runner)
            say(out, {"bundle": timed.bundle.digest})
            for line in sys.stdin:
                say(out, stopwatch.answer(line))
    finally:
        timed.close()


def say(out: TextIO, answer: dict[str, Any]) -> None:
    """Write one line."""
    out.write(f"{json.dumps(answer)}\n")
    out.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line names, and return the exit code; the message of an error goes to stderr."""
    args = parser().parse_args(argv)
    try:
        if not args.bundle:
            raise BundleError("No model bundle was named. Use --bundle or GATEHOUSE_BUNDLE.")
        settings = Settings(Path(args.bundle), args.digest or None, maximum_rows=MAXIMUM_ROWS)
        with own_stdout() as out:
            run(settings, out)
    except GatehouseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


def own_stdout() -> TextIO:
    """Take stdout away from everybody else: what a model or a library prints goes to stderr."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog=f"python -m {server.__package__}.measure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    env = os.environ.get
    made.add_argument("--bundle", default=env("GATEHOUSE_BUNDLE"), help="the folder (GATEHOUSE_BUNDLE)")
    made.add_argument("--digest", default=env("GATEHOUSE_BUNDLE_DIGEST"), help="refuse another bundle")
    return made


if __name__ == "__main__":
    sys.exit(main())
