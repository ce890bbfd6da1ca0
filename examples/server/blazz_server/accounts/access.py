"""What routes depend on: the platform, and a caller who may do it.

::

    @router.get("/v1/workspaces/{workspace}/sessions")
    async def sessions(
        caller: Annotated[Principal, needs(Scope.SESSIONS_READ)], platform: ThePlatform
    ) -> …
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from blazz_server.accounts.logins import COOKIE, CSRF_HEADER
from blazz_server.accounts.principal import EVERYTHING, Principal, Scope
from blazz_server.accounts.secrets import csrf_token, same
from blazz_server.accounts.signed_calls import INSTANCE
from blazz_server.accounts.workspaces import NAME
from blazz_server.errors import ApiError, not_found
from blazz_server.platform import Platform

__all__ = ["Principal", "Scope", "ThePlatform", "authenticated", "needs", "the_platform"]

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = HTTPBearer(
    scheme_name="API key",
    description="An API key, `Authorization: Bearer bz_…`.",
    auto_error=False,
)
_COOKIE = APIKeyCookie(
    name=COOKIE,
    scheme_name="Login",
    description=f"The dashboard's cookie; calls that change something also send `{CSRF_HEADER}`.",
    auto_error=False,
)


def the_platform(connection: HTTPConnection) -> Platform:
    """The parts of this server."""
    platform: Platform = connection.app.state.platform
    return platform


async def _platform(connection: HTTPConnection) -> Platform:
    """The same for routes: FastAPI sends a dependency that is no coroutine through a thread."""
    return the_platform(connection)


ThePlatform: TypeAlias = Annotated[Platform, Depends(_platform)]


async def authenticated(
    connection: HTTPConnection,
    platform: ThePlatform,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)] = None,
    cookie: Annotated[str | None, Security(_COOKIE)] = None,
) -> Principal:
    """Who calls; counts the call against their rate limit.

    Raises:
        ApiError: Nobody that is known, or they call too often.
    """
    called_it = connection.scope.get(INSTANCE)
    if called_it is not None:  # the signature was checked with the body; the caller, by the sender
        return Principal(called_it, None, EVERYTHING, "instance")
    accounts = platform.accounts
    if bearer is not None:
        principal = await accounts.keys.recognize(bearer.credentials)
    elif cookie is not None:
        principal = await accounts.logins.recognize(cookie)
    else:
        raise _unauthorized("no_key", "send an API key as `Authorization: Bearer bz_…`")
    if principal is None:
        await accounts.limits.count_refusal(connection.client.host if connection.client else "")
        raise _unauthorized("bad_key", "this key or login is unknown, revoked or expired")
    if bearer is None and cookie is not None:
        _check_not_forged(connection, cookie)
    await accounts.limits.count(principal.key_id)
    return principal


class Needs:
    """A dependency: a caller with these scopes, in their own workspace.

    Attributes:
        scopes: What the caller needs; all of them.
    """

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    async def __call__(
        self,
        connection: HTTPConnection,
        platform: ThePlatform,
        principal: Annotated[Principal, Depends(authenticated)],
    ) -> Principal:
        """Check the caller.

        Raises:
            ApiError: It is not their workspace, or there is none: the answer is the same; or their
                key has not the scopes.
        """
        workspace = connection.path_params.get("workspace")
        if workspace is not None:
            if not re.match(NAME, workspace) or not principal.may_enter(workspace):
                raise not_found("workspace", workspace)
            if principal.workspace is None:  # a key of the workspace proves that it exists
                await platform.accounts.workspaces.get(workspace)
        missing = principal.lacks(*self.scopes)
        if missing:
            names = ", ".join(missing)
            raise ApiError(
                403, "missing_scope", f"this key has not the scope {names}", scopes=missing
            )
        return principal


def needs(*scopes: Scope) -> Any:  # noqa: ANN401  # FastAPI's own are declared so, too
    """Let only callers in that have these scopes, into their own workspace."""
    return Security(Needs(*scopes), scopes=scopes)  # the scopes are for the OpenAPI document


def _check_not_forged(connection: HTTPConnection, cookie: str) -> None:
    """A browser sends its cookie whoever made the page; only our pages know this token."""
    if connection.scope.get("method", "GET") in _SAFE:
        return
    if not same(connection.headers.get(CSRF_HEADER, ""), csrf_token(cookie)):
        detail = f"calls with the cookie that change something send the header {CSRF_HEADER}"
        raise ApiError(403, "csrf", detail)


def _unauthorized(code: str, detail: str) -> ApiError:
    return ApiError(401, code, detail, headers={"WWW-Authenticate": "Bearer"})
