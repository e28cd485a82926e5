"""A server of a few lines, which speaks as much of the model server's language as a target needs.

It is run as a program: in a process by the local target, in a container by the Docker one.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    """Answers with the version, after a delay, and fails a share of the predictions, or crashes.

    Of more predictions at once than it has room for it sheds the rest.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    version, error_share, delay = "", 0.0, 0.0
    predicted = itertools.count(1)
    said = 0
    answers: ClassVar[list[tuple[int, str, str, None]]] = []
    # How many predictions it makes before it crashes; below 0 it never does.
    left = -1
    chance = random.Random(0)
    room = threading.Semaphore()

    def do_GET(self) -> None:
        """Say that the server is ready, and which version it is; or how often it has predicted, or what."""
        if self.path == "/metrics":
            kind = "# TYPE gatehouse_predicted_classes_total counter\n"
            self.send(200, f'{kind}gatehouse_predicted_classes_total{{class="no"}} {Handler.said}\n'.encode())
        elif self.path == "/answers":
            self.answer(200, {"server": str(os.getpid()), "size": 1000, "answers": self.answers})
        else:
            self.answer(200, {"model_version": self.version, "bundle": self.version * 8})

    def do_POST(self) -> None:
        """Predict."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.room.acquire(blocking=False):
            self.answer(503, {"error": "Too many requests at once."})
            return
        try:
            self.predict(body)
        finally:
            self.room.release()

    def predict(self, body: bytes) -> None:
        """Answer a prediction."""
        time.sleep(self.delay)
        Handler.left -= 1
        if Handler.left == 0:
            os._exit(3)
        if self.chance.random() < self.error_share:
            self.answer(500, {"error": "A planted fault."})
        else:
            Handler.said = next(self.predicted)
            self.answers.append((Handler.said, hashlib.sha256(body).hexdigest()[:16], "no", None))
            self.answer(200, {"predictions": ["no"], "model_version": self.version})

    def answer(self, status: int, document: dict[str, object]) -> None:
        """Send an answer as JSON."""
        self.send(status, json.dumps(document).encode())

    def send(self, status: int, body: bytes) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Print nothing."""


class Server(ThreadingHTTPServer):
    """A server that finishes what it has begun, while connections that idle do not keep it."""

    request_queue_size = 128


def main() -> None:
    """Serve until SIGTERM, then let requests in flight be answered."""
    env = os.environ.get
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", default=env("VERSION", "1.0.0"))
    parser.add_argument("--error-share", type=float, default=float(env("ERROR_SHARE", "0")))
    parser.add_argument("--delay", type=float, default=float(env("DELAY", "0")))
    parser.add_argument("--room", type=int, default=int(env("ROOM", "1000")))
    parser.add_argument("--load", type=float, default=float(env("LOAD", "0")))
    parser.add_argument("--die", action="store_true")
    parser.add_argument("--host", default=env("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(env("PORT", "0")))
    parser.add_argument("--port-file", type=Path)
    args = parser.parse_args()
    if args.die or env("DIE"):
        sys.exit("The model cannot be loaded: it is cursed.")
    time.sleep(args.load)
    Handler.version, Handler.error_share, Handler.delay = args.version, args.error_share, args.delay
    Handler.left = int(env("CRASH_AFTER", "-1"))
    Handler.room = threading.Semaphore(args.room)
    server = Server((args.host, args.port), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    if args.port_file:
        scratch = args.port_file.with_suffix(".new")
        scratch.write_text(str(server.server_port))
        scratch.replace(args.port_file)
    server.serve_forever(poll_interval=0.05)
    time.sleep(2 * args.delay + 0.2)


if __name__ == "__main__":
    main()
