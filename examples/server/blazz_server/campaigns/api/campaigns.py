"""Routes of campaigns: trying out, making, steering, looking on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from blazz.campaigns import Progress
from blazz.cluster.router import FORWARDED_BY
from blazz.errors import ClusterError
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.campaigns.api.audiences import Reader, Writer
from blazz_server.campaigns.plan import NAME, CampaignPlan, RateCardIn
from blazz_server.campaigns.tables import CampaignRow, State
from blazz_server.campaigns.work import counts_of
from blazz_server.paging import After, Limit, Page, page_of
from blazz_server.platform import Platform

router = APIRouter(prefix="/v1/workspaces/{workspace}/campaigns", tags=["campaigns"])

CampaignName = Annotated[str, Path(pattern=NAME)]
Sends = Annotated[Principal, needs(Scope.CAMPAIGNS_WRITE, Scope.MESSAGES_SEND)]
"""Whoever starts a campaign sends messages."""


class NewCampaign(CampaignPlan):
    """A campaign to be made."""

    id: str = Field(pattern=NAME, description="Its name in the workspace.", examples=["promo-11"])
    start: bool = Field(default=False, description="Start it at once, or when `start_at` says.")

    @property
    def plan(self) -> CampaignPlan:
        """The plan in it."""
        return CampaignPlan.model_validate(self.model_dump(exclude={"id", "start"}))


class PreviewIn(CampaignPlan):
    """A campaign to be tried out."""

    id: str = Field(default="preview", pattern=NAME)
    rate_card: RateCardIn | None = Field(default=None, description="What messages cost.")

    @property
    def plan(self) -> CampaignPlan:
        """The plan in it."""
        return CampaignPlan.model_validate(self.model_dump(exclude={"id", "rate_card"}))


class SampleOut(BaseModel):
    """A message as one person would get it."""

    line: int
    to: str
    variant: str | None
    message: dict[str, Any]


class RejectOut(BaseModel):
    """A row that cannot be sent to."""

    line: int
    kind: str
    reason: str


class CostOut(BaseModel):
    """What the messages to one country cost; money is text."""

    country: str
    category: str
    messages: int
    price: str | None
    cost: str | None


class PreviewOut(BaseModel):
    """What a campaign would do."""

    ok: bool = Field(description="Whether nothing stands in the way.")
    rows_read: int
    recipients: int
    rejected: int
    duplicates: int
    rejects: list[RejectOut] = Field(description="The first of these, with the reasons.")
    countries: dict[str, int]
    variants: dict[str, int]
    problems: list[str]
    warnings: list[str]
    starts_at: datetime
    ends_at: datetime | None
    duration_seconds: float | None
    costs: list[CostOut]
    cost: str | None
    currency: str | None
    samples: list[SampleOut]


class ProgressOut(BaseModel):
    """How far a campaign is at this moment."""

    phase: str
    reason: str | None
    share: float = Field(description="The part that needs nothing more to be sent, 0 to 1.")
    rate: float = Field(description="Messages per second; 0 where it does not run.")
    eta: float | None = Field(description="Seconds until all is sent.")
    elapsed: float
    counts: dict[str, int]


class CampaignOut(BaseModel):
    """A campaign."""

    id: str
    state: State
    reason: str | None
    sessions: list[str]
    audience: str
    counts: dict[str, int] = Field(description="Recipients by state, as last written down.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None = Field(description="When it starts by itself.")
    owner: str | None = Field(description="The instance that works on it.")


class CampaignDetail(CampaignOut):
    """A campaign with its plan, and how far it is."""

    plan: dict[str, Any]
    progress: ProgressOut | None


class Why(BaseModel):
    """A reason for people."""

    reason: str | None = Field(
        default=None, max_length=300, pattern=r"^[^\x00-\x1f]*$", examples=["the offer is over"]
    )


class RetryIn(BaseModel):
    """Which failed messages are sent again."""

    codes: list[Annotated[int, Field(ge=0, le=10_000_000)]] = Field(
        default=[], max_length=100, description="Only those that failed with one of these."
    )


class RetryOut(BaseModel):
    """How many are sent again."""

    retried: int


def _out(row: CampaignRow) -> CampaignOut:
    scheduled = row.state == State.SCHEDULED.value
    return CampaignOut(
        id=row.id,
        state=State(row.state),
        reason=row.reason,
        sessions=row.plan["sessions"],
        audience=row.audience,
        counts=row.counts,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        due_at=row.due_at if scheduled else None,
        owner=row.owner,
    )


def _progress(progress: Progress) -> ProgressOut:
    return ProgressOut(
        phase=progress.phase.value,
        reason=progress.reason,
        share=progress.share,
        rate=progress.rate,
        eta=progress.eta,
        elapsed=progress.elapsed,
        counts=counts_of(progress),
    )


@router.post("/preview", response_model=PreviewOut)
async def preview(
    workspace: str, body: PreviewIn, request: Request, caller: Writer, platform: ThePlatform
) -> PreviewOut | Response:
    """Try a campaign out: every row, the first messages, how long and how much. Nothing is sent."""
    key = f"{workspace}/{body.sessions[0]}"
    elsewhere = await _where_it_runs(platform, key, request, caller)
    if elsewhere is not None:
        return elsewhere
    card = None if body.rate_card is None else body.rate_card.value()
    found = await platform.campaigns.previews.make(workspace, body.id, body.plan, card)
    return PreviewOut.model_validate(
        {
            **found.dry_run.as_dict(),
            "samples": [
                {"line": it.line, "to": it.to, "variant": it.variant, "message": it.message}
                for it in found.samples
            ],
        }
    )


async def _where_it_runs(
    platform: Platform, key: str, request: Request, caller: Principal
) -> Response | None:
    """Have the instance answer that runs the session: only there can templates be looked up.

    None: it runs here, or nowhere that can be reached; then the rest is tried out all the same.
    """
    hosting = platform.hosting
    if hosting.is_ours(key) or FORWARDED_BY.lower() in request.headers:
        return None
    try:
        assigned = await hosting.registry.find(key)
        if assigned is None or assigned.instance == platform.settings.instance:
            return None
        reply = await hosting.forward(
            key,
            request.method,
            request.scope["raw_path"].decode("latin-1"),
            headers=dict(request.headers),
            body=await request.body(),
            caller=caller.key_id,
        )
    except ClusterError:
        return None
    return Response(reply.body, reply.status, media_type=reply.headers.get("content-type"))


@router.post("", status_code=201)
async def create(
    workspace: str, body: NewCampaign, _caller: Sends, platform: ThePlatform
) -> CampaignOut:
    """Make a campaign. Without `start` it is a draft that waits to be started."""
    row = await platform.campaigns.create(workspace, body.id, body.plan)
    if body.start:
        row = await platform.campaigns.start(workspace, body.id)
    return _out(row)


@router.get("")
async def index(
    workspace: str,
    *,
    _caller: Reader,
    platform: ThePlatform,
    state: State | None = None,
    limit: Limit = 50,
    after: After = "",
) -> Page[CampaignOut]:
    """List campaigns by name."""
    rows = await platform.campaigns.records.page(workspace, state=state, after=after, limit=limit)
    return page_of(rows, limit, item=_out, cursor=lambda row: row.id)


@router.get("/{campaign}")
async def show(
    workspace: str, campaign: CampaignName, _caller: Reader, platform: ThePlatform
) -> CampaignDetail:
    """Show a campaign, and how far it is at this moment."""
    row = await platform.campaigns.records.get(workspace, campaign)
    progress = await platform.campaigns.progress(row)
    return CampaignDetail(
        **_out(row).model_dump(),
        plan=row.plan,
        progress=None if progress is None else _progress(progress),
    )


@router.delete("/{campaign}", status_code=204)
async def remove(
    workspace: str, campaign: CampaignName, _caller: Writer, platform: ThePlatform
) -> None:
    """Delete a campaign that was not begun."""
    await platform.campaigns.records.delete(workspace, campaign)


@router.post("/{campaign}/start")
async def start(
    workspace: str, campaign: CampaignName, _caller: Sends, platform: ThePlatform
) -> CampaignOut:
    """Start a draft: now, or when its `start_at` says."""
    return _out(await platform.campaigns.start(workspace, campaign))


@router.post("/{campaign}/pause")
async def pause(
    workspace: str,
    campaign: CampaignName,
    _caller: Writer,
    platform: ThePlatform,
    body: Why | None = None,
) -> CampaignOut:
    """Stop taking new recipients; what is on its way ends."""
    reason = (body or Why()).reason
    return _out(await platform.campaigns.pause(workspace, campaign, reason=reason))


@router.post("/{campaign}/resume")
async def resume(
    workspace: str, campaign: CampaignName, _caller: Sends, platform: ThePlatform
) -> CampaignOut:
    """Go on after a pause or a halt."""
    return _out(await platform.campaigns.resume(workspace, campaign))


@router.post("/{campaign}/cancel")
async def cancel(
    workspace: str,
    campaign: CampaignName,
    _caller: Writer,
    platform: ThePlatform,
    body: Why | None = None,
) -> CampaignOut:
    """End it for good; what was not sent stays unsent."""
    reason = (body or Why()).reason
    return _out(await platform.campaigns.cancel(workspace, campaign, reason=reason))


@router.post("/{campaign}/retry-failed")
async def retry_failed(
    workspace: str,
    campaign: CampaignName,
    _caller: Sends,
    platform: ThePlatform,
    body: RetryIn | None = None,
) -> RetryOut:
    """Send failed messages again, all or those with some errors."""
    codes = (body or RetryIn()).codes
    return RetryOut(retried=await platform.campaigns.retry_failed(workspace, campaign, codes))
