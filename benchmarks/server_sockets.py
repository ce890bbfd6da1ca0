"""Sockets that listen for live events at the least cost: frames are told apart, not read."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
from collections.abc import Callable, Iterator


class Listener(asyncio.Protocol):
    """One browser's socket: greets, subscribes, and tells when an event has come.

    Args:
        request: The request that makes it a WebSocket.
        subscribe: Gives the frame that subscribes a socket, by its id.
    """

    def __init__(self, request: bytes, subscribe: Callable[[str], str]) -> None:
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._subscribe = subscribe
        self._buffer = b""
        self._is_open = False
        self._next: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take what the server sends."""
        self._buffer += data
        if not self._is_open:
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            assert b" 101 " in head.partition(b"\r\n")[0], head
            self._is_open = True
        for text in self._frames():
            self._take(text)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for ever."""
        for future in (self.subscribed, self._next):
            if future is not None and not future.done():
                future.set_exception(exc or ConnectionError("the server closed the socket"))

    def next(self) -> asyncio.Future[None]:
        """Done when the next event has come."""
        self._next = asyncio.get_running_loop().create_future()
        return self._next

    def close(self) -> None:
        """Go."""
        assert self._transport is not None
        self._transport.abort()

    def _take(self, text: bytes) -> None:
        if b"pusher:connection_established" in text:
            socket_id = json.loads(json.loads(text)["data"])["socket_id"]
            self._send(self._subscribe(socket_id).encode())
        elif b"subscription_succeeded" in text:
            self.subscribed.set_result(None)
        elif self._next is not None and not self._next.done() and not text.startswith(_PING):
            self._next.set_result(None)

    def _frames(self) -> Iterator[bytes]:
        while len(self._buffer) >= 2:
            size, start = self._buffer[1] & 0x7F, 2
            if size == 126:
                if len(self._buffer) < 4:
                    return
                (size,), start = struct.unpack_from("!H", self._buffer, 2), 4
            if len(self._buffer) < start + size:
                return
            text, self._buffer = self._buffer[start : start + size], self._buffer[start + size :]
            yield text

    def _send(self, text: bytes) -> None:
        """Send a frame; its mask is zero, which leaves the text as it is."""
        assert self._transport is not None
        size = bytes([0x80 | len(text)]) if len(text) < 126 else struct.pack("!BH", 0xFE, len(text))
        self._transport.write(b"\x81" + size + b"\0\0\0\0" + text)


_PING = b'{"event":"pusher:ping"'


async def listen(port: int, path: str, subscribe: Callable[[str], str]) -> Listener:
    """Connect a listener, and wait until it is subscribed."""
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        "\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    _, listener = await loop.create_connection(
        lambda: Listener(request, subscribe), "127.0.0.1", port
    )
    async with asyncio.timeout(60):
        await listener.subscribed
    return listener
