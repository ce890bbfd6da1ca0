"""What our ASGI applications have in common: bodies with a limit, answers, lifespans."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = tuple[tuple[str, str], ...]


class Disconnected(Exception):
    """The client went away before it had sent its body."""


class TooLarge(Exception):
    """The body is above the limit."""


async def read_body(scope: Scope, receive: Receive, *, limit: int) -> bytes:
    """Read the body of a request, only as far as the limit, whatever its Content-Length says.

    Raises:
        Disconnected: The client went away.
        TooLarge: It has more than `limit` bytes.
    """
    if _announced(scope) > limit:
        raise TooLarge
    message = await receive()
    parts: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge
        if not message.get("more_body", False):
            return b"".join((*parts, part)) if parts else part  # nearly always it comes at once
        parts.append(part)
        message = await receive()
    raise Disconnected


async def answer(status: int, headers: Headers, body: bytes, send: Send) -> None:
    """Answer a request."""
    encoded = _encoded(headers, len(body))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive: Receive, send: Send) -> None:
    """Say yes to starting and stopping: the parts of an application are opened by who made them."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _announced(scope: Scope) -> int:
    """What Content-Length says; a lie or nonsense is found out by counting."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else 0
    return 0


@functools.lru_cache(maxsize=64)
def _encoded(headers: Headers, size: int) -> tuple[tuple[bytes, bytes], ...]:
    """Write headers as ASGI wants them; nearly all answers have the same."""
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
    return (*encoded, (b"content-length", str(size).encode()))
