"""Takes the sandbox's webhooks inside the application's own event loop."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

import uvicorn
from starlette.types import Receive, Scope, Send

from blazz.client.background import Background
from blazz.sandbox.server import QUIET, QuietProtocol, QuietServer, listen, url_of

logger = logging.getLogger(__name__)

_LARGEST_BODY: Final = 8 * 1024 * 1024

Deliver = Callable[[Mapping[str, str], bytes], Awaitable[int]]


class WebhookListener:
    """An HTTP server on a free port of this machine that hands webhooks on.

    Args:
        deliver: Gets the headers and the raw body of each webhook; gives the HTTP status to answer.
        verify_token: What the verification handshake must send.
    """

    def __init__(self, deliver: Deliver, *, verify_token: str) -> None:
        self._deliver = deliver
        self._verify_token = verify_token
        self._work = Background()
        self._server: QuietServer | None = None

    async def start(self) -> str:
        """Listen; give the URL."""
        listener = listen("127.0.0.1", 0)
        config = uvicorn.Config(self, http=QuietProtocol, lifespan="off", ws="none", **QUIET)
        server = QuietServer(config)
        await self._work.start()
        self._server = server
        self._work.start_soon(lambda: server.serve([listener]), name="blazz sandbox webhooks")
        await server.listening.wait()
        return url_of(listener) + "/"

    async def stop(self) -> None:
        """Stop listening once the webhooks that are being handled are answered."""
        server, self._server = self._server, None
        if server is None:
            return
        server.should_exit = True
        await server.ended.wait()
        await self._work.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "GET":
            await _answer(send, *self._handshake(scope["query_string"]))
            return
        body = await _read(receive)
        if body is None:
            await _answer(send, 413, b"")
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            status = await self._deliver(headers, body)
        except Exception:
            logger.exception("a webhook of the sandbox could not be handled")
            status = 500
        await _answer(send, status, b"")

    def _handshake(self, query_string: bytes) -> tuple[int, bytes]:
        query = parse_qs(query_string.decode("latin-1"))
        token = query.get("hub.verify_token", [""])[0]
        known = secrets.compare_digest(token.encode(), self._verify_token.encode())
        if query.get("hub.mode") != ["subscribe"] or not known:
            return 403, b""
        return 200, query.get("hub.challenge", [""])[0].encode()


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None if it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _LARGEST_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
