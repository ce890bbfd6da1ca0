"""Pages of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from blazz.cluster.registry.base import Change, Record
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.dashboard.rendering import PageRoute, page
from blazz_server.dashboard.wording import words
from blazz_server.hosting.api.views import SessionOut, session_out
from blazz_server.paging import After, page_of
from blazz_server.platform import Platform

router = APIRouter(prefix="/workspaces/{workspace}/sessions", route_class=PageRoute)
_ROWS: Final = 48
_LINES: Final = 20
_WHY: Final = {
    "owner_gone": "its instance gave no sign of life",
    "drain": "its instance is being emptied",
    "balance": "for balance",
    "new": "its first start",
    "request": "on request",
}


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """A way to connect a session."""

    value: str
    label: str
    text: str


_SANDBOX: Final = ProviderChoice(
    "sandbox", "Sandbox", "A simulated number, to try things with; nothing leaves this machine."
)
_WEB: Final = ProviderChoice("web", "WhatsApp Web", "An account that is linked by QR code.")
_CLOUD: Final = ProviderChoice("cloud", "Cloud API", "A number of Meta's official API.")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that became of a session, in words."""

    id: str
    key: str
    at: datetime
    text: str
    tone: str

    @classmethod
    def of(cls, key: str, record: Record) -> HistoryLine:
        """Say it."""
        reason = _WHY.get(record.reason, words(record.reason).lower())
        if record.change is Change.RENEWED:  # names a key, as its owner wrote it
            reason = record.reason.replace("app_secret", "app secret").replace(
                "verify_t", "verify t"
            )
        why = f": {reason}" if reason else ""
        change = str(record.change)
        text, tone = {
            "assigned": (f"started on {record.instance}{why}", "good"),
            "released": (f"stopped on {record.instance}{why}", ""),
            "renewed": (f"got other credentials on {record.instance}{why}", ""),
        }.get(change, (f"{words(change).lower()} on {record.instance}{why}", "bad"))
        if record.reason == "not_linked":  # nothing broke: nobody has scanned its code yet
            text, tone = f"waits on {record.instance} to be linked", "doubt"
        name = f"{key}-{record.epoch}-{change}-{record.at.timestamp():.3f}"
        return cls(name, key, record.at, text, tone)


async def all_sessions(platform: Platform, workspace: str, *, after: str = "") -> list[SessionOut]:
    """The sessions of a workspace as the REST API shows them, and one more than a page has."""
    registry = platform.hosting.registry
    rows = await platform.hosting.records.page(workspace, after=after, limit=_ROWS + 1)
    assigned = await registry.find_all([row.key for row in rows])
    alive = {it.name for it in await registry.instances()}
    shown = []
    for row in rows:
        found = assigned.get(row.key)
        shown.append(session_out(row, found, alive=found is not None and found.instance in alive))
    return shown


async def one_session(platform: Platform, workspace: str, name: str) -> SessionOut:
    """One session as the REST API shows it.

    Raises:
        ApiError: There is none.
    """
    row = await platform.hosting.records.get(workspace, name)
    found = await platform.hosting.registry.find(row.key)
    alive = {it.name for it in await platform.hosting.registry.instances()}
    return session_out(row, found, alive=found is not None and found.instance in alive)


@router.get("")
async def index(
    request: Request,
    workspace: str,
    caller: Annotated[Principal, needs(Scope.SESSIONS_READ)],
    platform: ThePlatform,
    after: After = "",
) -> Response:
    """List the sessions of a workspace."""
    rows = await all_sessions(platform, workspace, after=after)
    found = page_of(rows, _ROWS, item=lambda row: row, cursor=lambda row: row.name)
    sandbox = [_SANDBOX] if platform.hosting.sandbox.url is not None else []
    return await page(
        request,
        "sessions.html",
        caller,
        here="sessions",
        sessions=found.items,
        next=found.next,
        providers=[*sandbox, _WEB, _CLOUD],
    )


@router.get("/{session}")
async def show(
    request: Request,
    workspace: str,
    session: str,
    caller: Annotated[Principal, needs(Scope.SESSIONS_READ)],
    platform: ThePlatform,
) -> Response:
    """Show a session: where it stands, and the code to link it with."""
    registry = platform.hosting.registry
    shown, key = await one_session(platform, workspace, session), f"{workspace}/{session}"
    records = sorted(await registry.history(key), key=lambda it: it.at, reverse=True)
    return await page(
        request,
        "session.html",
        caller,
        here="sessions",
        session=shown,
        history=[HistoryLine.of(key, it) for it in records[:_LINES]],
        instances=[it.name for it in await registry.instances()],
        simulated=shown.kind == "sandbox" or bool(shown.config.get("simulated")),
    )
