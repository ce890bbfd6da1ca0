"""Loopback servers that answer as they are told, and a graph that talks to them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest

from tests.servers.process import free_port
from tests.unit.providers.meta_cloud.graphs import TRANSPORTS

Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Loopback:
    """A server on this machine; `replies` answer its requests in turn, the last one from then on.

    Attributes:
        bodies: The body of each request that was read whole.
        heads: Its request line and headers.
        requested: Set when a request was read whole.
        closed: Set when a connection has ended.
    """

    replies: list[Reply]
    bodies: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    requested: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    connections: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections[task] = writer
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
                await reply(reader, writer)
        self.closed.set()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        del self.connections[task]

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Read one request whole."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(length))
        self.requested.set()

    def answer(
        self,
        content: bytes,
        *,
        status: str = "200 OK",
        headers: str = "Content-Type: application/json\r\n",
    ) -> Reply:
        """Read a request and answer it."""

        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.read(reader)
            head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(content)}\r\n\r\n"
            writer.write(head.encode() + content)
            await writer.drain()

        return reply

    def write(self, raw: bytes, *, then_hang: bool = False) -> Reply:
        """Read a request, write these bytes, and close or hang until the test ends."""

        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.read(reader)
            writer.write(raw)
            await writer.drain()
            if then_hang:
                # The client gives up and closes, which is read as the end of the stream.
                await reader.read()
            writer.close()

        return reply

    def reset_after_reading(self) -> Reply:
        """Read a request, then reset the connection."""

        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.read(reader)
            writer.transport.abort()

        return reply

    def close_before_reading(self) -> Reply:
        """Close the connection as soon as it is accepted."""

        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        return reply


@pytest.fixture
async def loopback() -> AsyncIterator[Loopback]:
    """A server whose `replies` the test fills."""
    server_side = Loopback([])
    server = await asyncio.start_server(server_side.serve, "127.0.0.1", 0)
    server_side.port = server.sockets[0].getsockname()[1]
    yield server_side
    server.close()
    tasks = list(server_side.connections)
    for writer in server_side.connections.values():
        writer.transport.abort()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nothing listens."""
    return free_port()


@pytest.fixture(params=TRANSPORTS)
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncBaseTransport]:
    made = TRANSPORTS[request.param]()
    yield made
    await made.aclose()
