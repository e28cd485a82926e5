"""A server of which a request that leaves the raw route keeps its place until somebody asks for /version."""

import argparse
import asyncio
import sys

from starlette.types import ASGIApp, Receive, Scope, Send

from gatehouse.serving import server


class Held:
    """An application that waits with predictions."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.go_on = app, asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, a prediction once it may."""
        if scope["path"] == "/version":
            self.go_on.set()
        if scope["path"] == "/predict":
            await self.go_on.wait()
        await self.app(scope, receive, send)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    server.arguments(parser)
    sys.exit(server.main(parser.parse_args(), Held))
