"""Measures requests: how many, how long, how they ended, by route."""

from __future__ import annotations

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blazz_server.monitoring.service import Monitoring

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class MeasuredRequests:
    """ASGI middleware; outermost, so that it sees what all others answer.

    Routes are told by their pattern, so that ids in paths make no new series.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests are measured."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            monitoring: Monitoring = scope["app"].state.platform.monitoring
            seconds = time.perf_counter() - start
            monitoring.request_answered(_method(scope), _route(scope), status, seconds)


def _method(scope: Scope) -> str:
    """The method; what nobody knows is `_OTHER`, since clients can make up any number of them."""
    return scope["method"] if scope["method"] in _METHODS else "_OTHER"


def _route(scope: Scope) -> str:
    """The pattern of the route that answered, such as `/v1/workspaces/{workspace}`."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) and path else "unmatched"
