import asyncio
import contextlib
import resource
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from gatehouse.serving.accept import MOST, Acceptor

# Of this process, on Linux and macOS.
OPEN = Path("/dev/fd")
GONE_AT_ONCE = struct.pack("ii", 1, 0)


class Echo(asyncio.Protocol):
    """Sends back what comes in."""

    def connection_made(self, transport: Any) -> None:
        """Be ready."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self.transport.write(data)


def sockets() -> int:
    """Return how many this process has open."""
    return sum(file.is_socket() for file in OPEN.iterdir())


@contextlib.asynccontextmanager
async def accepting() -> AsyncIterator[int]:
    """Give the port of an acceptor, which is closed afterwards."""
    with socket.socket() as listener:
        listener.listen(1000)
        acceptor = Acceptor(listener, Echo)
        try:
            yield listener.getsockname()[1]
        finally:
            acceptor.close()
            await acceptor.wait_closed()


async def echoed(port: int) -> bytes:
    """Return what a new client hears."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"word")
    heard = await reader.readexactly(4)
    writer.close()
    await writer.wait_closed()
    return heard


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """Give the server's own event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as made:
        yield made


def test_crowd_is_taken(runner: asyncio.Runner) -> None:
    """More clients at once than one turn takes are all heard, and nothing of them stays open."""

    async def crowd() -> set[bytes]:
        async with accepting() as port:
            before = sockets()
            heard = await asyncio.gather(*(echoed(port) for _ in range(3 * MOST)))
            async with asyncio.timeout(10):
                while sockets() > before:
                    await asyncio.sleep(0.01)
            return set(heard)

    assert runner.run(crowd()) == {b"word"}


def test_closed_takes_nobody(runner: asyncio.Runner) -> None:
    """Once it is closed, a client is refused."""

    async def late() -> int:
        async with accepting() as port:
            await echoed(port)
        return port

    port = runner.run(late())
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


def test_client_that_left_harms_nobody(runner: asyncio.Runner) -> None:
    """Clients that are gone before they are taken keep nobody else out."""

    async def left() -> bytes:
        async with accepting() as port:
            for _ in range(5):
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, GONE_AT_ONCE)
            return await asyncio.wait_for(echoed(port), 10)

    assert runner.run(left()) == b"word"


def test_full_table_is_waited_for(runner: asyncio.Runner, caplog: pytest.LogCaptureFixture) -> None:
    """Where no more files can be opened that is said, and a client is taken as soon as there is room."""

    async def full() -> bytes:
        async with accepting() as port:
            await echoed(port)
            with socket.socket() as client:
                soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
                resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
                try:
                    client.connect(("127.0.0.1", port))
                    await asyncio.sleep(0.05)
                    assert "Too many open files" in caplog.text
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                client.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_sendall(client, b"word")
                return await asyncio.wait_for(loop.sock_recv(client, 4), 10)

    assert runner.run(full()) == b"word"
