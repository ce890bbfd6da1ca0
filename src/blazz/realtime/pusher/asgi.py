"""The protocol as an ASGI application: WebSockets at `/app/<key>`, HTTP at `/apps/<id>/…`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import anyio

from blazz.asgi import Disconnected, Receive, Scope, Send, TooLarge, answer, lifespan, read_body
from blazz.errors import BusUnavailable
from blazz.realtime.pusher.connection import Close, refusal
from blazz.realtime.pusher.frames import Code, error_frame
from blazz.realtime.pusher.http_api import MAX_BODY, HttpApi
from blazz.realtime.pusher.hub import Hub, Socket

_TEXT: Final = (("Content-Type", "text/plain; charset=utf-8"),)
_log = logging.getLogger(__name__)


class PusherApp:
    """An ASGI application for browsers with pusher-js or Laravel Echo, and for servers.

    `Hub.run` must run beside it. Mount it at the root of a host or below a path; clients then have
    that path as `wsPath`.

    Args:
        hub: The sockets of this instance.
        api: Answers servers; without it, browsers are served only.

    Example:
        ::

            hub = Hub(app, bus, rooms)
            api = HttpApi(app, bus, rooms, Publisher(bus, rooms))
            starlette.mount("/realtime", PusherApp(hub, api))
    """

    def __init__(self, hub: Hub, api: HttpApi | None = None) -> None:
        self._hub = hub
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        match scope["type"]:
            case "websocket":
                await self._websocket(scope, receive, send)
            case "http":
                await self._http(scope, receive, send)
            case "lifespan":
                await lifespan(receive, send)

    # Browsers

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        refused = self._refusal(scope)
        socket = None if refused else self._hub.connect(_address(scope))
        if socket is None:
            code, message = refused or (Code.OVER_CAPACITY, "too many sockets; come back later")
            await send({"type": "websocket.send", "text": error_frame(code, message)})
            await send({"type": "websocket.close", "code": int(code), "reason": message})
            return
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, socket, receive, tasks.cancel_scope)
                await self._write(socket, send)
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._let_go(socket)

    def _refusal(self, scope: Scope) -> tuple[Code, str] | None:
        parts = _path(scope).strip("/").split("/")
        if len(parts) != 2 or parts[0] != "app":
            return Code.WRONG_PATH, "the path is /app/<key>"
        return refusal(self._hub.app, parts[1], _query(scope))

    async def _read(self, socket: Socket, receive: Receive, scope: anyio.CancelScope) -> None:
        await self._hub.do(socket, socket.connection.opened())
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                scope.cancel()
                return
            text = message.get("text")
            if text is None:
                continue  # the protocol has no binary frames
            actions = socket.connection.receive(text, now=self._hub.clock())
            try:
                await self._hub.do(socket, actions)
            except BusUnavailable as error:
                _log.warning("a socket is asked to come back: %s", error)
                socket.outbox.close(Close(Code.OVER_CAPACITY, "the server is not ready"))

    async def _write(self, socket: Socket, send: Send) -> None:
        while True:
            wait = max(0.0, socket.connection.next_tick() - self._hub.clock())
            for text in await socket.outbox.take(timeout=wait):
                await send({"type": "websocket.send", "text": text})
            closing = socket.outbox.closing
            if closing is not None:
                text = error_frame(Code(closing.code), closing.reason)
                await send({"type": "websocket.send", "text": text})
                reason = closing.reason[:120]
                await send({"type": "websocket.close", "code": closing.code, "reason": reason})
                return
            await self._hub.do(socket, socket.connection.tick(now=self._hub.clock()))

    async def _let_go(self, socket: Socket) -> None:
        try:
            await self._hub.disconnect(socket)
        except BusUnavailable as error:
            # Its seats are given up when this instance closes its rooms, or is silent.
            _log.warning("a socket's seats could not be given up: %s", error)

    # Servers

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._api is None:
            await answer(404, _TEXT, b"there is no HTTP API here", send)
            return
        try:
            body = await read_body(scope, receive, limit=MAX_BODY)
        except Disconnected:
            return
        except TooLarge:
            await answer(413, _TEXT, f"a body has at most {MAX_BODY} bytes".encode(), send)
            return
        query = scope.get("query_string", b"").decode("latin-1")
        found = await self._api.handle(scope["method"], _path(scope), query, body)
        await answer(found.status, found.headers, found.body, send)


def _path(scope: Scope) -> str:
    """The path below where the application is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _address(scope: Scope) -> str:
    """Where a connection comes from, as the server knows it, which may be behind a proxy."""
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else ""


def _query(scope: Scope) -> Mapping[str, str]:
    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
