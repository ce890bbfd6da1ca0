"""The page of webhooks: who is told, and the delivery log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.dashboard.rendering import PageRoute, page
from blazz_server.paging import After, page_of
from blazz_server.webhooks.kinds import DESCRIPTIONS
from blazz_server.webhooks.tables import Delivery

router = APIRouter(prefix="/workspaces/{workspace}/webhooks", route_class=PageRoute)
_ROWS: Final = 50
_SUBSCRIPTIONS: Final = 100


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery as the page shows it."""

    id: str
    kind: str
    created_at: datetime
    url: str
    state: str
    attempts: int
    answer: str

    @classmethod
    def of(cls, row: Delivery, urls: dict[str, str]) -> DeliveryView:
        """Say what came of it."""
        answer = " ".join(str(it) for it in (row.last_status, row.last_error) if it)
        to = urls.get(row.subscription, "")
        return cls(row.id, row.kind, row.created_at, to, row.state, row.attempts, answer)


@router.get("")
async def index(
    request: Request,
    workspace: str,
    caller: Annotated[Principal, needs(Scope.WEBHOOKS_READ)],
    platform: ThePlatform,
    after: After = "",
) -> Response:
    """Show subscriptions and deliveries."""
    webhooks = platform.webhooks
    subscriptions = await webhooks.subscriptions.all(workspace, after="", limit=_SUBSCRIPTIONS)
    urls = {row.id: row.url for row in subscriptions}
    rows = await webhooks.log.deliveries(workspace, after=after, limit=_ROWS)
    found = page_of(
        rows, _ROWS, item=lambda row: DeliveryView.of(row, urls), cursor=lambda row: row.id
    )
    return await page(
        request,
        "webhooks.html",
        caller,
        here="webhooks",
        subscriptions=subscriptions[:_SUBSCRIPTIONS],
        deliveries=found.items,
        next=found.next,
        kinds=DESCRIPTIONS,
    )
