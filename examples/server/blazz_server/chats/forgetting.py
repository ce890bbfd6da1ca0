"""Deletes what is known of a session's chats, when the session is deleted."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CursorResult, delete, select

from blazz_server.chats.tables import Chat, Contact, MediaFile, MediaPiece, Message
from blazz_server.database import Database

_AT_ONCE: Final = 5_000


async def forget_session(database: Database, workspace: str, session: str) -> None:
    """Delete messages, chats, people and files of a session; one of its name begins anew.

    Messages go a few thousand at a time: others write meanwhile.
    """
    some = (
        select(Message.id)
        .where(Message.workspace == workspace, Message.session == session)
        .limit(_AT_ONCE)
    )
    more = True
    while more:
        async with database.begin() as transaction:
            deleted = await transaction.execute(delete(Message).where(Message.id.in_(some)))
            more = isinstance(deleted, CursorResult) and deleted.rowcount == _AT_ONCE
    async with database.begin() as transaction:
        for table in (Chat, Contact, MediaFile, MediaPiece):
            await transaction.execute(
                delete(table).where(table.workspace == workspace, table.session == session)
            )
