"""The messenger: the chats of a session, and what was said in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from blazz import addresses
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.dashboard.bubbles import Bubble, bubbles, chat_line
from blazz_server.dashboard.pages.sessions import all_sessions, one_session
from blazz_server.dashboard.rendering import PageRoute, page, url
from blazz_server.database import utc_now
from blazz_server.hosting.api.views import SessionOut
from blazz_server.platform import Platform

router = APIRouter(prefix="/workspaces/{workspace}", route_class=PageRoute)
Reader = Annotated[Principal, needs(Scope.MESSAGES_READ, Scope.SESSIONS_READ)]
_CHATS: Final = 200
_MESSAGES: Final = 40
_WINDOW: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChat:
    """The chat that is shown.

    Attributes:
        id: Whom it is with, as the API names it.
        name: What they are called.
        about: What is said of them below the name.
        messages: What was said, the oldest first.
        older: Where to go on with what was said before; None: that is all.
        can_write: Whether they wrote within 24 hours, where that matters.
    """

    id: str
    name: str
    about: str
    messages: list[Bubble]
    older: str | None
    can_write: bool


@router.get("/chats")
async def begin(
    request: Request, workspace: str, caller: Reader, platform: ThePlatform
) -> Response:
    """Go to the chats of the first session that is ready."""
    sessions = await all_sessions(platform, workspace)
    chosen = next((it for it in sessions if it.state == "ready"), sessions[0] if sessions else None)
    if chosen is None:
        return await _page(request, platform, caller, session=None, chat=None)
    return RedirectResponse(url("workspaces", workspace, "sessions", chosen.name, "chats"), 303)


@router.get("/sessions/{session}/chats")
async def index(
    request: Request, workspace: str, session: str, caller: Reader, platform: ThePlatform
) -> Response:
    """List the chats of a session."""
    shown = await one_session(platform, workspace, session)
    return await _page(request, platform, caller, session=shown, chat=None)


@router.get("/sessions/{session}/chats/{chat}")
async def show(
    workspace: str,
    session: str,
    chat: str,
    *,
    request: Request,
    caller: Reader,
    platform: ThePlatform,
) -> Response:
    """Show what was said in a chat; one that nobody has written in can be begun."""
    shown = await one_session(platform, workspace, session)
    name = str(addresses.parse(chat))
    if name != chat:
        return RedirectResponse(
            url("workspaces", workspace, "sessions", session, "chats", name), 303
        )
    before = request.query_params.get("before", "")
    if request.query_params.get("part") == "list":  # of the chat it only says that it is open
        opened = OpenChat(id=chat, name=chat, about="", messages=[], older=None, can_write=True)
    else:
        opened = await _opened(platform, workspace, shown, chat, before=before)
    return await _page(request, platform, caller, session=shown, chat=opened)


async def _page(
    request: Request,
    platform: Platform,
    caller: Principal,
    *,
    session: SessionOut | None,
    chat: OpenChat | None,
) -> Response:
    workspace = request.path_params["workspace"]
    if request.query_params.get("part") == "messages":  # with each live event of an open chat
        return await page(request, "chats.html", caller, session=session, chat=chat)
    sessions = await all_sessions(platform, workspace)
    if session is not None and session.name not in {it.name for it in sessions}:
        sessions.append(session)  # there are more than the choice has room for
    name = "" if session is None else session.name
    chats = await platform.chats.list_chats(workspace, name, limit=_CHATS)
    return await page(
        request,
        "chats.html",
        caller,
        here="chats",
        session=session,
        sessions=sessions,
        chats=[chat_line(it) for it in chats],
        chat=chat,
    )


async def _opened(
    platform: Platform,
    workspace: str,
    session: SessionOut,
    chat: str,
    *,
    before: str,
) -> OpenChat:
    """Read a chat, or what was said in it before a place."""
    known = platform.chats
    line = await known.store.chat(workspace, session.name, chat)
    name = (line["name"] if line is not None else None) or chat
    found = await known.history(workspace, session.name, chat, after=before, limit=_MESSAGES)
    files = f"/v1/workspaces/{workspace}/sessions/{session.name}/media"
    last = await known.store.last_received(workspace, session.name, chat)
    has_window = session.kind != "web" and last is not None
    return OpenChat(
        id=chat,
        name=name,
        about=chat if name != chat else session.name,
        messages=bubbles(list(reversed(found.items)), files=files, name=name),
        older=found.next,
        can_write=not has_window or last is None or utc_now() - last["at"] <= _WINDOW,
    )
