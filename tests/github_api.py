"""A stand-in for GitHub's API, the one thing that cannot be here for real.

It takes dispatches of release.yml, and knows the runs that a test tells it of.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Keeps every request, and answers as the API does: 204 for a workflow that it knows, else 404."""

    def do_GET(self) -> None:
        """Say what a run of a workflow was."""
        found = self.server.runs.get(self.path.rpartition("/")[2])  # type: ignore[attr-defined]
        self.server.seen.append((self.path, self.headers["Authorization"], None))  # type: ignore[attr-defined]
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found or {}).encode())

    def do_POST(self) -> None:
        """Take a dispatch."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, self.headers["Authorization"], body))  # type: ignore[attr-defined]
        self.send_response(204 if self.path.endswith("/actions/workflows/release.yml/dispatches") else 404)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


@dataclass(frozen=True)
class Api:
    """Where the stand-in listens, the (path, authorization, body) of every request, and the runs that it knows."""

    url: str
    seen: list[tuple[str, str, Any]]
    runs: dict[str, Any]


@contextmanager
def running() -> Iterator[Api]:
    """Run the stand-in on a free port."""
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.seen, server.runs = [], {}  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Api(f"http://127.0.0.1:{server.server_port}", server.seen, server.runs)  # type: ignore[attr-defined]
        server.shutdown()
