"""Routes of sessions: a call is answered where its session runs, whichever instance got it."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeAlias, cast

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from blazz import Session
from blazz.cluster.router import FORWARDED_BY, MISDIRECTED, Reply
from blazz_server.accounts.access import Principal, ThePlatform
from blazz_server.edge.kept_bodies import KEPT, again, keep
from blazz_server.errors import ApiError
from blazz_server.hosting.running import RunningSession
from blazz_server.platform import Platform

_PASSED: Final = frozenset(
    {
        "cache-control", "content-disposition", "content-type", "etag", "last-modified",
        "location", "retry-after",
    }
)  # fmt: skip
_STARTING_SECONDS: Final = 2
_log = logging.getLogger(__name__)


def passed_on(reply: Reply) -> Response:
    """Give another instance's answer as our own.

    Raises:
        ApiError: It refused this instance, not the caller, whose key was checked here.
    """
    if reply.status == HTTPStatus.UNAUTHORIZED:
        _log.error("another instance refused our signature: %s", reply.body[:500])
        raise ApiError(502, "owner_refused", "the instances do not know the same secret")
    headers = {name: it for name, it in reply.headers.items() if name in _PASSED}
    return Response(reply.body, reply.status, headers)


class _Elsewhere:
    """Stands for a session that another instance runs, until everything else is checked."""

    def __init__(self, platform: Platform, key: str, request: Request) -> None:
        self._platform = platform
        self._key = key
        self._request = request

    async def forward(self, caller: str) -> Response:
        """Have its owner answer."""
        request = self._request
        url = request.scope["raw_path"].decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        kept = request.scope.get(KEPT)
        reply = await self._platform.hosting.forward(
            self._key,
            request.method,
            f"{url}?{query}" if query else url,
            headers=dict(request.headers),
            body=await request.body() if kept is None else kept,
            caller=caller,
        )
        return passed_on(reply)


class OwnedRoute(APIRoute):
    """A route whose function runs on the instance that runs the session; its `route_class`.

    All that the route depends on is checked here first, the caller's rights among it. Then, if the
    session runs elsewhere, the call is forwarded as it came, signed as one of this instance.

    Example:
        ::

            router = APIRouter(prefix="/v1/workspaces/{workspace}/sessions/{session}",
                               route_class=OwnedRoute)

            @router.post("/messages")
            async def send(
                caller: Annotated[Principal, needs(Scope.MESSAGES_SEND)],
                hosted: HostedSession,
                body: NewMessage,
            ) -> MessageOut: ...
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        super().__init__(path, _answered_by_owner(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Keep forms whole before they are taken apart, so that they can be passed on."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            is_form = request.headers.get("content-type", "").startswith("multipart/")
            if not is_form or KEPT in request.scope:
                return await handle(request)
            with ExitStack() as files:
                body = await keep(request.stream(), files)
                scope = {**request.scope, KEPT: body}
                return await handle(Request(scope, again(body, request.receive)))

        return handled


def _answered_by_owner(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(endpoint)
    async def answered(*args: Any, **given: Any) -> Any:  # noqa: ANN401  # the endpoint's own
        for value in given.values():
            if isinstance(value, _Elsewhere):
                callers = (it.key_id for it in given.values() if isinstance(it, Principal))
                return await value.forward(next(callers, ""))
        return await endpoint(*args, **given)

    # Its annotations are names in the endpoint's module, not in this one.
    answered.__signature__ = inspect.signature(endpoint, eval_str=True)  # type: ignore[attr-defined]
    return answered


async def running_session(
    workspace: str, session: str, request: Request, platform: ThePlatform
) -> RunningSession:
    """The session of the path, which runs here; or what stands for it, if it runs elsewhere.

    Raises:
        ApiError: There is none, it is stopped, or no instance runs it yet.
    """
    found = await session_if_running(workspace, session, request, platform)
    if found is not None:
        return found
    row = await platform.hosting.records.get(workspace, session)
    if not row.running:
        raise ApiError(409, "session_stopped", f"session {session!r} is stopped; start it first")
    raise ApiError(
        503,
        "session_starting",
        f"session {session!r} is starting, or moving to another instance",
        headers={"Retry-After": str(_STARTING_SECONDS)},
    )


async def session_if_running(
    workspace: str, session: str, request: Request, platform: ThePlatform
) -> RunningSession | None:
    """The same, and None if no instance runs it.

    Raises:
        ApiError: There is none.
    """
    if not isinstance(request.scope.get("route"), OwnedRoute):
        raise TypeError("routes of sessions need route_class=OwnedRoute")
    found = platform.hosting.sessions.find(f"{workspace}/{session}")
    if found is not None:  # what runs here is there: most calls need not ask the database
        return found
    row = await platform.hosting.records.get(workspace, session)
    if FORWARDED_BY.lower() in request.headers:
        raise ApiError(MISDIRECTED, "session_elsewhere", f"{row.key} does not run here")
    assigned = await platform.hosting.registry.find(row.key) if row.running else None
    if assigned is None or assigned.instance == platform.settings.instance:
        return None
    return cast("RunningSession", _Elsewhere(platform, row.key, request))


HostedRunning: TypeAlias = Annotated[RunningSession, Depends(running_session)]
"""A session that runs, with its pairing; a route that takes one has `route_class=OwnedRoute`."""


async def hosted_session(running: HostedRunning) -> Session:
    """The session of the path, which runs here; or what stands for it, if it runs elsewhere."""
    return cast("Session", running) if isinstance(running, _Elsewhere) else running.session


HostedSession: TypeAlias = Annotated[Session, Depends(hosted_session)]
"""A session that runs here; a route that takes one has `route_class=OwnedRoute`."""

IfRunning: TypeAlias = Annotated[RunningSession | None, Depends(session_if_running)]
"""A session that runs here, or None if none does; a route with one has `route_class=OwnedRoute`."""
