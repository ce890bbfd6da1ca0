"""Middleware: bodies have a limit, however they are sent, and they have to come in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blazz_server.errors import ApiError, problem

PATIENCE: Final = 30.0
"""Seconds that the next part of a body may take to come."""


class LimitedBodies:
    """Counts what comes in: a chunked body has no length that could be believed or not.

    Args:
        app: What to call.
        limit: How many bytes the body of a call to this path may have.
        patience: Seconds that the next part of a body may take to come.
    """

    def __init__(
        self, app: ASGIApp, *, limit: Callable[[str], int], patience: float = PATIENCE
    ) -> None:
        self._app = app
        self._limit = limit
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._limit(scope["path"]), self._patience)
        if _announced(scope) > body.limit:
            await problem(_too_large(body.limit))(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, body.receive, watched)
        except BodyRefused as error:
            # Whoever read it has no handler of its own.
            if started:
                raise
            await problem(error.answer)(scope, receive, send)


class BodyRefused(HTTPException):
    """The body is too large, or comes too slowly; of a kind that FastAPI lets pass while it reads.

    Attributes:
        answer: What the client is told.
    """

    def __init__(self, answer: ApiError) -> None:
        super().__init__(answer.status, answer.detail, answer.headers)
        self.answer = answer


class _Body:
    """A body as it comes in."""

    def __init__(self, receive: Receive, limit: int, patience: float) -> None:
        self.limit = limit
        self._receive = receive
        self._patience = patience
        self._size = 0
        self._whole = False

    async def receive(self) -> Message:
        """Receive the next part, or that the client has gone."""
        if self._whole:
            return await self._receive()
        try:
            with anyio.fail_after(self._patience):
                message = await self._receive()
        except TimeoutError as error:
            raise BodyRefused(_too_slow(self._patience)) from error
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._size > self.limit:
                raise BodyRefused(_too_large(self.limit))
        return message


def _too_large(limit: int) -> ApiError:
    detail = f"the body has more than {limit} bytes"
    return ApiError(413, "body_too_large", detail, headers={"Connection": "close"}, limit=limit)


def _too_slow(seconds: float) -> ApiError:
    detail = f"no more of the body came for {seconds:.0f} s"
    return ApiError(408, "body_too_slow", detail, headers={"Connection": "close"})


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else 0
    return 0
