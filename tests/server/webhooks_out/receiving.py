"""A subscriber on a real socket of this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio


@dataclass
class Subscriber:
    """Answers each request as told, and keeps it.

    Attributes:
        answer: Gives the raw HTTP answer to a request, by its number from 0.
        got: The headers and body of each request.
    """

    answer: Callable[[int], bytes] = lambda _number: b"HTTP/1.1 204 No Content\r\n\r\n"
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    async def until(self, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until what has come is enough."""
        with anyio.fail_after(90):
            while not holds(self.events):
                self._changed.clear()
                await self._changed.wait()
        return self.events

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                assert line.startswith(b"POST ")
                headers: dict[str, str] = {}
                while (header := (await reader.readline()).strip()) != b"":
                    name, _, value = header.decode().partition(":")
                    headers[name.strip().lower()] = value.strip()
                body = await reader.readexactly(int(headers["content-length"]))
                self.got.append((headers, body))
                self._changed.set()
                writer.write(self.answer(len(self.got) - 1))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def subscriber(**options: Any) -> AsyncIterator[Subscriber]:
    """A subscriber that listens until the block ends."""
    made = Subscriber(**options)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield made
    finally:
        server.close()
        server.close_clients() if hasattr(server, "close_clients") else None
