"""What all Graph endpoints share: the token is checked, refusals become Meta's error bodies."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from blazz.sandbox.accounts import Subscription
from blazz.sandbox.api.answers import ClosedConnection, JsonAnswer, refusal_answer
from blazz.sandbox.api.requests import check_token
from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.identifiers import trace_id
from blazz.sandbox.world import World

_VERSION: Final = re.compile(r"/v[0-9]{1,3}\.[0-9]{1,2}(?=/|$)")


@dataclass(slots=True)
class Api:
    """What endpoints work with.

    Attributes:
        world: The sandbox.
        verify: Makes the verification handshake with a callback URL.
    """

    world: World
    verify: Callable[[Subscription], Awaitable[None]]
    _requests: int = field(default=0, repr=False)

    def new_trace_id(self) -> str:
        """An `fbtrace_id` for one answer."""
        self._requests += 1
        return trace_id(id(self), self._requests)


Handler: TypeAlias = Callable[[Api, Request], Awaitable[dict[str, Any] | Response]]


def route(
    api: Api, path: str, handler: Handler, methods: Sequence[str], *, public: bool = False
) -> Route:
    """Make a route of a handler.

    Args:
        api: What it works with.
        path: The path, without a version.
        handler: Answers a request.
        methods: The HTTP methods.
        public: No access token is needed.
    """

    async def endpoint(request: Request) -> Response:
        world = api.world
        try:
            if not public:
                check_token(world, request)
            found = await handler(api, request)
        except Refusal as refusal:
            if not public:
                world.refusals[refusal.code] += 1
            found = refusal_answer(refusal, api.new_trace_id())
        except ClientDisconnect:
            return ClosedConnection()
        least, most = world.settings.latency
        if most > 0 and not public:
            await anyio.sleep(world.dice.uniform(least, most))
        return found if isinstance(found, Response) else JsonAnswer(found)

    return Route(path, endpoint, methods=list(methods))


class AnyVersion:
    """Serves every Graph version: `/v26.0/…` is `/…`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the version the root of the path, so that routes do not see it."""
        if scope["type"] == "http":
            match = _VERSION.match(scope["path"])
            if match:
                scope["root_path"] = match[0]
        await self._app(scope, receive, send)


def unknown_path(request: Request) -> Refusal:
    """Refuse a path that there is nothing behind."""
    path = request.url.path[:200]
    return Refusal(2500, message=f"Unknown path components: {path}", status=400)
