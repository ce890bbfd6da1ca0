"""The URL that Meta sends webhooks to, and what came there for nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs, the_platform
from blazz_server.paging import Limit

router = APIRouter(tags=["webhooks in"])
_TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}}


class StrayOut(BaseModel):
    """Updates for an account that no session has; passed on as soon as one does."""

    account: str | None = Field(description="The phone number id or WABA id.")
    count: int
    first_at: datetime
    last_at: datetime
    reason: str


class StrayList(BaseModel):
    """Accounts that no session has."""

    items: list[StrayOut]


@router.get("/webhooks/meta", response_class=Response, responses={200: _TEXT})
async def handshake(request: Request) -> Response:
    """Answer Meta's question whether this URL is ours, by the verify token of any session."""
    return await _handled(request)


@router.post("/webhooks/meta", response_class=Response, responses={200: _TEXT})
async def receive(request: Request) -> Response:
    """Take updates for the numbers of all tenants; answered once they are kept.

    The body is signed with the app secret of a session: `X-Hub-Signature-256`.
    """
    return await _handled(request)


@router.get("/v1/webhooks/strays")
async def strays(
    caller: Annotated[Principal, needs(Scope.ADMIN)], platform: ThePlatform, limit: Limit = 50
) -> StrayList:
    """Which accounts updates came for that no session has, the latest first."""
    found = await platform.incoming.strays.accounts(limit=limit)
    return StrayList(items=[StrayOut.model_validate(it, from_attributes=True) for it in found])


async def _handled(request: Request) -> Response:
    answer = await the_platform(request).incoming.handle(
        request.method,
        request.scope["query_string"].decode("latin-1"),
        request.headers,
        await request.body(),
    )
    return Response(answer.body, answer.status, dict(answer.headers))
