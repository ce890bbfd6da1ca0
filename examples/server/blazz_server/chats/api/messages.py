"""Messages: send, look up, edit, delete for everyone, mark as read, react."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from blazz.messages import Reaction
from blazz.session import Session
from blazz_server.accounts.access import Principal, Scope, ThePlatform, needs
from blazz_server.chats.contents import clean
from blazz_server.chats.happenings import Altered
from blazz_server.chats.recording import revoked
from blazz_server.chats.requests import Accepted, MessageOut, NewMessage
from blazz_server.chats.sending import reacted
from blazz_server.database import utc_now
from blazz_server.errors import ApiError, not_found
from blazz_server.hosting.routing import HostedSession, OwnedRoute
from blazz_server.platform import Platform

router = APIRouter(
    prefix="/v1/workspaces/{workspace}/sessions/{session}",
    tags=["messages"],
    route_class=OwnedRoute,
)
Name = Annotated[
    str,
    Path(
        max_length=256,
        pattern=r"^[^\x00-\x1f]+$",
        description="The server's id, or WhatsApp's.",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Equal requests with one key send one message, for 24 hours.",
    ),
]
Sender = Annotated[Principal, needs(Scope.MESSAGES_SEND)]
Reader = Annotated[Principal, needs(Scope.MESSAGES_READ)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Edit(_Body):
    """How a message reads from now on."""

    text: str = Field(min_length=1, max_length=4096)


class Emoji(_Body):
    """A reaction."""

    emoji: str = Field(min_length=1, max_length=30, examples=["👍"])


class MarkRead(_Body):
    """How to mark a message as read."""

    typing: bool = Field(default=False, description="Also show that an answer is being typed.")


@router.post(
    "/messages",
    status_code=HTTPStatus.CREATED,
    response_model=Accepted,
    responses={
        202: {"model": Accepted, "description": "It waits for its turn; ask for it by its id."},
        409: {"description": "It is being sent right now, or WhatsApp refused it."},
        504: {"description": "It cannot be known whether it was sent; `token` will tell."},
    },
)
async def send(
    caller: Sender,
    hosted: HostedSession,
    platform: ThePlatform,
    new: NewMessage,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send a message. With an `Idempotency-Key` it is never sent twice."""
    answer = await platform.chats.sending.send(hosted, new, key=idempotency_key)
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return Response(answer.accepted.model_dump_json(), answer.status, headers, "application/json")


@router.get("/messages/{name}")
async def get(
    caller: Reader, workspace: str, session: str, platform: ThePlatform, name: Name
) -> MessageOut:
    """Look a message up."""
    await platform.hosting.records.get(workspace, session)
    found = await platform.chats.message(workspace, session, name)
    if found is None:
        raise not_found("message", name)
    return found


@router.patch("/messages/{name}")
async def edit(
    caller: Sender, hosted: HostedSession, platform: ThePlatform, name: Name, body: Edit
) -> MessageOut:
    """Change the text of a message that was sent, where the provider can."""
    message_id = await _sent(platform, hosted, name)
    await hosted.edit(message_id, body.text)
    text = clean(body.text)
    content = {"type": "text", "body": text}
    values = {"text": text, "content": content, "kind": "text", "edited_at": utc_now()}
    await platform.chats.writer.write(
        Altered(hosted.workspace, hosted.name, message_id, values=values)
    )
    return MessageOut.of(await _found(platform, hosted.workspace, hosted.name, name))


@router.delete("/messages/{name}", status_code=HTTPStatus.NO_CONTENT)
async def revoke(caller: Sender, hosted: HostedSession, platform: ThePlatform, name: Name) -> None:
    """Delete a message that was sent, for everyone, where the provider can."""
    message_id = await _sent(platform, hosted, name)
    await hosted.revoke(message_id)
    await platform.chats.writer.write(revoked(hosted, message_id))


@router.post("/messages/{name}/read", status_code=HTTPStatus.NO_CONTENT)
async def mark_read(
    caller: Sender,
    hosted: HostedSession,
    platform: ThePlatform,
    name: Name,
    body: MarkRead | None = None,
) -> None:
    """Show a received message as read, and with `typing` also that an answer comes."""
    row = await _found(platform, hosted.workspace, hosted.name, name)
    await hosted.mark_read(_message_id(row), typing=body is not None and body.typing)


@router.put("/messages/{name}/reaction", status_code=HTTPStatus.NO_CONTENT)
async def react(
    caller: Sender, hosted: HostedSession, platform: ThePlatform, name: Name, body: Emoji
) -> None:
    """React to a message; again with another emoji changes the reaction."""
    await _react(platform, hosted, name, body.emoji)


@router.delete("/messages/{name}/reaction", status_code=HTTPStatus.NO_CONTENT)
async def unreact(caller: Sender, hosted: HostedSession, platform: ThePlatform, name: Name) -> None:
    """Take a reaction back."""
    await _react(platform, hosted, name, "")


async def _react(platform: Platform, session: Session, name: str, emoji: str) -> None:
    row = await _found(platform, session.workspace, session.name, name)
    reaction = Reaction(_message_id(row), emoji)
    await session.send(row["chat"], reaction)
    await platform.chats.writer.write(reacted(session, reaction))


async def _found(platform: Platform, workspace: str, session: str, name: str) -> Any:  # noqa: ANN401
    row = await platform.chats.store.message(workspace, session, name)
    if row is None:
        raise not_found("message", name)
    return row


async def _sent(platform: Platform, session: Session, name: str) -> str:
    row = await _found(platform, session.workspace, session.name, name)
    if not row["outgoing"]:
        raise ApiError(409, "not_ours", "only messages that were sent can be changed")
    return _message_id(row)


def _message_id(row: Any) -> str:  # noqa: ANN401
    if row["message_id"] is None:
        raise ApiError(409, "not_sent_yet", "WhatsApp has not taken this message yet")
    return str(row["message_id"])
