"""Routes of audiences: CSV files that are uploaded, and looked at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.campaigns.tables import AudienceRow
from blazz_server.paging import After, Limit, Page, page_of

router = APIRouter(prefix="/v1/workspaces/{workspace}/audiences", tags=["campaigns"])

AudienceId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Reader = Annotated[Principal, needs(Scope.CAMPAIGNS_READ)]
Writer = Annotated[Principal, needs(Scope.CAMPAIGNS_WRITE)]
_CONTENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file as it is.",
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class AudienceOut(BaseModel):
    """An uploaded file."""

    id: str
    filename: str
    size: int
    sha256: str
    columns: list[str]
    phone: str | None = Field(description="The column that seems to hold the numbers.")
    encoding: str
    delimiter: str
    created_at: datetime


class AudienceMade(AudienceOut):
    """A file that was just uploaded."""

    rows: list[list[str]] = Field(description="The first rows.")


def _out(row: AudienceRow) -> AudienceOut:
    return AudienceOut.model_validate(row, from_attributes=True)


@router.post("", status_code=201, openapi_extra=_CONTENT)
async def upload(
    workspace: str,
    *,
    request: Request,
    _caller: Writer,
    platform: ThePlatform,
    filename: Annotated[str, Query(max_length=500)] = "contacts.csv",
    encoding: Annotated[
        str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,30}$", description="As Python names it.")
    ] = None,
    delimiter: Annotated[
        str | None, Query(pattern=r"^[,;|\t]$", description="What stands between fields.")
    ] = None,
) -> AudienceMade:
    """Upload a CSV file with a header, as the raw body of the call."""
    row, seen = await platform.campaigns.audiences.receive(
        workspace, request.stream(), filename=filename, encoding=encoding, delimiter=delimiter
    )
    return AudienceMade(**_out(row).model_dump(), rows=[list(each) for each in seen.rows])


@router.get("")
async def index(
    workspace: str, _caller: Reader, platform: ThePlatform, limit: Limit = 50, after: After = ""
) -> Page[AudienceOut]:
    """List the uploaded files, the newest first."""
    rows = await platform.campaigns.audiences.page(workspace, after=after, limit=limit)
    return page_of(rows, limit, item=_out, cursor=lambda row: row.id)


@router.get("/{audience}")
async def show(
    workspace: str, audience: AudienceId, _caller: Reader, platform: ThePlatform
) -> AudienceOut:
    """Show an uploaded file."""
    return _out(await platform.campaigns.audiences.get(workspace, audience))


@router.delete("/{audience}", status_code=204)
async def remove(
    workspace: str, audience: AudienceId, _caller: Writer, platform: ThePlatform
) -> None:
    """Delete an uploaded file; campaigns that have read it need it no more."""
    await platform.campaigns.audiences.delete(workspace, audience)
