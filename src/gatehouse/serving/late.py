"""FastAPI comes late: it takes as long to import as all else together, and no prediction of one row needs it.

So the server begins to answer before it is there, and it is made on another thread meanwhile. Probes never need it.
"""

import asyncio
import gc
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from gatehouse.serving import answers
from gatehouse.serving.service import Service


class Late:
    """An application that is being made by `make`; requests wait until it is there, and probes are answered without it.

    Health is asked for most when there is least time, and an answer by FastAPI takes more than twice as long.
    """

    def __init__(self, make: Callable[[], ASGIApp], service: Service) -> None:
        self._make, self._service = make, service
        self._made: asyncio.Future[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises whatever `make` raised."""
        path = scope["path"]
        if path in answers.PROBES and scope["method"] == "GET":
            await answers.probe(path, self._service.draining)(scope, receive, send)
            return
        # A client that leaves must not take the application with it.
        app = await asyncio.shield(self.begin())
        await app(scope, receive, send)

    def begin(self) -> "asyncio.Future[ASGIApp]":
        """Make the application, unless that was begun, in the running event loop; return what will hold it."""
        if self._made is None:
            self._made = asyncio.get_running_loop().run_in_executor(None, self._work)
        return self._made

    @property
    def failure(self) -> BaseException | None:
        """What `make` raised, if it did."""
        return self._made.exception() if self._made and self._made.done() else None

    def _work(self) -> ASGIApp:
        app = self._make()
        # It stays: to look through it for garbage again and again would hold up requests.
        gc.freeze()
        return app
