"""A real browser, driven by its own protocol: where none is installed, the test says that it was skipped."""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
    "--window-size=1100,1200",
)  # fmt: skip
PATIENCE = 60.0


class Tab:
    """One page; `events` holds what it reported of errors."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.numbers = count(1)
        self.events: list[dict[str, Any]] = []

    async def open(self, url: str, *scripts: str) -> list[Any]:
        """Load a page, run each script when it is due, and return what they returned; a promise is waited for."""
        async with aiohttp.ClientSession() as session:
            async with session.put(f"http://127.0.0.1:{self.port}/json/new?about:blank") as answer:
                address = (await answer.json())["webSocketDebuggerUrl"]
            async with session.ws_connect(address) as socket:
                for domain in ("Page", "Runtime", "Log"):
                    await self.ask(socket, f"{domain}.enable")
                await self.ask(socket, "Page.navigate", url=url)
                await self.ask(socket, "Runtime.evaluate", expression=LOADED, awaitPromise=True)
                return [await self.value(socket, script) for script in scripts]

    async def value(self, socket: aiohttp.ClientWebSocketResponse, script: str) -> Any:
        """Return what a script returns. Fails with the script's error."""
        found = await self.ask(socket, "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def ask(self, socket: aiohttp.ClientWebSocketResponse, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result; what is reported in between is kept."""
        number = next(self.numbers)
        await socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await socket.receive_json(timeout=PATIENCE)
            if message.get("id") == number:
                assert "error" not in message, message
                return dict(message["result"])
            if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.events.append(message["params"])


LOADED = "new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))"


def run(port: int, url: str, *scripts: str) -> tuple[list[Any], list[dict[str, Any]]]:
    """Load a page, run scripts, and return what they returned and what went wrong meanwhile."""
    tab = Tab(port)
    return asyncio.run(tab.open(url, *scripts)), tab.events


@contextmanager
def started() -> Iterator[int]:
    """Give the port at which a browser takes commands; the test is skipped where none is installed."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"NOT TESTED: no browser is installed here (looked for {', '.join(PROGRAMS)}).")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [program, *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield port_of(Path(folder) / "DevToolsActivePort", process)
            finally:
                process.kill()


def port_of(file: Path, process: "subprocess.Popen[bytes]") -> int:
    """Wait until the browser has written its port."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        lines = file.read_text().splitlines() if file.is_file() else []
        if lines:
            return int(lines[0])
        time.sleep(0.05)
    pytest.fail("The browser did not start.")


def literal(value: Any) -> str:
    """Return a value as a script writes it."""
    return json.dumps(value)
