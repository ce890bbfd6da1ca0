"""The messenger: the chats of a session, and what was said in one of them."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from blazz import addresses
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.chats.requests import MessageOut
from blazz_server.dashboard.bubbles import bubbles, chat_line
from blazz_server.dashboard.pages.sessions import all_sessions
from blazz_server.dashboard.rendering import PageRoute, page, url
from blazz_server.database import utc_now
from blazz_server.errors import not_found
from blazz_server.platform import Platform

router = APIRouter(prefix="/workspaces/{workspace}", route_class=PageRoute)
Reader = Annotated[Principal, needs(Scope.MESSAGES_READ, Scope.SESSIONS_READ)]
_CHATS: Final = 200
_MESSAGES: Final = 40
_WINDOW: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OpenChat:
    """The chat that is shown.

    Attributes:
        id: Whom it is with, as the API names it.
        name: What they are called.
        about: What is said of them below the name.
    """

    id: str
    name: str
    about: str


@router.get("/chats")
async def begin(
    request: Request, workspace: str, caller: Reader, platform: ThePlatform
) -> Response:
    """Go to the chats of the first session that is ready."""
    sessions = await all_sessions(platform, workspace)
    chosen = next((it for it in sessions if it.state == "ready"), sessions[0] if sessions else None)
    if chosen is None:
        return await _page(request, platform, caller, session="", chat=None)
    return RedirectResponse(url("workspaces", workspace, "sessions", chosen.name, "chats"), 303)


@router.get("/sessions/{session}/chats")
async def index(
    request: Request, workspace: str, session: str, caller: Reader, platform: ThePlatform
) -> Response:
    """List the chats of a session."""
    await platform.hosting.records.get(workspace, session)
    return await _page(request, platform, caller, session=session, chat=None)


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
    await platform.hosting.records.get(workspace, session)
    name = str(addresses.parse(chat))
    if name != chat:
        return RedirectResponse(
            url("workspaces", workspace, "sessions", session, "chats", name), 303
        )
    return await _page(request, platform, caller, session=session, chat=chat)


async def _page(
    request: Request, platform: Platform, caller: Principal, *, session: str, chat: str | None
) -> Response:
    workspace = request.path_params["workspace"]
    sessions = await all_sessions(platform, workspace)
    shown = next((it for it in sessions if it.name == session), None)
    chats = await platform.chats.list_chats(workspace, session, limit=_CHATS) if shown else []
    opened, messages, older, can_write = None, [], None, True
    if shown is not None and chat is not None:
        line = await platform.chats.store.chat(workspace, session, chat)
        name = (line["name"] if line is not None else None) or chat
        opened = OpenChat(chat, name, chat if name != chat else shown.name)
        found = await platform.chats.history(
            workspace,
            session,
            chat,
            before=_place(request.query_params.get("before", "")),
            limit=_MESSAGES + 1,
        )
        older = _cursor(found[_MESSAGES - 1]) if len(found) > _MESSAGES else None
        files = f"/v1/workspaces/{workspace}/sessions/{session}/media"
        messages = bubbles(list(reversed(found[:_MESSAGES])), files=files, name=name)
        last = await platform.chats.store.last_received(workspace, session, chat)
        has_window = shown.kind != "web" and last is not None
        can_write = not (has_window and last is not None and utc_now() - last["at"] > _WINDOW)
    return await page(
        request,
        "chats.html",
        caller,
        here="chats",
        session=shown,
        sessions=sessions,
        chats=[chat_line(it) for it in chats],
        chat=opened,
        messages=messages,
        older=older,
        can_write=can_write,
    )


def _cursor(message: MessageOut) -> str:
    text = f"{message.at.isoformat()} {message.id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _place(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    try:
        at, _, name = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        return datetime.fromisoformat(at), name
    except (binascii.Error, ValueError) as error:
        raise not_found("page", cursor) from error
