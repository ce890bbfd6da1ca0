"""The receiver as an ASGI application, to run by itself or to mount in another."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from blazz.webhooks.receiver import Receiver, Response

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class _Disconnected(Exception):
    """The client went away before it had sent its body."""


class _TooLarge(Exception):
    """The body is above the limit."""


class WebhookApp:
    """An ASGI application that answers webhook requests on every path.

    The body is read only as far as the limit: a larger one is answered 413 at once, whatever its
    Content-Length says.

    Args:
        receiver: What answers the requests.

    Example:
        ::

            app = FastAPI(lifespan=lifespan)
            app.mount("/webhooks", WebhookApp(receiver))
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        elif kind == "lifespan":
            await _lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        try:
            body = await self._body(scope, receive) if method == "POST" else b""
        except _Disconnected:
            return
        except _TooLarge:
            response = self._receiver.too_large()
        else:
            query, headers = scope.get("query_string", b""), scope["headers"]
            response = await self._receiver.handle(method, query, headers, body)
        await _answer(response, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit = self._receiver.body_limit
        if _announced(scope) > limit:
            raise _TooLarge
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            whole: bytes = message.get("body", b"")  # nearly always all of it comes at once
            return whole
        parts: list[bytes] = []
        size = 0
        while message["type"] == "http.request":
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise _TooLarge
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)
            message = await receive()
        raise _Disconnected


def _announced(scope: Scope) -> int:
    """What Content-Length says; a lie or nonsense is found out by counting."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else 0
    return 0


async def _answer(response: Response, send: Send) -> None:
    headers = _encoded(response.headers, len(response.body))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


@functools.lru_cache(maxsize=64)
def _encoded(headers: tuple[tuple[str, str], ...], size: int) -> tuple[tuple[bytes, bytes], ...]:
    """Write headers as ASGI wants them; nearly all answers have the same."""
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
    return (*encoded, (b"content-length", str(size).encode()))


async def _lifespan(receive: Receive, send: Send) -> None:
    """Say yes to starting and stopping: the receiver's parts are opened by who made them."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
