"""The tables of messages, chats, people and files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from blazz_server.database import Table, utc_now


class Message(Table):
    """One message, in or out.

    An outgoing one is written before it leaves, so that a crash in the middle is seen later. The
    row is the memory of its idempotency key, too: whoever inserts it may send, nobody else.

    Attributes:
        at: When it was sent, by the second: WhatsApp tells no more.
        arrival: Grows with every message that is written; tells the order within a second.
        stage: How far it got, see `Stage`.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_history", "workspace", "session", "chat", "at", "arrival", "id"),
        Index("ix_messages_message_id", "workspace", "session", "message_id"),
        Index("ix_messages_media_id", "workspace", "session", "media_id"),
        Index("uq_messages_idempotency_key", "workspace", "idempotency_key", unique=True),
        Index("ix_messages_stage", "stage", "at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    workspace: Mapped[str] = mapped_column(String(63))
    session: Mapped[str] = mapped_column(String(63))
    chat: Mapped[str] = mapped_column(String(160))
    at: Mapped[datetime]
    arrival: Mapped[int] = mapped_column(BigInteger, server_default="0")
    outgoing: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(32))
    text: Mapped[str | None] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    sender: Mapped[str | None] = mapped_column(String(160))
    sender_name: Mapped[str | None] = mapped_column(Text)
    reply_to: Mapped[str | None] = mapped_column(String(256))
    message_id: Mapped[str | None] = mapped_column(String(256))
    media_id: Mapped[str | None] = mapped_column(String(256))
    token: Mapped[str | None] = mapped_column(String(256), index=True)
    stage: Mapped[int] = mapped_column(SmallInteger)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reactions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    edited_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    # Who is sending it, and which request asked for it.
    sender_process: Mapped[str | None] = mapped_column(String(64))
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    request_hash: Mapped[str | None] = mapped_column(String(64))
    requested_at: Mapped[datetime | None] = mapped_column(index=True)


class Chat(Table):
    """One chat of a session, as the list of chats shows it."""

    __tablename__ = "chats"
    __table_args__ = (Index("ix_chats_list", "workspace", "session", "last_at", "chat"),)

    workspace: Mapped[str] = mapped_column(String(63), primary_key=True)
    session: Mapped[str] = mapped_column(String(63), primary_key=True)
    chat: Mapped[str] = mapped_column(String(160), primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    last_at: Mapped[datetime]
    last_text: Mapped[str | None] = mapped_column(Text)
    last_kind: Mapped[str | None] = mapped_column(String(32))
    last_outgoing: Mapped[bool]
    unread: Mapped[int] = mapped_column(default=0)
    archived: Mapped[bool] = mapped_column(default=False)


class Contact(Table):
    """A person that a session knows."""

    __tablename__ = "contacts"

    workspace: Mapped[str] = mapped_column(String(63), primary_key=True)
    session: Mapped[str] = mapped_column(String(63), primary_key=True)
    address: Mapped[str] = mapped_column(String(160), primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(20))
    user_id: Mapped[str | None] = mapped_column(String(160))
    lid: Mapped[str | None] = mapped_column(String(40))
    username: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class MediaFile(Table):
    """A file that was uploaded: whose it is, and what this server has of it.

    Attributes:
        pieces: How many pieces its content has; None: its provider keeps it.
        content: Its content, if a former version kept it: they did in one piece.
    """

    __tablename__ = "media"

    workspace: Mapped[str] = mapped_column(String(63), primary_key=True)
    session: Mapped[str] = mapped_column(String(63), primary_key=True)
    id: Mapped[str] = mapped_column(String(256), primary_key=True)
    mime_type: Mapped[str] = mapped_column(String(255))
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)
    pieces: Mapped[int | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class MediaPiece(Table):
    """A piece of a file that no provider keeps; all of them are there before the file is."""

    __tablename__ = "media_pieces"

    workspace: Mapped[str] = mapped_column(String(63), primary_key=True)
    session: Mapped[str] = mapped_column(String(63), primary_key=True)
    media: Mapped[str] = mapped_column(String(256), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)
