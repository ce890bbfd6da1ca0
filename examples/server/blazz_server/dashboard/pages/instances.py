"""The page of instances: who is alive, who runs what, and what moved."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Request, Response

from blazz.cluster.placement import Cause
from blazz.cluster.registry.base import Assignment, Change, Record, Registry
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.dashboard.pages.sessions import HistoryLine
from blazz_server.dashboard.rendering import PageRoute, page

router = APIRouter(route_class=PageRoute)
_ASKED: Final = 24
_LINES: Final = 40
_SHOWN: Final = 60
_REMEMBERED: Final = timedelta(hours=1)
"""For how long an instance that died is shown, unless it is back."""

Histories: TypeAlias = Mapping[str, Sequence[Record]]


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
    histories = await _histories(registry, list(assigned.values()))
    for name in lost(histories, since=datetime.now(UTC) - _REMEMBERED):
        views.setdefault(name, InstanceView(name, name == me, "gone", 0, "", ""))
    return await page(
        request,
        "instances.html",
        caller,
        here="instances",
        instances=sorted(views.values(), key=lambda it: it.name),
        history=_recent(histories),
        drain_call="/v1/instances/{instance}/drain",
    )


async def _histories(registry: Registry, assigned: list[Assignment]) -> Histories:
    """What became of the sessions that moved last."""
    newest = sorted(assigned, key=lambda it: it.since, reverse=True)[:_ASKED]
    return {it.session: await registry.history(it.session) for it in newest}


def _recent(histories: Histories) -> list[HistoryLine]:
    """The newest changes."""
    lines = [
        HistoryLine.of(session, record)
        for session, records in histories.items()
        for record in records
        if record.change is not Change.RENEWED  # its session stayed where it was
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:_LINES]


def lost(histories: Histories, *, since: datetime) -> set[str]:
    """The instances whose sessions others have taken over because they died.

    Args:
        histories: What became of sessions, newest first.
        since: What was taken over before is not told any more.
    """
    return {
        older.instance
        for records in histories.values()
        for newer, older in itertools.pairwise(records)
        if newer.reason == Cause.OWNER_GONE and newer.at >= since
        if older.instance != newer.instance
    }
