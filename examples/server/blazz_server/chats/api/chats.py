"""Chats: the list, what was said, mark as read, show typing, archive, read them from the phone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict

from blazz import addresses
from blazz.providers.base import Capability
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.chats.happenings import Opened
from blazz_server.chats.places import Place
from blazz_server.chats.requests import ChatOut, MessageOut
from blazz_server.chats.syncing import sync_chats, sync_history
from blazz_server.errors import ApiError, not_found
from blazz_server.hosting.routing import HostedSession, OwnedRoute
from blazz_server.paging import After, Limit, Page, page_of

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}", tags=["chats"], route_class=OwnedRoute
)
ChatName = Annotated[
    str,
    Path(
        min_length=3,
        max_length=160,
        description="Whom it is with: a number, a user id, a LID (…@lid) or a group (…@g.us).",
        examples=["+6281234567890"],
    ),
]
Reader = Annotated[Principal, needs(Scope.MESSAGES_READ)]
Sender = Annotated[Principal, needs(Scope.MESSAGES_SEND)]


class Synced(BaseModel):
    """How much was read from the phone."""

    read: int


class Archive(BaseModel):
    """Whether a chat is put away."""

    model_config = ConfigDict(extra="forbid")

    archived: bool


@router.get("/chats")
async def list_chats(
    caller: Reader,
    workspace: str,
    session: str,
    platform: ThePlatform,
    *,
    limit: Limit = 50,
    after: After = "",
    archived: bool | None = None,
) -> Page[ChatOut]:
    """The chats of a session, the newest first."""
    await platform.hosting.records.get(workspace, session)
    rows = await platform.chats.store.chats(
        workspace, session, before=Place.read(after), limit=limit + 1, archived=archived
    )
    return page_of(
        rows, limit, item=ChatOut.of, cursor=lambda it: Place(it["last_at"], it["chat"]).cursor
    )


@router.post("/chats/sync")
async def sync(caller: Reader, hosted: HostedSession, platform: ThePlatform) -> Synced:
    """Read the chats and people that the phone knows, where the provider can."""
    return Synced(read=await sync_chats(hosted, platform.chats.writer))


@router.get("/chats/{chat:path}/messages")
async def history(
    caller: Reader,
    workspace: str,
    session: str,
    platform: ThePlatform,
    *,
    chat: ChatName,
    limit: Limit = 50,
    after: After = "",
) -> Page[MessageOut]:
    """What was said in a chat, the newest first; of the messages that this server saw."""
    await platform.hosting.records.get(workspace, session)
    return await platform.chats.history(workspace, session, _named(chat), after=after, limit=limit)


@router.post("/chats/{chat:path}/sync")
async def sync_one(
    caller: Reader,
    hosted: HostedSession,
    platform: ThePlatform,
    chat: ChatName,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Synced:
    """Read the history of a chat from the phone, where the provider can."""
    address = hosted.address(chat)
    return Synced(read=await sync_history(hosted, platform.chats.writer, address, limit=limit))


@router.post("/chats/{chat:path}/read", status_code=HTTPStatus.NO_CONTENT)
async def mark_read(
    caller: Sender, hosted: HostedSession, platform: ThePlatform, chat: ChatName
) -> None:
    """Show everything in a chat as read."""
    name = str(hosted.address(chat))
    row = await platform.chats.store.last_received(hosted.workspace, hosted.name, name)
    if row is not None and row["message_id"] is not None:
        await hosted.mark_read(row["message_id"])
    await platform.chats.writer.write(Opened(hosted.workspace, hosted.name, name))


@router.post("/chats/{chat:path}/typing", status_code=HTTPStatus.NO_CONTENT)
async def typing(
    caller: Sender, hosted: HostedSession, platform: ThePlatform, chat: ChatName
) -> None:
    """Show that an answer is being typed.

    The Cloud API can only do it together with marking the last message as read.
    """
    address = hosted.address(chat)
    if hosted.can(Capability.PRESENCE):
        await hosted.show_typing(address)
        return
    row = await platform.chats.store.last_received(hosted.workspace, hosted.name, str(address))
    if row is None or row["message_id"] is None:
        raise ApiError(409, "nothing_to_answer", "nobody has written in this chat yet")
    await hosted.mark_read(row["message_id"], typing=True)
    await platform.chats.writer.write(Opened(hosted.workspace, hosted.name, str(address)))


@router.put("/chats/{chat:path}/archived", status_code=HTTPStatus.NO_CONTENT)
async def archive(
    caller: Sender,
    hosted: HostedSession,
    platform: ThePlatform,
    chat: ChatName,
    body: Archive,
) -> None:
    """Put a chat away, or take it out again; on the phone, too, where the provider can."""
    name = str(hosted.address(chat))
    if await platform.chats.store.chat(hosted.workspace, hosted.name, name) is None:
        raise not_found("chat", chat)
    if hosted.can(Capability.CHATS):
        provider: Any = hosted.provider
        await provider.chats.archive(name, archived=body.archived)
    await platform.chats.writer.write(
        Opened(hosted.workspace, hosted.name, name, values={"archived": body.archived})
    )


def _named(chat: str) -> str:
    return str(addresses.parse(chat))
