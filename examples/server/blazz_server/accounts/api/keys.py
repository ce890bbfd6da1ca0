"""Routes of API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.accounts.principal import OF_A_WORKSPACE
from blazz_server.accounts.tables import ApiKey
from blazz_server.errors import ApiError
from blazz_server.paging import After, Limit, Page, page_of

router = APIRouter(prefix="/v1/workspaces/{workspace}/keys", tags=["keys"])


class NewKeyIn(BaseModel):
    """A key to be made."""

    label: str = Field(min_length=1, max_length=200, examples=["the shop's backend"])
    scopes: set[Scope] = Field(
        default_factory=lambda: set(OF_A_WORKSPACE),
        description="What it may do; by default everything in this workspace.",
        examples=[["messages:send", "messages:read"]],
    )
    expires_at: AwareDatetime | None = Field(
        default=None,
        description="When it ends by itself; with a zone. By default with the caller's own key.",
        examples=[None],
    )


class KeyOut(BaseModel):
    """A key; its secret part is shown only when it is made."""

    id: str
    label: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="Written down every ten seconds.")


class KeyMade(KeyOut):
    """A key that was just made."""

    key: str = Field(description="The key itself. It is shown only now: keep it.")


def _out(row: ApiKey) -> KeyOut:
    return KeyOut.model_validate(row, from_attributes=True)


@router.post("", status_code=201)
async def create(
    workspace: str,
    body: NewKeyIn,
    caller: Annotated[Principal, needs(Scope.KEYS_WRITE)],
    platform: ThePlatform,
) -> KeyMade:
    """Make a key of this workspace, which may do no more than the caller, and no longer."""
    beyond = sorted(body.scopes - OF_A_WORKSPACE) or caller.lacks(*sorted(body.scopes))
    if beyond:
        detail = f"scopes: a key of yours cannot have {', '.join(beyond)}"
        raise ApiError(403, "scope_beyond_caller", detail, scopes=beyond)
    expires_at = body.expires_at or caller.expires_at
    if not caller.outlives(expires_at):
        detail = f"expires_at: a key of yours ends with it, {caller.expires_at}, or before"
        raise ApiError(403, "expiry_beyond_caller", detail)
    made = await platform.accounts.keys.create(
        workspace, label=body.label, scopes=body.scopes, expires_at=expires_at
    )
    return KeyMade(**_out(made.row).model_dump(), key=made.text.reveal())


@router.get("")
async def index(
    workspace: str,
    _caller: Annotated[Principal, needs(Scope.KEYS_WRITE)],
    platform: ThePlatform,
    limit: Limit = 50,
    after: After = "",
) -> Page[KeyOut]:
    """List the keys of this workspace."""
    rows = await platform.accounts.keys.page(workspace, after=after, limit=limit + 1)
    return page_of(rows, limit, item=_out, cursor=lambda row: row.id)


@router.delete("/{key}", status_code=204)
async def revoke(
    workspace: str,
    key: str,
    _caller: Annotated[Principal, needs(Scope.KEYS_WRITE)],
    platform: ThePlatform,
) -> None:
    """End a key, the logins that were made with it, and what browsers follow with it."""
    await platform.live.end(await platform.accounts.keys.revoke(workspace, key))
