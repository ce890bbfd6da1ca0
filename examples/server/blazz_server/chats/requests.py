"""What the routes of messages take and give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from blazz_server.chats.kinds import AnyMessage, TemplateMessage
from blazz_server.chats.stages import Stage

To = Annotated[
    str,
    Field(
        min_length=3,
        max_length=160,
        description="A phone number in any spelling, a user id, a LID (…@lid) or a group (…@g.us).",
        examples=["+62 812-3456-7890"],
    ),
]
MessageName = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f]+$")]


class NewMessage(BaseModel):
    """A message to send."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"to": "+6281234567890", "message": {"type": "text", "body": "Halo"}}]
        },
    )

    to: To
    message: AnyMessage
    reply_to: MessageName | None = Field(
        default=None, description="WhatsApp's id of the message that it quotes."
    )
    fallback: TemplateMessage | None = Field(
        default=None,
        description="The template that is sent in its place when the 24-hour window has closed.",
    )

    def digest(self, session: str) -> str:
        """What tells two requests apart: the same for equal requests."""
        text = f"{session}\n{self.model_dump_json()}".encode()
        return blake2b(text, digest_size=16).hexdigest()


class Accepted(BaseModel):
    """What became of a request to send."""

    id: str = Field(description="The server's id of the message.")
    status: str = Field(
        description="`accepted`: WhatsApp took it; `sending`: it waits for its turn."
    )
    message_id: str | None = Field(description="WhatsApp's id of the message.")
    to: str
    token: str = Field(description="What travels with it and comes back in its status updates.")
    held: bool = Field(default=False, description="WhatsApp holds it back for a quality check.")


class Problem(BaseModel):
    """Why a message failed, or what is doubtful about it."""

    model_config = ConfigDict(extra="ignore")

    code: str | int | None = None
    detail: str | None = None


class MessageOut(BaseModel):
    """One message of a chat, in or out."""

    id: str
    message_id: str | None = Field(description="WhatsApp's id; null while it is on its way out.")
    chat: str
    direction: str = Field(description="`in` or `out`.")
    kind: str = Field(examples=["text", "image", "button"])
    text: str | None
    content: dict[str, Any] = Field(description="What it holds, by its kind.")
    sender: str | None
    sender_name: str | None
    reply_to: str | None
    status: str = Field(examples=["accepted", "sent", "delivered", "read", "received", "unknown"])
    problem: Problem | None
    reactions: dict[str, str | list[str]] = Field(
        description="Who reacted with what; for a poll, who chose what."
    )
    token: str | None
    at: datetime
    edited_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> MessageOut:
        """Make it from a row of the table."""
        return cls(
            id=row["id"],
            message_id=row["message_id"],
            chat=row["chat"],
            direction="out" if row["outgoing"] else "in",
            kind=row["kind"],
            text=row["text"],
            content=row["content"],
            sender=row["sender"],
            sender_name=row["sender_name"],
            reply_to=row["reply_to"],
            status=Stage(row["stage"]).word,
            problem=None if row["problem"] is None else Problem.model_validate(row["problem"]),
            reactions=row["reactions"] or {},
            token=row["token"],
            at=row["at"],
            edited_at=row["edited_at"],
            revoked_at=row["revoked_at"],
        )


class ChatOut(BaseModel):
    """One chat of the list."""

    chat: str = Field(description="Whom it is with: a person or a group.")
    name: str | None
    last_at: datetime
    last_text: str | None
    last_kind: str | None
    last_direction: str
    unread: int
    archived: bool

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ChatOut:
        """Make it from a row of the table."""
        return cls(
            chat=row["chat"],
            name=row["name"],
            last_at=row["last_at"],
            last_text=row["last_text"],
            last_kind=row["last_kind"],
            last_direction="out" if row["last_outgoing"] else "in",
            unread=row["unread"],
            archived=row["archived"],
        )


class ContactOut(BaseModel):
    """One person that a session knows."""

    address: str
    name: str | None
    phone: str | None
    user_id: str | None
    lid: str | None
    username: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ContactOut:
        """Make it from a row of the table."""
        return cls(**{name: row[name] for name in cls.model_fields})
