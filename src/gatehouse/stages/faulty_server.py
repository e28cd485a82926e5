"""A server with a planted fault, to rehearse what a rollout does when a model that passed its gate fails live.

It takes the arguments of `python -m gatehouse.serving`, and plants the fault around that server, which is not changed.

Examples:
  python -m gatehouse.stages.faulty_server --bundle build/bundle --port 0 --port-file build/port --error-share 0.3
  python -m gatehouse.stages.faulty_server --bundle build/bundle --port 8080 --delay-ms 400
"""

import argparse
import asyncio
import random
import sys
from dataclasses import dataclass, field

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gatehouse.serving import server


@dataclass
class Faulty:
    """Fails a share of the predictions, and answers all of them late; health checks know nothing of it."""

    app: ASGIApp
    error_share: float
    delay_seconds: float
    # Seeded, so that two rehearsals see the same faults.
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail it."""
        if scope["type"] == "http" and scope["path"] == "/predict":
            await asyncio.sleep(self.delay_seconds)
            if self.chance.random() < self.error_share:
                await JSONResponse({"error": "A planted fault."}, 500)(scope, receive, send)
                return
        await self.app(scope, receive, send)


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
    args = parser.parse_args()
    # The raw route is below every application, so the fault would not be met on it.
    args.plain = True
    return server.main(args, lambda app: Faulty(app, args.error_share, args.delay_ms / 1000))


if __name__ == "__main__":
    sys.exit(main())
