"""Pages of logins, workspaces and keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from blazz_server.accounts.access import Principal, Scope, ThePlatform, authenticated, needs
from blazz_server.accounts.principal import OF_A_WORKSPACE
from blazz_server.accounts.tables import ApiKey
from blazz_server.dashboard.rendering import PageRoute, page, plain_page, url
from blazz_server.database import utc_now
from blazz_server.paging import After, page_of

router = APIRouter(route_class=PageRoute)
_ROWS: Final = 48
_OURS: Final = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
"""A page of ours. To browsers `//there` and `/\\there` are other hosts, and tabs are not there."""


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as the page shows it."""

    id: str
    label: str
    scopes: list[str]
    state: str
    last_used_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, row: ApiKey) -> KeyView:
        """Tell whether it still works."""
        now = utc_now()
        state = "active" if row.works_at(now) else "revoked" if row.revoked_at else "expired"
        return cls(row.id, row.label, row.scopes, state, row.last_used_at, row.expires_at)


@router.get("/login")
async def login(request: Request) -> Response:
    """Ask for a key."""
    then = request.query_params.get("next", "/")
    return plain_page("login.html", then=then if _OURS.fullmatch(then) else "/")


@router.get("/")
async def home(caller: Annotated[Principal, Depends(authenticated)]) -> Response:
    """Go to where the caller begins."""
    if caller.workspace is None:
        return RedirectResponse(url("workspaces"), 303)
    return RedirectResponse(url("workspaces", caller.workspace, "sessions"), 303)


@router.get("/workspaces")
async def workspaces(
    request: Request,
    caller: Annotated[Principal, Depends(authenticated)],
    platform: ThePlatform,
    after: After = "",
) -> Response:
    """List the workspaces that the caller may see."""
    found = platform.accounts.workspaces
    if caller.workspace is not None:
        return RedirectResponse(url("workspaces", caller.workspace, "sessions"), 303)
    rows = await found.page(after=after, limit=_ROWS + 1)
    next_ = rows[_ROWS - 1].name if len(rows) > _ROWS else None
    return await page(
        request,
        "workspaces.html",
        caller,
        here="workspaces",
        workspaces=rows[:_ROWS],
        next=next_,
    )


@router.get("/workspaces/{workspace}")
async def workspace_home(
    workspace: str, _caller: Annotated[Principal, needs()]
) -> RedirectResponse:
    """Begin with the sessions."""
    return RedirectResponse(url("workspaces", workspace, "sessions"), 303)


@router.get("/workspaces/{workspace}/keys")
async def keys(
    request: Request,
    workspace: str,
    caller: Annotated[Principal, needs(Scope.KEYS_WRITE)],
    platform: ThePlatform,
    after: After = "",
) -> Response:
    """List the keys of a workspace."""
    rows = await platform.accounts.keys.page(workspace, after=after, limit=_ROWS + 1)
    found = page_of(rows, _ROWS, item=KeyView.of, cursor=lambda row: row.id)
    scopes = sorted(scope for scope in OF_A_WORKSPACE if not caller.lacks(scope))
    return await page(
        request,
        "keys.html",
        caller,
        here="keys",
        keys=found.items,
        next=found.next,
        scopes=scopes,
    )
