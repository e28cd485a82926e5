"""A server with a planted fault, to rehearse what a rollout does when a model that passed its gate fails live.

It takes the arguments of `python -m gatehouse.serving`, and plants the fault around that server, which is not changed.

Examples:
  python -m gatehouse.stages.faulty_server --bundle build/bundle --port 0 --port-file build/port --error-share 0.3
  python -m gatehouse.stages.faulty_server --bundle build/bundle --port 8080 --stall-every 30 --stall-ms 400
"""

import argparse
import asyncio
import os
import random
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gatehouse.predictions import Predictions
from gatehouse.serving import runtime, server


@dataclass(frozen=True)
class Fault:
    """What is wrong: the share of the predictions that fails, and how long each one waits.

    Of `stall_every` predictions one takes `stall_seconds` more. The process dies at the prediction after `crash_after`
    others. A `silent` server answers none. Health checks know nothing of any of it.
    """

    error_share: float = 0.0
    delay_seconds: float = 0.0
    stall_every: int = 0
    stall_seconds: float = 0.0
    crash_after: int = 0
    silent: bool = False


@dataclass
class Faulty:
    """An application with a fault around it."""

    app: ASGIApp
    fault: Fault
    # Seeded, so that two rehearsals see the same faults.
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    seen: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail it."""
        if scope["type"] == "http" and scope["path"] == "/predict" and not await self._goes_on():
            await JSONResponse({"error": "A planted fault."}, 500)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _goes_on(self) -> bool:
        """Wait as the fault says, and tell whether the prediction is to be answered."""
        fault, self.seen = self.fault, self.seen + 1
        if fault.crash_after and self.seen > fault.crash_after:
            os._exit(3)
        while fault.silent:
            await asyncio.sleep(60)
        stalls = fault.stall_every and self.seen % fault.stall_every == 0
        await asyncio.sleep(fault.delay_seconds + (fault.stall_seconds if stalls else 0))
        return self.chance.random() >= fault.error_share


class Swapped:
    """A model of two classes that takes each for the other, as one does that was trained on inverted labels."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __getattr__(self, name: str) -> Any:
        """Be the model in everything else."""
        return getattr(self.model, name)

    def predict(self, rows: Any) -> Predictions:
        """Predict the wrong way round."""
        found = self.model.predict(rows)
        one, other = found.classes
        return Predictions(np.where(found.values == one, other, one), found.scores[:, ::-1], found.classes)


def main() -> int:
    """Serve with the fault until a signal comes, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m gatehouse.stages.faulty_server",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    server.arguments(parser)
    parser.add_argument("--error-share", type=float, default=0.0, help="share of predictions that fail (%(default)s)")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="milliseconds that each one waits (%(default)s)")
    parser.add_argument("--stall-every", type=int, default=0, help="one of so many waits longer (0: none)")
    parser.add_argument("--stall-ms", type=float, default=0.0, help="how much longer, in milliseconds (%(default)s)")
    parser.add_argument("--crash-after", type=int, default=0, help="predictions after which it dies (0: never)")
    parser.add_argument("--silent", action="store_true", help="never answer a prediction")
    parser.add_argument("--swap", action="store_true", help="take each of two classes for the other")
    args = parser.parse_args()
    # The raw route is below every application, so the fault would not be met on it.
    args.plain = True
    if args.swap:
        load = runtime.load
        runtime.load = lambda bundle: Swapped(load(bundle))
    fault = Fault(
        args.error_share, args.delay_ms / 1000, args.stall_every, args.stall_ms / 1000, args.crash_after, args.silent
    )
    return server.main(args, lambda app: Faulty(app, fault))


if __name__ == "__main__":
    sys.exit(main())
