"""POST /predict without a framework: the same answers as FastAPI's route, at a fraction of its time.

Everything else is left to FastAPI, and so is this route where the server is started with --plain.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from gatehouse.errors import GatehouseError
from gatehouse.serving import answers, body
from gatehouse.serving.service import Service

JSON = (b"content-type", b"application/json")


class HotPath:
    """Answers POST /predict, and gives every other request to `app`."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service
        self.limits = service.settings.maximum_bytes, service.settings.time_limit_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, which has its id."""
        if scope["path"] != "/predict" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        identity = scope["state"]["request_id"]
        try:
            content = await body.read(scope, receive, *self.limits)
            status, text = answers.prediction(await self.service.predict(content, identity))
        except GatehouseError as error:
            await answers.of(error, identity)(scope, receive, send)
            return
        length = (b"content-length", str(len(text)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [length, JSON]})
        await send({"type": "http.response.body", "body": text})
