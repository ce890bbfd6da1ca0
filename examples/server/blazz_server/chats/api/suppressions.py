"""The suppression list: who must not get campaigns any more."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from blazz_server.accounts.access import Principal, Scope, needs
from blazz_server.hosting.routing import HostedSession, OwnedRoute
from blazz_server.paging import After, Limit, Page, page_of

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}/suppressions",
    tags=["suppressions"],
    route_class=OwnedRoute,
)
Person = Annotated[str, Path(min_length=3, max_length=160, examples=["+6281234567890"])]
Reader = Annotated[Principal, needs(Scope.CONTACTS_READ)]
Writer = Annotated[Principal, needs(Scope.CAMPAIGNS_WRITE)]


class Why(BaseModel):
    """Why somebody is put on the list."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="manual", pattern=r"^[a-z0-9_]{1,64}$")


class Suppressed(BaseModel):
    """Somebody on the list."""

    address: str
    reason: str
    at: datetime


@router.get("")
async def list_suppressions(
    caller: Reader, hosted: HostedSession, limit: Limit = 50, after: After = ""
) -> Page[Suppressed]:
    """Who is on the list, by their addresses."""
    entries = sorted(await hosted.suppressions(), key=lambda it: it.address)
    rows = [it for it in entries if it.address > after][: limit + 1]
    return page_of(
        rows,
        limit,
        item=lambda it: Suppressed(address=it.address, reason=it.reason, at=it.at),
        cursor=lambda it: it.address,
    )


@router.put("/{person}", status_code=HTTPStatus.NO_CONTENT)
async def suppress(
    caller: Writer, hosted: HostedSession, person: Person, body: Why | None = None
) -> None:
    """Put somebody on the list: campaigns of this session leave them out."""
    await hosted.suppress(person, reason=(body or Why()).reason)


@router.delete("/{person}", status_code=HTTPStatus.NO_CONTENT)
async def unsuppress(caller: Writer, hosted: HostedSession, person: Person) -> None:
    """Take somebody off the list."""
    await hosted.unsuppress(person)
