"""Routes of workspaces."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from blazz_server.accounts.access import Principal, Scope, ThePlatform, authenticated, needs
from blazz_server.accounts.tables import Workspace
from blazz_server.accounts.workspaces import NAME
from blazz_server.paging import After, Limit, Page, page_of

router = APIRouter(prefix="/v1/workspaces", tags=["workspaces"])


class NewWorkspace(BaseModel):
    """A workspace to be made."""

    name: str = Field(pattern=NAME, examples=["acme"])
    title: str = Field(default="", max_length=200, examples=["Acme Ltd."])


class WorkspaceTitle(BaseModel):
    """What can be changed about a workspace."""

    title: str = Field(min_length=1, max_length=200, examples=["Acme Ltd."])


class WorkspaceOut(BaseModel):
    """A workspace."""

    name: str
    title: str
    created_at: datetime


def _out(workspace: Workspace) -> WorkspaceOut:
    return WorkspaceOut(name=workspace.name, title=workspace.title, created_at=workspace.created_at)


@router.post("", status_code=201)
async def create(
    body: NewWorkspace, _caller: Annotated[Principal, needs(Scope.ADMIN)], platform: ThePlatform
) -> WorkspaceOut:
    """Make a workspace."""
    return _out(await platform.accounts.workspaces.create(body.name, title=body.title))


@router.get("")
async def index(
    caller: Annotated[Principal, Depends(authenticated)],
    platform: ThePlatform,
    limit: Limit = 50,
    after: After = "",
) -> Page[WorkspaceOut]:
    """List the workspaces that the caller may see: all for the administrator, else one."""
    workspaces = platform.accounts.workspaces
    if caller.workspace is not None:
        return Page(items=[_out(await workspaces.get(caller.workspace))], next=None)
    rows = await workspaces.page(after=after, limit=limit + 1)
    return page_of(rows, limit, item=_out, cursor=lambda row: row.name)


@router.get("/{workspace}")
async def show(
    workspace: str, _caller: Annotated[Principal, needs()], platform: ThePlatform
) -> WorkspaceOut:
    """Show a workspace."""
    return _out(await platform.accounts.workspaces.get(workspace))


@router.patch("/{workspace}")
async def rename(
    workspace: str,
    body: WorkspaceTitle,
    _caller: Annotated[Principal, needs(Scope.ADMIN)],
    platform: ThePlatform,
) -> WorkspaceOut:
    """Give a workspace another title."""
    return _out(await platform.accounts.workspaces.rename(workspace, title=body.title))


@router.delete("/{workspace}", status_code=204)
async def remove(
    workspace: str, _caller: Annotated[Principal, needs(Scope.ADMIN)], platform: ThePlatform
) -> None:
    """Delete a workspace with all that is in it: sessions, messages, campaigns, keys."""
    await platform.accounts.workspaces.remove(workspace)
    platform.accounts.keys.forget()
