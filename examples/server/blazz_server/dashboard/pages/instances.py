"""The page of instances: who is alive, who runs what, and what moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from blazz.cluster.registry.base import Assignment, Registry
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.dashboard.pages.sessions import HistoryLine
from blazz_server.dashboard.rendering import PageRoute, page

router = APIRouter(route_class=PageRoute)
_ASKED: Final = 24
_LINES: Final = 40
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class InstanceView:
    """An instance as the page shows it."""

    name: str
    here: bool
    state: str
    capacity: int
    address: str
    version: str
    sessions: list[str] = field(default_factory=list)

    @property
    def shown(self) -> list[str]:
        """The sessions that there is room for."""
        return self.sessions[:_SHOWN]


@router.get("/instances")
async def index(
    request: Request,
    caller: Annotated[Principal, needs(Scope.ADMIN)],
    platform: ThePlatform,
) -> Response:
    """Show the cluster."""
    registry, me = platform.hosting.registry, platform.settings.instance
    views = {
        it.name: InstanceView(
            it.name,
            it.name == me,
            "draining" if it.draining else "live",
            it.capacity,
            it.address,
            it.version,
        )
        for it in await registry.instances()
    }
    assigned = await registry.assignments()
    for key, it in sorted(assigned.items()):
        if it.instance not in views:  # it died, and its sessions have not moved yet
            views[it.instance] = InstanceView(it.instance, it.instance == me, "gone", 0, "", "")
        views[it.instance].sessions.append(key)
    return await page(
        request,
        "instances.html",
        caller,
        here="instances",
        instances=sorted(views.values(), key=lambda it: it.name),
        history=await _recent(registry, list(assigned.values())),
        drain_call="/v1/instances/{instance}/drain",
    )


async def _recent(registry: Registry, assigned: list[Assignment]) -> list[HistoryLine]:
    """The newest changes: those of the sessions that moved last."""
    newest = sorted(assigned, key=lambda it: it.since, reverse=True)[:_ASKED]
    lines = [
        HistoryLine.of(it.session, record)
        for it in newest
        for record in await registry.history(it.session)
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:_LINES]
