"""Routes of what became of a campaign: the report, each recipient, files to go on with."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from blazz.campaigns import Campaign
from blazz.campaigns.delivery import State as Standing
from blazz.campaigns.ledger.records import RecipientRow
from blazz.campaigns.report_files import report_csv, report_html
from blazz_server.accounts.access import ThePlatform
from blazz_server.campaigns.api.audiences import Reader
from blazz_server.campaigns.api.campaigns import CampaignName
from blazz_server.paging import Limit, Page, page_of
from blazz_server.platform import Platform

router = APIRouter(prefix="/v1/workspaces/{workspace}/campaigns/{campaign}", tags=["campaigns"])

# The page has its style inside and no script; it is shown as if it came from nowhere.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


class GroupOut(BaseModel):
    """Recipients that have something in common."""

    name: str
    recipients: int
    pending: int
    sending: int
    unknown: int
    accepted: int
    sent: int
    delivered: int
    read: int
    failed: int


class ErrorOut(BaseModel):
    """What went wrong how often."""

    state: str
    code: int | None
    reason: str | None
    count: int


class NoteOut(BaseModel):
    """What happened to a campaign."""

    at: datetime
    text: str


class ReportOut(BaseModel):
    """What became of every row of the audience."""

    campaign: str
    workspace: str
    session: str
    state: str
    reason: str | None
    done: bool
    rows_read: int
    rejected: int
    duplicates: int
    pending: int
    sending: int
    unknown: int
    accepted: int
    sent: int
    delivered: int
    read: int
    failed: int
    confirmed: int
    errors: list[ErrorOut]
    started_at: datetime | None
    ended_at: datetime | None
    duration_seconds: float
    rate_per_second: float
    countries: list[GroupOut]
    variants: list[GroupOut]
    numbers: list[GroupOut]
    notes: list[NoteOut]


class RecipientOut(BaseModel):
    """What became of one recipient."""

    seq: int
    line: int
    to: str
    state: Standing
    code: int | None
    reason: str | None


def _recipient(row: RecipientRow) -> RecipientOut:
    return RecipientOut(
        seq=row.seq,
        line=row.line,
        to=row.address,
        state=row.state,
        code=row.code,
        reason=row.reason,
    )


async def _begun(platform: Platform, workspace: str, campaign: str) -> Campaign:
    row = await platform.campaigns.records.get(workspace, campaign)
    return await platform.campaigns.begun(row)


@router.get("/report")
async def report(
    workspace: str, campaign: CampaignName, _caller: Reader, platform: ThePlatform
) -> ReportOut:
    """The outcome in figures; at any time once it has begun."""
    found = await (await _begun(platform, workspace, campaign)).report()
    return ReportOut.model_validate(found.as_dict())


@router.get("/report.html", response_class=HTMLResponse)
async def report_page(
    workspace: str, campaign: CampaignName, _caller: Reader, platform: ThePlatform
) -> HTMLResponse:
    """The outcome as a page with charts."""
    found = await (await _begun(platform, workspace, campaign)).report()
    return HTMLResponse(report_html(found), headers={"Content-Security-Policy": _REPORT_POLICY})


@router.get("/report.csv", response_class=Response, responses=_CSV)
async def report_table(
    workspace: str, campaign: CampaignName, _caller: Reader, platform: ThePlatform
) -> Response:
    """The outcome as a table."""
    found = await (await _begun(platform, workspace, campaign)).report()
    name = f'attachment; filename="{campaign}.report.csv"'
    return Response(report_csv(found), media_type="text/csv", headers={"Content-Disposition": name})


@router.get("/recipients")
async def recipients(
    workspace: str,
    campaign: CampaignName,
    *,
    _caller: Reader,
    platform: ThePlatform,
    state: Annotated[list[Standing] | None, Query(max_length=8)] = None,
    limit: Limit = 50,
    after: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Page[RecipientOut]:
    """List recipients, all or those in some states; those in `failed` are dead letters."""
    found = await _begun(platform, workspace, campaign)
    rows: list[RecipientRow] = []
    async for row in found.recipients(*(state or ()), after=after):
        rows.append(row)
        if len(rows) > limit:
            break
    return page_of(rows, limit, item=_recipient, cursor=lambda row: str(row.seq))


@router.get("/dead-letters.csv", response_class=FileResponse, responses=_CSV)
async def dead_letters(
    workspace: str, campaign: CampaignName, _caller: Reader, platform: ThePlatform
) -> FileResponse:
    """Those whose message failed or whose fate is unknown; the file can be an audience again."""
    found = await _begun(platform, workspace, campaign)
    return await _file(found.export_dead_letters, f"{campaign}.dead-letters.csv")


@router.get("/rejects.csv", response_class=FileResponse, responses=_CSV)
async def rejects(
    workspace: str, campaign: CampaignName, _caller: Reader, platform: ThePlatform
) -> FileResponse:
    """Rows that could not be sent to, and duplicates; once mended it can be an audience."""
    found = await _begun(platform, workspace, campaign)
    return await _file(found.export_rejects, f"{campaign}.rejects.csv")


async def _file(write: Callable[[Path], Awaitable[object]], name: str) -> FileResponse:
    """Write a file for one answer; it is deleted when it was sent."""
    folder = tempfile.TemporaryDirectory(prefix="blazz-export-")
    try:
        path = Path(folder.name) / name
        await write(path)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        path, media_type="text/csv", filename=name, background=BackgroundTask(folder.cleanup)
    )
