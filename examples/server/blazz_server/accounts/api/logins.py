"""Routes of the dashboard's logins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from blazz_server.accounts.access import Principal, Scope, ThePlatform, authenticated
from blazz_server.accounts.logins import COOKIE, LASTS
from blazz_server.accounts.secrets import csrf_token

router = APIRouter(prefix="/v1/login", tags=["logins"])


class LoginIn(BaseModel):
    """What to log in with."""

    key: SecretStr = Field(max_length=200, examples=["bz_…"])


class LoginOut(BaseModel):
    """Who is logged in."""

    workspace: str | None = Field(description="The only one that they see; null: all of them.")
    scopes: list[Scope]
    csrf: str = Field(description="To be sent as `X-CSRF-Token`; empty for a call with a key.")


class LoggedIn(LoginOut):
    """A login that was just made."""

    expires_at: datetime


@router.post("")
async def log_in(
    body: LoginIn, request: Request, response: Response, platform: ThePlatform
) -> LoggedIn:
    """Log a browser in: it gets a cookie that scripts cannot read."""
    address = request.client.host if request.client else ""
    await platform.accounts.limits.count_refusal(address)
    login = await platform.accounts.logins.log_in(body.key.get_secret_value())
    response.set_cookie(
        COOKIE,
        login.cookie,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=platform.settings.secure_cookies,
    )
    return LoggedIn(
        workspace=login.principal.workspace,
        scopes=sorted(login.principal.scopes),
        csrf=login.csrf,
        expires_at=login.expires_at,
    )


@router.get("")
async def show(
    caller: Annotated[Principal, Depends(authenticated)],
    blazz_login: Annotated[str | None, Cookie(include_in_schema=False)] = None,
) -> LoginOut:
    """Show who calls, and what they may do."""
    is_login = caller.kind == "login" and blazz_login is not None
    return LoginOut(
        workspace=caller.workspace,
        scopes=sorted(caller.scopes),
        csrf=csrf_token(blazz_login) if is_login and blazz_login else "",
    )


@router.delete("", status_code=204)
async def log_out(
    _caller: Annotated[Principal, Depends(authenticated)],
    response: Response,
    platform: ThePlatform,
    blazz_login: Annotated[str | None, Cookie(include_in_schema=False)] = None,
) -> None:
    """End the login of this browser, and what it follows."""
    if blazz_login is not None:
        ended = await platform.accounts.logins.log_out(blazz_login)
        if ended is not None:
            await platform.live.end(ended)
    response.delete_cookie(COOKIE)
