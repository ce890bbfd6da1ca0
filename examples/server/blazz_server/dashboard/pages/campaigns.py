"""Pages of campaigns: the list, a new one, and one that is watched while it runs."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response

from blazz.campaigns import Progress
from blazz.campaigns.ledger.records import Counts
from blazz.campaigns.report import Report
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.campaigns.tables import CampaignRow
from blazz_server.dashboard.pages.sessions import all_sessions
from blazz_server.dashboard.rendering import PageRoute, page
from blazz_server.paging import After, page_of

router = APIRouter(prefix="/workspaces/{workspace}/campaigns", route_class=PageRoute)
Reader = Annotated[Principal, needs(Scope.CAMPAIGNS_READ)]
_ROWS: Final = 50
_COUNTED: Final = frozenset(field.name for field in fields(Counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """A campaign as the pages show it.

    Attributes:
        id: Its name.
        state: Where it is.
        reason: Why it is there.
        sessions: What sends it.
        counts: Recipients per state.
        created_at: When it was made.
        rate: Messages per second at this moment.
        eta: Seconds until all is sent at this rate.
    """

    id: str
    state: str
    reason: str | None
    sessions: list[str]
    counts: Counts
    created_at: datetime
    rate: float = 0.0
    eta: float | None = None

    @property
    def share(self) -> float:
        """The share of recipients that need nothing more to be sent."""
        total = self.counts.total
        return 1 - self.counts.open / total if total else float(self.state == "done")

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state in {"done", "cancelled"}

    @property
    def begun(self) -> bool:
        """Whether anything is known of its recipients."""
        return self.state not in {"draft", "scheduled"}

    @classmethod
    def of(cls, row: CampaignRow, progress: Progress | None = None) -> CampaignView:
        """Show a campaign; its counts are those of the moment, or what its worker told last."""
        told = {name: count for name, count in row.counts.items() if name in _COUNTED}
        return cls(
            id=row.id,
            state=row.state,
            reason=row.reason,
            sessions=[str(name) for name in row.plan.get("sessions", [])],
            counts=Counts(**told) if progress is None else progress.counts,
            created_at=row.created_at,
            rate=0.0 if progress is None else progress.rate,
            eta=None if progress is None else progress.eta,
        )


@router.get("")
async def index(
    request: Request, workspace: str, caller: Reader, platform: ThePlatform, after: After = ""
) -> Response:
    """List the campaigns of a workspace."""
    rows = await platform.campaigns.records.page(workspace, state=None, after=after, limit=_ROWS)
    found = page_of(rows, _ROWS, item=CampaignView.of, cursor=lambda row: row.id)
    return await page(
        request,
        "campaigns.html",
        caller,
        here="campaigns",
        campaigns=found.items,
        next=found.next,
    )


@router.get("/new")
async def new(
    request: Request,
    workspace: str,
    caller: Annotated[Principal, needs(Scope.CAMPAIGNS_WRITE, Scope.SESSIONS_READ)],
    platform: ThePlatform,
) -> Response:
    """Ask for what a campaign needs."""
    sessions = await all_sessions(platform, workspace)
    return await page(request, "campaign_new.html", caller, here="campaigns", sessions=sessions)


@router.get("/{campaign}")
async def show(
    request: Request, workspace: str, campaign: str, caller: Reader, platform: ThePlatform
) -> Response:
    """Watch a campaign.

    While it runs only its counters are asked for; the report, which reads the whole ledger, is
    made for the page and, now and then, for what went wrong.
    """
    desk = platform.campaigns
    row = await desk.records.get(workspace, campaign)
    view = CampaignView.of(row, await desk.progress(row))
    report = None
    if request.query_params.get("part") != "state":
        begun = await desk.find(row)
        report = await begun.report() if begun is not None else None
    return await page(
        request,
        "campaign.html",
        caller,
        here="campaigns",
        campaign=view,
        now=_point(time.time(), view.counts),
        samples=[] if report is None else _points(report),
        errors=[] if report is None else report.errors,
        report_url=f"/v1/workspaces/{workspace}/campaigns/{campaign}/report.html",
    )


def _points(report: Report) -> list[dict[str, Any]]:
    return [_point(sample.at, sample.counts) for sample in report.samples]


def _point(at: float, counts: Counts) -> dict[str, Any]:
    """What the chart shows of one moment: each figure holds those that got further, too."""
    told = asdict(counts)
    return {
        "at": round(at, 3),
        "sent": counts.taken_over,
        "delivered": counts.delivered + counts.read,
        "read": told["read"],
        "failed": told["failed"],
    }
